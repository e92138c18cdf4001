"""What the crops that a network learned from look like, in a few numbers: it is not asked about what looks otherwise.

The numbers are those that tell another instrument, a blank or covered Sun and a photograph from the Sun, and hardly
change with what the Sun does.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core.errors import InputError
from solarflare.sun.images.imaging import Pixels

Values = npt.NDArray[np.float64]

INSIDE = 0.42  # how far from the middle, in widths, black pixels are counted: there the Sun covers all of a full disk
BLACK = 4  # grey level below which nothing shines: JPEG makes such of a black sky, or of the Moon before the Sun
TAIL = 0.005  # share of the training crops beyond either end of what is usual: one odd image does not widen the range
MARGIN = 0.5  # how far a range reaches beyond what is usual, in widths of that
LEAST_MARGIN = 1.0  # grey levels or percent: a number that hardly differs between training crops may differ by so much

NAMES = ("brightness", "contrast", "grain", "share of black", "share of red", "share of blue")
"""What the numbers are called; the last two are those of crops in colour."""


@dataclass(frozen=True)
class Ranges:
    """From where to where each number of a crop may be."""

    limits: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, batches: Iterable[Pixels]) -> "Ranges":
        """Return the ranges that the crops (n, H, W, C), uint8, span that a network learned from."""
        low, high = np.quantile(np.concatenate([statistics(crops) for crops in batches]), [TAIL, 1 - TAIL], axis=0)
        margin = np.maximum(MARGIN * (high - low), LEAST_MARGIN)
        ends = np.column_stack([np.maximum(low - margin, 0), high + margin]).round(2).tolist()
        return cls(dict(zip(NAMES, map(tuple, ends), strict=False)))

    def refusal(self, crop: Pixels) -> str | None:
        """Return in what a crop, (H, W, C), is unlike those that these ranges come from, or None if it is like them."""
        values = statistics(crop[None])[0].tolist()
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
        # Crops in grey have no shares of colours.
        if tuple(limits) not in (NAMES[:-2], NAMES) or not all(low <= high for low, high in limits.values()):
            raise ValueError(limits)
        return Ranges(limits)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`") from None
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"{path} does not hold ranges that a training wrote; make it again with `dvc repro`") from None


def refusal(known: Iterable[Ranges], crop: Pixels) -> str | None:
    """Return in what a crop, (H, W, C), is unlike what any of several networks learned from; None if it is like all."""
    return next(filter(None, (ranges.refusal(crop) for ranges in known)), None)


def statistics(crops: Pixels) -> Values:
    """Return a few numbers, (N, k) float64, of each crop (N, H, W, C).

    They are in grey levels the mean and the standard deviation of the pixels, and the mean difference of neighbours in
    a row; in percent the pixels near the middle that are black and, of colour, the shares of red and of blue.
    """
    grey = crops.mean(axis=-1, dtype=np.float32)
    place = np.linspace(-0.5, 0.5, grey.shape[1])
    inside = np.hypot(*np.meshgrid(place, place)) <= INSIDE
    columns = [
        grey.mean(axis=(1, 2)),
        grey.std(axis=(1, 2)),
        np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)),
        100 * (grey[:, inside] < BLACK).mean(axis=1),
    ]
    if crops.shape[-1] == 3:
        red, green, blue = crops.mean(axis=(1, 2)).T
        light = np.maximum(red + green + blue, 1)
        columns += [100 * red / light, 100 * blue / light]
    return np.column_stack(columns).astype(np.float64)
