"""Machine learning on images of the Sun, with scores that are audited for shortcuts.

Each folder is a room: core, sun, sources, dataset, networks, verification, report, tracking, predict. A room imports
only from itself and the rooms before it. Start at `dvc.yaml` and `stages/` for the pipeline, at `cli` for the commands,
at `api` for the functions that this package offers: `load_model`, `predictions`, `metrics`, `run_profile`.
"""

from importlib import import_module
from typing import Any

from solarflare.core import home
from solarflare.core.processor import pin

pin()  # before any module imports NumPy or TensorFlow
home.ensure()  # before any module imports sunpy

__all__ = ["InputError", "Model", "load_model", "metrics", "predictions", "run_profile"]


def __getattr__(name: str) -> Any:
    """Return a name of `solarflare.api`, which is imported with its first use: stages do without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("solarflare.api"), name)
