"""What a task's networks cost: to keep, to run and to train, in numbers that every machine agrees on."""

from math import prod
from pathlib import Path

import pandas as pd

from solarflare.networks import saved_model
from solarflare.networks.architectures import FLIPS, build
from solarflare.networks.backend import keras


def cost(models: Path) -> dict[str, int]:
    """Return the cost of what `folds.train` wrote.

    Parameters
    ----------
    models : Path
        Such as ``models/disk``.

    Returns
    -------
    dict of int
        ``parameters``, and ``flops`` an image, of the networks that answer together; ``weight_bytes`` and ``epochs`` of
        all folds.
    """
    histories = sorted(models.rglob(saved_model.HISTORY))
    about = saved_model.about(histories[0].parent)
    network = build(about.network, about.shape, about.members)
    return {
        "parameters": network.count_params(),
        "flops": flops(network) * (len(FLIPS) if about.flips else 1),
        "weight_bytes": sum(path.stat().st_size for path in models.rglob(saved_model.WEIGHTS)),
        "epochs": sum(len(pd.read_csv(path)) for path in histories),
    }


def flops(network: keras.Model) -> int:
    """Return the floating-point operations that one image takes in the convolutions and dense layers.

    A kernel is applied once at each place of its output, and each of its weights takes a multiplication and an addition
    there. Pooling, activations and normalisation come to a few per cent of that and are left out, as is usual.
    """
    return sum(flops(layer) if isinstance(layer, keras.Model) else _of_layer(layer) for layer in network.layers)


def _of_layer(layer: keras.Layer) -> int:
    return 2 * prod(layer.kernel.shape) * prod(layer.output.shape[1:-1]) if hasattr(layer, "kernel") else 0
