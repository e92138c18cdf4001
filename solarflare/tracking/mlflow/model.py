"""The network as a model of MLflow. It takes crops, returns calibrated probabilities, and refuses other images."""

import importlib.metadata
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from solarflare.core.tasks import Task
from solarflare.networks import description, input_range
from solarflare.tracking.mlflow import served_model
from solarflare.tracking.mlflow.experiments import MODELS

MAX_IMAGES = 1000  # most images in a request, so that a server does not run out of memory


class CalibratedNetwork:
    """The model that MLflow loads from the folder that ``train_<task>`` wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def predict(self, images: npt.NDArray[np.uint8], params: dict[str, Any] | None = None) -> npt.NDArray[np.float64]:
        """Return the probabilities of label 1, (N,). The images, (N, H, W, C), are crops as the crop stage cuts them.

        MLflow checks the images against the model's signature first. It passes `params`, but this model has none.
        Raises MlflowException if there is no image, if there are too many, or if one is outside of the network's input
        ranges, such as one with pixels from 0 to 1. For this error ``mlflow models serve`` answers 400.
        """
        from mlflow import MlflowException

        from solarflare.networks import saved_model

        if reason := self._refusal(images):
            raise MlflowException.invalid_parameter_value(reason)
        return saved_model.probabilities(self.folder, images)

    def _refusal(self, images: npt.NDArray[np.uint8]) -> str | None:
        """Return why the images get no answer, or None if they get one."""
        if not 0 < len(images) <= MAX_IMAGES:
            return f"{len(images):,} images were sent; send from 1 to {MAX_IMAGES:,} at once"
        ranges = [input_range.read(folder / description.RANGES) for folder in description.model_folders(self.folder)]
        for position, reason in enumerate(input_range.refusals(ranges, images)):
            if reason:
                return f"image {position}: {reason}; send crops as the crop stage cuts them, with pixels from 0 to 255"
        return None


def _load_pyfunc(path: str) -> CalibratedNetwork:
    """Load the model, unless it is damaged. MLflow calls this function by its name."""
    with served_model.errors():
        description.check_hashes(Path(path))
    return CalibratedNetwork(Path(path))


def log_model(mlflow: Any, task: Task, run_id: str) -> None:
    """Log the folder that ``train_<task>`` wrote as a model of MLflow, with one crop as the example input."""
    # Imported here: it imports sunpy, which takes a second. `solarflare log` often has nothing to log.
    from solarflare.dataset.shards.reader import Crops

    example = Crops(task.crops).take([0])
    schema, tensor = mlflow.types.Schema, mlflow.types.TensorSpec
    inputs = schema([tensor(np.dtype(np.uint8), (-1, *example.shape[1:]))])
    outputs = schema([tensor(np.dtype(np.float64), (-1,))])
    # MLflow's own `log_model` would run the network on the example and import TensorFlow. So save, then log the files.
    client = mlflow.MlflowClient()
    experiment = mlflow.get_experiment_by_name(task).experiment_id
    logged = client.create_logged_model(experiment, MODELS[task], run_id, model_type="classifier")
    with tempfile.TemporaryDirectory() as folder:
        mlflow.pyfunc.save_model(
            f"{folder}/model",
            loader_module=__name__,
            data_path=f"models/{task}",
            mlflow_model=mlflow.models.Model(run_id=run_id, model_id=logged.model_id),
            signature=mlflow.models.ModelSignature(inputs, outputs),
            input_example=example,
            pip_requirements=[f"tensorflow=={importlib.metadata.version('tensorflow')}"],
        )
        client.log_model_artifacts(logged.model_id, f"{folder}/model")
    client.log_outputs(run_id, [mlflow.entities.LoggedModelOutput(logged.model_id, 0)])
    client.finalize_logged_model(logged.model_id, "READY")


def logged(mlflow: Any, run_id: str) -> str:
    """Return the id of the model that `log_model` logged for a run."""
    return str(mlflow.get_run(run_id).outputs.model_outputs[-1].model_id)
