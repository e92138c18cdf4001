"""The shipped networks behind ``mlflow models serve``: images in, answers as of ``solarflare predict --json`` out."""

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.predict import answer_text, pretrained
from solarflare.predict.images import find_images
from solarflare.predict.predictor import Predictor
from solarflare.tracking.mlflow import served_model
from solarflare.tracking.mlflow.served_model import CONTENT, NAME

MOST_IMAGES = 32  # of a request
MOST_BYTES = 50_000_000  # of an image, as `scrape.live.manners.max_bytes`


class ServedNetworks:
    """The networks of a folder of ``pretrained/``, as MLflow calls them."""

    def __init__(self, folder: Path) -> None:
        # Without a list of reports, regions are found in the image.
        self._predictor = Predictor(pretrained.load(folder), lambda time: None)
        self._one_at_a_time = threading.Lock()  # the server asks from several threads, and LiteRT answers one

    def predict(self, images: pd.DataFrame, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return an answer for each image. MLflow passes `params`, but this model has none.

        Parameters
        ----------
        images : DataFrame
            ``name``: the file's own name, which tells instrument and time. ``content``: the file's bytes.

        Raises
        ------
        MlflowException
            If there is no image, if there are too many, or if one gets no answer. The server answers 400 then.
        """
        if not 0 < len(images) <= MOST_IMAGES:
            raise served_model.refusal(f"{len(images):,} images were sent; send from 1 to {MOST_IMAGES} at once")
        return [self._answer(name, content) for name, content in zip(images[NAME], images[CONTENT], strict=True)]

    def _answer(self, name: str, content: bytes) -> dict[str, Any]:
        if len(content) > MOST_BYTES:
            raise served_model.refusal(f"{name}: it has more than {MOST_BYTES:,} bytes")
        file_name = Path(os.path.normpath(f"/{name}")).name or "image"  # never outside of the folder below
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file_name
            try:
                path.write_bytes(content)
                (image,) = find_images([path])
                with self._one_at_a_time:
                    answer = self._predictor(image)
            except (InputError, ValueError) as error:
                raise served_model.refusal(f"{file_name}: {error}") from None
            except OSError as error:
                raise served_model.refusal(f"{file_name}: {error.strerror}") from None
            except ImportError:
                raise served_model.refusal(f"{file_name}: this server reads JPEG and PNG; send one of these") from None
        if answer.refusal:
            raise served_model.refusal(f"{file_name}: {answer.refusal}")
        return {**answer_text.content(answer, self._predictor.networks), "path": file_name}


def _load_pyfunc(path: str) -> ServedNetworks:
    """Load the model. MLflow calls this function by its name."""
    with served_model.errors():
        return ServedNetworks(Path(path))


def export(instrument: str, folder: Path) -> list[Task]:
    """Save the shipped networks of an instrument as a model of MLflow, and return their tasks.

    Raises an InputError if none are shipped for the instrument, or if they are damaged.
    """
    if instrument not in pretrained.instruments():
        raise InputError(
            f"no network is shipped for {instrument}; there are some for {', '.join(pretrained.instruments())}"
        )
    networks = pretrained.load(pretrained.FOLDER / instrument)
    served_model.save(folder, pretrained.FOLDER / instrument, __name__)
    return list(networks)
