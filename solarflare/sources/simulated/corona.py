"""The corona's field: lines of force of a potential field, from where the photosphere's flux is rooted.

A few point sources stand for each region's flux. Lines that return to the Sun are loops; how bright a loop shines
follows from how strong the field is at its foot and how long it is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

DEPTH = 0.012
"""Solar radii below the surface at which the sources lie, so that their field is smooth above it."""

STEPS = 40
FIRST_STEP = 0.008
STEP_PER_HEIGHT = 0.22
LONGEST_STEP = 0.05
"""Solar radii: steps grow with height, where the field is smooth."""

TOP = 1.7
"""Solar radii beyond which a line counts as open."""


@dataclass(frozen=True)
class Sources:
    """Point sources of the field: places (k, 3) in solar radii and strengths (k,), of any unit."""

    place: Floats
    strength: Floats


@dataclass(frozen=True)
class Lines:
    """Lines of force.

    Attributes
    ----------
    place : (s, n, 3) float32
        Points along n lines, in solar radii.
    inside : (s, n) bool
        Which of them are above the surface.
    length : (n,) float32
        Solar radii.
    closed : (n,) bool
        Whether the line returned.
    foot : (n,) float32
        Strength of the field where it begins, in the sources' unit per square solar radius.
    """

    place: Floats
    inside: npt.NDArray[np.bool_]
    length: Floats
    closed: npt.NDArray[np.bool_]
    foot: Floats


def field(sources: Sources, place: Floats) -> Floats:
    """Return the field, (n, 3), at places (n, 3)."""
    # Without matrix products: their last bits depend on the number of threads.
    squared = ((place[:, None, :] - sources.place[None, :, :]) ** 2).sum(axis=2)
    weight = sources.strength / (squared * np.sqrt(squared))
    return place * weight.sum(axis=1, keepdims=True) - np.einsum("nk,kj->nj", weight, sources.place)


def trace(sources: Sources, feet: Floats, outward: Floats) -> Lines:
    """Follow lines of force.

    Parameters
    ----------
    sources : Sources
        Of the field.
    feet : (n, 3) float32
        Where lines begin, on the surface.
    outward : (n,) float32
        1 to follow the field, -1 to go against it.

    Notes
    -----
    Steps of the midpoint rule, of a length that grows with height.
    """
    place = feet.copy()
    alive = np.ones(len(feet), dtype=bool)
    closed = np.zeros(len(feet), dtype=bool)
    length = np.zeros(len(feet), dtype=np.float32)
    points, inside = [place.copy()], [alive.copy()]
    first = field(sources, place)
    for _ in range(STEPS):
        which = np.flatnonzero(alive)
        if len(which) == 0:
            break
        here = place[which]
        height = np.sqrt(np.einsum("ij,ij->i", here, here)) - 1
        step = np.clip(FIRST_STEP + STEP_PER_HEIGHT * height, None, LONGEST_STEP)[:, None] * outward[which, None]
        middle = here + step / 2 * _direction(sources, here)
        there = here + step * _direction(sources, middle)
        place[which] = there
        length[which] += np.abs(step[:, 0])
        distance = np.sqrt(np.einsum("ij,ij->i", there, there))
        closed[which[distance < 1]] = True
        alive[which[(distance < 1) | (distance > TOP)]] = False
        points.append(place.copy())
        inside.append(alive.copy())
    strength = np.sqrt(np.einsum("ij,ij->i", first, first))
    return Lines(np.stack(points), np.stack(inside), length, closed, strength)


def _direction(sources: Sources, place: Floats) -> Floats:
    vector = field(sources, place)
    return vector / np.sqrt(np.einsum("ij,ij->i", vector, vector))[:, None]
