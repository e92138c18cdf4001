"""A project that is moved, renamed, copied, or opened as a worktree of Git serves its registered model from there."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.mlflow_ui import server
from tests.project.test_cli import assert_refused, solarflare
from tests.projects import ROOT
from tests.repositories import shell
from tests.tracking.test_serving import CHAMPION, Images, ask, make_champion

pytestmark = pytest.mark.slow  # TensorFlow is loaded in other processes

RELATIVE = "sqlite:///mlflow.db"  # as docs/mlflow.md says


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Images]:
    """A project whose network is the champion, and images that it knows. It is not where it was trained."""
    folder = tmp_path_factory.mktemp("trained") / "project"
    folder.mkdir()
    images = make_champion(folder)
    return folder.rename(folder.with_name("packed")), images


@pytest.fixture
def project(trained: tuple[Path, Images], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That project at a place of its own, with a store that knows the place."""
    folder = shutil.copytree(trained[0], tmp_path / "project")
    monkeypatch.chdir(folder)
    # The model's code is this package, wherever the server runs.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert solarflare("store").returncode == 0
    return folder


def answers(folder: Path, images: Images) -> list[float]:
    """Return what the champion, served from a folder, answers for images."""
    with server(*CHAMPION, folder=folder, ready="ping") as address:
        status, answer = ask(address, json.dumps({"inputs": images.tolist()}))
    assert status == 200, answer
    return list(answer["predictions"])


def expected(images: Images) -> list[float]:
    """Return the probabilities of the network in this folder."""
    from solarflare.networks import saved_model

    return list(saved_model.probabilities(Path("models/disk"), images))


def move(project: Path, place: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    project.rename(place)


def copy(project: Path, place: Path) -> None:
    shutil.copytree(project, place)
    shutil.rmtree(project)  # so that nothing of it can be read


@pytest.mark.parametrize(
    ("change", "name"),
    [(move, "elsewhere/project"), (move, "renamed"), (move, "50% sun"), (copy, "copy")],
    ids=["moved", "renamed", "renamed to 50% sun", "copied"],
)
def test_the_champion_is_served_from_the_new_place(
    project: Path,
    trained: tuple[Path, Images],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, Path], None],
    name: str,
) -> None:
    place, images = project.parent / name, trained[1]
    change(project, place)
    monkeypatch.chdir(place)
    assert solarflare("store").returncode == 0
    monkeypatch.setenv("MLFLOW_TRACKING_URI", RELATIVE)
    np.testing.assert_allclose(answers(place, images), expected(images))


def test_a_copy_leaves_the_store_of_its_original_alone(project: Path, tmp_path: Path) -> None:
    place = shutil.copytree(project, tmp_path / "copy")
    before = (project / "mlflow.db").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert solarflare("store").returncode == 0
    assert (project / "mlflow.db").read_bytes() == before
    assert str(project).encode() + b"/mlartifacts" not in (place / "mlflow.db").read_bytes()


def test_a_worktree_serves_the_champion_of_the_store_that_is_named(
    project: Path, trained: tuple[Path, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell("git", "worktree", "add", "-q", "../worktree")
    place, images = project.parent / "worktree", trained[1]
    probabilities, before = expected(images), (project / "mlflow.db").read_bytes()
    monkeypatch.chdir(place)
    said = "there is no MLflow store for champion; run `make`, set MLFLOW_TRACKING_URI, or name a folder"
    assert_refused(solarflare("predict", "--models", "champion", str(ROOT / "docs/images")), said)
    assert not (place / "mlflow.db").exists()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
    np.testing.assert_allclose(answers(place, images), probabilities)
    # A store of the worktree's own does not touch the other one.
    assert solarflare("store").returncode == 0
    assert (place / "mlflow.db").is_file()
    assert (project / "mlflow.db").read_bytes() == before
