"""Input ranges: how far a crop may be from the crops that trained a network. One that is further away is refused.

The distance is Mahalanobis's, over the few `statistics` of a crop. Solar activity changes these together, so that a
brighter Sun with a brighter corona is near, and another wavelength at the same brightness is far.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.networks import statistics
from solarflare.networks.statistics import FLOORS, NAMES, Values, colour_difference, colour_sums, shown
from solarflare.sun.images.imaging import Pixels

PARTS = 5  # of the training crops in their order, which is that of time
ODD = 10.0
"""Crops with a statistic so many times its median absolute deviation from its median do not count: broken images."""

SPREAD = 3.0
"""Weight of the covariance of the parts' means: the Sun of another year is as unlike these as they are each other, or
more. Chosen with the statistics, by leaving out one year after another: docs/answers.md."""

LEAST_LIMIT = 5.2
"""Smallest limit of the distance. Chosen as `SPREAD`: an unseen year was at most 4.6 away, and another wavelength at
least 5.3."""

QUANTILE, MARGIN = 0.995, 1.1
"""Where the training's own distances reach further than `LEAST_LIMIT`, the limit is their quantile times the margin."""

COLOUR_MARGIN, COLOUR_FLOOR = 1.5, 2.0
"""The limit of the colours is this quantile of the training's differences times a margin, at least so many levels."""


@dataclass(frozen=True)
class Ranges:
    """The mean statistics of the training crops, (k,), their covariance, (k, k), and the largest accepted distance.

    `colours`, (m, 3), and `colour_limit`, in grey levels, are empty and 0 for grey crops.
    """

    mean: Values
    covariance: Values
    limit: float
    colours: Values
    colour_limit: float

    @classmethod
    def of(cls, batches: Iterable[Pixels]) -> "Ranges":
        """Return the ranges of the crops that a network was trained on: batches of (n, H, W, C) uint8, by time."""
        rows, sums = [], []
        for crops in batches:
            rows.append(statistics.statistics(crops))
            sums += [colour_sums(crops)] if crops.shape[-1] == 3 else []
        values = np.concatenate(rows)
        names = NAMES[3 if sums else 1]
        floors = np.array([FLOORS[name] for name in names])
        usual = _usual(values, floors)
        parts = [part for part in np.array_split(values[usual], PARTS) if len(part)]
        mean, covariance = _fit(parts, floors)
        limit = max(LEAST_LIMIT, MARGIN * float(np.quantile(_distances(values[usual], mean, covariance), QUANTILE)))
        known, colour_limit = np.empty((0, 3)), 0.0
        if sums:
            coloured = np.concatenate(sums)[usual]
            known = statistics.colours(coloured).round(2)
            differences = colour_difference(coloured, known)
            colour_limit = max(COLOUR_MARGIN * float(np.quantile(differences, QUANTILE)), COLOUR_FLOOR)
        return cls(mean.round(4), covariance.round(6), round(limit, 2), known, round(colour_limit, 2))

    @property
    def names(self) -> Sequence[str]:
        """The names of the statistics."""
        return NAMES[3 if len(self.colours) else 1]

    def distance(self, crops: Pixels) -> Values:
        """Return how far crops, (N, H, W, C), are from those of the training, (N,), in standard deviations."""
        return _distances(statistics.statistics(crops), self.mean, self.covariance)

    def refusals(self, crops: Pixels) -> list[str | None]:
        """Return for each crop, (N, H, W, C), how it differs from the training's; None if it is near enough."""
        coloured = self.colour_refusals(crops) if len(self.colours) else [None] * len(crops)
        values = statistics.statistics(crops)
        far = _distances(values, self.mean, self.covariance) > self.limit
        return [
            reason or (self._farthest(row) if is_far else None)
            for reason, row, is_far in zip(coloured, values, far, strict=True)
        ]

    def _farthest(self, values: Values) -> str:
        """Return which of the statistics, (k,), is out of its range or, if none is, contradicts the others most."""
        reach = self.limit * np.sqrt(np.diag(self.covariance))
        out = np.abs(values - self.mean) / reach
        levels = shown(values)
        if out.max() > 1:
            worst = int(out.argmax())
            low, high = shown(self.mean - reach)[worst], shown(self.mean + reach)[worst]
            learned = f"that of what the network learned from {low:.1f} to {high:.1f}"
            return f"its {self.names[worst]} is {levels[worst]:.1f}, and {learned}"
        # The mean of one statistic given all others, and its deviation from it in standard deviations.
        precision = np.linalg.inv(self.covariance)
        pulls = precision @ (values - self.mean)
        worst = int(np.abs(pulls / np.sqrt(np.diag(precision))).argmax())
        expected = shown(values - pulls / np.diag(precision))[worst]
        return (
            f"its {self.names[worst]} is {levels[worst]:.1f}, and with all else as it is, "
            f"that of what the network learned from would be {expected:.1f}"
        )

    def colour_refusals(self, pixels: Pixels) -> list[str | None]:
        """Return how the colours of images, (N, H, W, 3), differ from the training's; None for each that is alike."""
        return [
            None
            if difference <= self.colour_limit
            else (
                f"its colours differ by {difference:.1f} grey levels from those of what the network learned from, "
                f"and {self.colour_limit:.1f} is the most"
            )
            for difference in colour_difference(colour_sums(pixels), self.colours)
        ]

    def write(self, path: Path) -> None:
        """Write as JSON."""
        content: dict[str, object] = {
            "mean": dict(zip(self.names, self.mean.tolist(), strict=True)),
            "covariance": self.covariance.tolist(),
            "limit": self.limit,
        }
        if len(self.colours):
            content |= {"colours": self.colours.tolist(), "colour_limit": self.colour_limit}
        path.write_text(strict_json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Ranges:
    """Read what `Ranges.write` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    try:
        content = strict_json.parse(path.read_text(encoding="utf-8"))
        colours = np.array(content.get("colours", []), float).reshape(-1, 3)
        names = NAMES[3 if len(colours) else 1]
        mean = np.array([content["mean"][name] for name in names], float)
        covariance = np.array(content["covariance"], float)
        limits = float(content["limit"]), float(content.get("colour_limit", 0))
        if len(content["mean"]) != len(names) or not np.isfinite([*mean, *limits]).all() or limits[0] <= 0:
            raise ValueError(content)
        np.linalg.cholesky(covariance.reshape(len(names), len(names)))  # refuses what is no covariance
        return Ranges(mean, covariance, limits[0], colours, limits[1])
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`") from None
    except (ValueError, TypeError, KeyError, AttributeError, np.linalg.LinAlgError):
        raise InputError(f"{path} does not hold ranges that a training wrote; make it again with `dvc repro`") from None


def refusals(known: Sequence[Ranges], crops: Pixels) -> list[str | None]:
    """Return for each crop, (N, H, W, C), why the first of several networks refuses it; None if no network does."""
    of_crops = zip(*(ranges.refusals(crops) for ranges in known), strict=True)
    return [next(filter(None, reasons), None) for reasons in of_crops]


def _usual(values: Values, floors: Values) -> npt.NDArray[np.bool_]:
    """Return which rows of statistics, (N, k), have none that is far from all others', (N,)."""
    apart = np.abs(values - np.median(values, axis=0))
    return (apart <= ODD * np.maximum(np.median(apart, axis=0), floors)).all(axis=1)


def _fit(parts: Sequence[Values], floors: Values) -> tuple[Values, Values]:
    """Return the mean of the parts' means, (k,), and the covariance that is expected of a new part, (k, k)."""
    means = np.stack([part.mean(axis=0) for part in parts])
    within = np.concatenate([part - mean for part, mean in zip(parts, means, strict=True)])
    covariance = within.T @ within / max(len(within) - len(parts), 1)
    if len(parts) > 1:
        covariance = covariance + SPREAD * np.cov(means.T)
    return means.mean(axis=0), covariance + np.diag(floors**2)


def _distances(values: Values, mean: Values, covariance: Values) -> Values:
    """Return Mahalanobis's distances, (N,), of statistics (N, k)."""
    apart = values - mean
    return np.sqrt(np.einsum("ni,in->n", apart, np.linalg.solve(covariance, apart.T)))
