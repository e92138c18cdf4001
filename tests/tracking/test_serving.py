"""The registered model behind ``mlflow models serve``, as somebody elsewhere asks it."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import numpy.typing as npt
import pytest

from solarflare.core.tasks import Task
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
from solarflare.tracking.mlflow.model import MAX_IMAGES
from tests.mlflow_ui import server
from tests.tracking.test_tracking import make_project, train

pytestmark = pytest.mark.slow  # TensorFlow is loaded in another process

Images = npt.NDArray[np.uint8]
CHAMPION = ("mlflow", "models", "serve", "--model-uri", "models:/disk-activity@champion", "--env-manager", "local")


def make_champion(folder: Path) -> Images:
    """Make a project in an empty folder whose network is the champion, and return images that it knows."""
    make_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.chdir(folder)
        images = train()
        log_evaluation(Task.DISK)
    return images


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Images]]:
    """The address of the champion, and images that its network knows."""
    folder = tmp_path_factory.mktemp("served")
    images = make_champion(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        # The model's code is this package, wherever the server runs.
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        with server(*CHAMPION, folder=folder, ready="ping") as address:
            yield address, images


def ask(address: str, content: str, kind: str = "application/json") -> tuple[int, Any]:
    """Return the status and the answer to a request."""
    request = urllib.request.Request(f"{address}/invocations", content.encode(), {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, error.read().decode()


def test_images_are_answered_with_a_probability_each(served: tuple[str, Images]) -> None:
    address, images = served
    status, answer = ask(address, json.dumps({"inputs": images.tolist()}))
    assert status == 200
    assert np.shape(answer["predictions"]) == (2,)
    assert all(0 < probability < 1 for probability in answer["predictions"])


@pytest.mark.parametrize(
    ("nonsense", "said"),
    [
        (lambda images: (images / 255).tolist(), "that of what the network learned from"),
        (lambda images: np.full_like(images, 255).tolist(), "that of what the network learned from"),
        (lambda images: np.full_like(images, 128).tolist(), "that of what the network learned from"),
        (lambda images: (images * np.nan).tolist(), "NaN"),
        (lambda images: (images + 300.0).tolist(), "out of bounds for uint8"),
        (lambda images: images[0].tolist(), "does not match expected shape (-1, 32, 32, 1)"),
        (lambda images: images[:, ::2].tolist(), "does not match expected shape (-1, 32, 32, 1)"),
        (lambda images: np.repeat(images, MAX_IMAGES, axis=0).tolist(), f"send from 1 to {MAX_IMAGES:,} at once"),
        (lambda _: [], "Failed to enforce schema"),
        (lambda _: None, "INVALID_PARAMETER_VALUE"),
        (lambda _: "the Sun", "Failed to convert data"),
    ],
    ids=["0 to 1", "white", "grey", "nan", "beyond 255", "no batch", "shape", "too many", "empty", "null", "text"],
)
def test_what_is_no_image_is_refused(served: tuple[str, Images], nonsense: Any, said: str) -> None:
    address, images = served
    status, answer = ask(address, json.dumps({"inputs": nonsense(images)}))
    assert (status, said in answer) == (400, True), answer


def test_what_is_no_json_is_refused(served: tuple[str, Images]) -> None:
    address, _ = served
    assert ask(address, "the Sun")[0] == 400
    assert ask(address, "the Sun", "image/png")[0] == 415
