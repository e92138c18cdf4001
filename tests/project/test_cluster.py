"""The stages on a Dask cluster: a scheduler and two workers, each a process of its own."""

import sys
from pathlib import Path
from typing import Any

import pytest

from solarflare.core import cluster as dask
from solarflare.core import params, processor
from solarflare.core.errors import InputError
from solarflare.core.workers import worker_pool
from tests import parameters
from tests.clusters import cluster
from tests.project.test_pipeline import TINY
from tests.projects import Project

DATA_STAGES = ("scrape", "label", "split", "crop", "audit")


def tiny(scheduler: str) -> dict[str, Any]:
    """Return the parameters of a tiny Sun."""
    content = params.read_yaml(parameters.FIXED)
    for key, changes in TINY.items():
        group = content
        for name in key.split("."):
            group = group[name]
        group.update(changes)
    content["compute"]["scheduler"] = scheduler
    return content


def outputs(project: Project) -> dict[str, bytes]:
    """Return what the stages wrote."""
    files = (path for name in ("data", "metrics", "models") for path in (project.folder / name).rglob("*"))
    return {path.relative_to(project.folder).as_posix(): path.read_bytes() for path in files if path.is_file()}


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_writes_the_same_bytes(tmp_path: Path) -> None:
    here = Project.make(tmp_path / "here", tiny("processes"))
    for stage in DATA_STAGES:
        assert here.run(stage).returncode == 0
    there = Project.make(tmp_path / "there", tiny("processes"))
    with cluster(there.folder) as workers:
        there.choose(tiny(workers.address))
        logged = there.watch(there.command("scrape"), lambda line: line.startswith("images made"), workers.kill)
        assert f"Dask: 2 workers at {workers.address}, dashboard http://" in logged
        for stage in DATA_STAGES[1:]:
            done = there.run(stage)
            assert done.returncode == 0, done.stderr
    assert outputs(there) == outputs(here)


def test_without_a_scheduler_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "WAIT", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers there"), worker_pool("tcp://127.0.0.1:1"):
        pass


def test_without_dask_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="Dask is not installed"), worker_pool("tcp://127.0.0.1:1"):
        pass


def test_a_worker_that_might_compute_other_bytes_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "pinned_late", False)
    dask.check_worker(dask.identity())
    with pytest.raises(InputError, match="has other code or other packages"):
        dask.check_worker("another")
    monkeypatch.setattr(processor, "pinned_late", True)
    with pytest.raises(InputError, match="start one with `solarflare worker ADDRESS`"):
        dask.check_worker(dask.identity())
