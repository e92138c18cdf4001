"""The stages on a Dask cluster: a scheduler and two workers, each a process of its own."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from solarflare.core import cluster as dask
from solarflare.core import params, processor
from solarflare.core.errors import InputError
from solarflare.core.identity import identity
from solarflare.core.workers import worker_pool
from tests import parameters
from tests.clusters import cluster
from tests.networks.test_cross_fit_training import prepared
from tests.networks.test_training import workspace
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


def ensembles(folder: Path) -> Path:
    """Make a folder in which two networks of each of two folds can be trained."""
    content = yaml.safe_load((workspace(folder, folds=2) / "params.yaml").read_text())
    content["train_disk"]["ensemble"] = 2
    (folder / "params.yaml").write_text(yaml.safe_dump(content))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("prepare", [ensembles, prepared], ids=["ensembles of two folds", "cross-fitting"])
def test_networks_that_are_trained_on_a_cluster_have_the_same_bytes(
    prepare: Callable[[Path], Path], tmp_path: Path
) -> None:
    here, there = (Project(prepare(tmp_path / name)) for name in ("here", "there"))
    assert here.run("train_disk").returncode == 0
    with cluster(there.folder) as workers:
        content = yaml.safe_load((there.folder / "params.yaml").read_text())
        content["compute"]["scheduler"] = workers.address
        there.choose(content)
        done = there.run("train_disk")
        assert done.returncode == 0, done.stderr
    assert outputs(there) == outputs(here)


@pytest.mark.slow
def test_work_that_ends_its_workers_is_one_sentence(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=1) as workers, worker_pool(workers.address) as pool:
        assert list(pool.map(abs, [-1, 2])) == [1, 2]
        with pytest.raises(InputError, match="the Dask cluster lost work"):
            list(pool.map(os._exit, [1]))


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
    dask.check_worker(identity())
    with pytest.raises(InputError, match="has other code or other packages"):
        dask.check_worker("another")
    monkeypatch.setattr(processor, "pinned_late", True)
    with pytest.raises(InputError, match="start one with `solarflare worker ADDRESS`"):
        dask.check_worker(identity())
