"""Computes the cost of a task's networks: their size, operations and epochs. These do not depend on the machine."""

from math import prod
from pathlib import Path

import pandas as pd

from solarflare.networks import description, saved_model
from solarflare.networks.architectures import FLIPS, build
from solarflare.networks.backend import keras


def cost(models: Path) -> dict[str, int]:
    """Return the cost of the networks that `folds.train` wrote into a folder such as ``models/disk``.

    ``parameters``, and ``flops`` per image, count the networks of one fold together. ``weight_bytes`` and ``epochs``
    are sums over all folds.
    """
    histories = sorted(models.rglob(saved_model.HISTORY))
    about = description.about(histories[0].parent)
    network = build(about.network, about.shape, about.members)
    return {
        "parameters": network.count_params(),
        "flops": flops(network) * (len(FLIPS) if about.flips else 1),
        "weight_bytes": sum(path.stat().st_size for path in models.rglob(saved_model.WEIGHTS)),
        "epochs": sum(len(pd.read_csv(path)) for path in histories),
    }


def flops(network: keras.Model) -> int:
    """Return the floating-point operations for one image in the convolutions and dense layers.

    A kernel is applied once at each position of its output. Each of its weights costs a multiplication and an addition.
    Pooling, activations and normalisation would add a few per cent. They are usually left out, and are so here.
    """
    return sum(flops(layer) if isinstance(layer, keras.Model) else _of_layer(layer) for layer in network.layers)


def _of_layer(layer: keras.Layer) -> int:
    return 2 * prod(layer.kernel.shape) * prod(layer.output.shape[1:-1]) if hasattr(layer, "kernel") else 0
