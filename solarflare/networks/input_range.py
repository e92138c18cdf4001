"""Input ranges: the ranges of a few statistics of the training crops. An image outside of a range is refused.

The statistics of another instrument, of a blank or covered Sun and of a photograph are different. Solar activity
changes them little.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core.errors import InputError
from solarflare.sun.images.imaging import Pixels

Values = npt.NDArray[np.float64]

INSIDE = 0.42  # black pixels are counted within this many image widths of the centre; the Sun fills this part of a disk
BLACK = 4  # grey level below which a pixel counts as black: a dark sky after JPEG compression, or the Moon
TAIL = 0.005  # quantile of the training crops at either end of the range, so that one odd image does not widen it
MARGIN = 0.5  # how far the range reaches beyond the quantiles, in units of their distance
LEAST_MARGIN = 1.0  # smallest margin, in grey levels or percent, for statistics that hardly vary

NAMES = ("brightness", "contrast", "grain", "share of black", "share of red", "share of blue")
"""Names of the statistics. Only colour crops have the last two."""


@dataclass(frozen=True)
class Ranges:
    """The lowest and highest accepted value of each statistic of a crop."""

    limits: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, batches: Iterable[Pixels]) -> "Ranges":
        """Return the ranges of the crops that a network was trained on: batches of (n, H, W, C) uint8."""
        low, high = np.quantile(np.concatenate([statistics(crops) for crops in batches]), [TAIL, 1 - TAIL], axis=0)
        margin = np.maximum(MARGIN * (high - low), LEAST_MARGIN)
        ends = np.column_stack([np.maximum(low - margin, 0), high + margin]).round(2).tolist()
        return cls(dict(zip(NAMES, map(tuple, ends), strict=False)))

    def refusal(self, values: Iterable[float]) -> str | None:
        """Return which of a crop's `statistics` is the first outside of its range; None if all are inside."""
        for (name, (low, high)), value in zip(self.limits.items(), values, strict=True):
            if not low <= value <= high:
                return f"its {name} is {value:.1f}, and that of what the network learned from {low:.1f} to {high:.1f}"
        return None

    def write(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(self.limits, indent=2) + "\n")


def read(path: Path) -> Ranges:
    """Read what `Ranges.write` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    try:
        limits = {name: (float(low), float(high)) for name, (low, high) in json.loads(path.read_text()).items()}
        # Grey crops have no shares of colours.
        if tuple(limits) not in (NAMES[:-2], NAMES) or not all(low <= high for low, high in limits.values()):
            raise ValueError(limits)
        return Ranges(limits)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`") from None
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"{path} does not hold ranges that a training wrote; make it again with `dvc repro`") from None


def refusals(known: Sequence[Ranges], crops: Pixels) -> list[str | None]:
    """Return for each crop, (N, H, W, C), why the first of several networks refuses it; None if no network does."""
    return [
        next(filter(None, (ranges.refusal(values) for ranges in known)), None) for values in statistics(crops).tolist()
    ]


def statistics(crops: Pixels) -> Values:
    """Return k statistics, (N, k) float64, of crops (N, H, W, C).

    Three are in grey levels: the mean and the standard deviation of the pixels, and the mean absolute difference of
    neighbours in a row. The others are in percent: the share of black pixels near the centre and, for colour crops, the
    shares of red and blue.
    """
    channels = np.moveaxis(crops, -1, 0).astype(np.float32)  # NumPy takes longer for means over a short last axis
    grey = sum(channels[1:], start=channels[0]) / np.float32(len(channels))
    inside = _inside(grey.shape[1])
    columns = [
        grey.mean(axis=(1, 2)),
        grey.std(axis=(1, 2)),
        np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)),
        100 * (((grey < BLACK) & inside).sum(axis=(1, 2)) / inside.sum()),
    ]
    if len(channels) == 3:
        red, green, blue = channels.mean(axis=(2, 3), dtype=np.float64)
        light = np.maximum(red + green + blue, 1)
        columns += [100 * red / light, 100 * blue / light]
    return np.column_stack(columns).astype(np.float64)


@cache
def _inside(width: int) -> npt.NDArray[np.bool_]:
    """Return which pixels of a crop, (width, width), black ones are counted of."""
    place = np.linspace(-0.5, 0.5, width)
    return np.hypot(*np.meshgrid(place, place)) <= INSIDE
