"""Saves networks as a model of MLflow that answers for whole images, and the refusals of that model."""

import warnings
from pathlib import Path

import numpy as np

NAME, CONTENT = "name", "content"
"""The columns of a request: the file name of an image, and its bytes in base64."""


def save(folder: Path, networks: Path, loader: str) -> None:
    """Save the networks of a folder as a model of MLflow. `loader` is the module with its ``_load_pyfunc``.

    The model has no list of requirements: it needs this package and `requirements-serve.lock`.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    columns = Schema([ColSpec(DataType.string, NAME), ColSpec(DataType.binary, CONTENT)])
    with warnings.catch_warnings():
        # MLflow wants an example, which would be an image of 50 kB in JSON.
        warnings.simplefilter("ignore", UserWarning)
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module=loader,
            data_path=str(networks),
            signature=ModelSignature(columns),
            pip_requirements=[f"numpy=={np.__version__}"],
        )


def refusal(reason: str) -> Exception:
    """Return the error for which ``mlflow models serve`` answers 400."""
    from mlflow import MlflowException

    return MlflowException.invalid_parameter_value(reason)
