"""Saves networks as a model of MLflow that answers for whole images, and the refusals of that model."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from solarflare.core.errors import InputError

NAME, CONTENT = "name", "content"
"""The columns of a request: the file name of an image, and its bytes in base64."""

SERVER = "__pyfunc_model_path__"  # a variable that MLflow sets for the processes of `mlflow models serve`


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


@contextmanager
def errors() -> Iterator[None]:
    """End a server whose model cannot be loaded with one sentence. In another program the InputError is raised."""
    try:
        yield
    except InputError as error:
        if SERVER in os.environ:
            sys.exit(f"error: {error}")
        raise


def refusal(reason: str) -> Exception:
    """Return the error for which ``mlflow models serve`` answers 400."""
    from mlflow import MlflowException

    return MlflowException.invalid_parameter_value(reason)
