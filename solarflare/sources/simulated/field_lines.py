"""Field lines of the corona: the potential field of point sources, and lines traced along it from the photosphere.

A few point sources represent the flux of each region. Field lines that return to the Sun are coronal loops. The
brightness of a loop depends on the field strength at its foot point and on its length.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

DEPTH = 0.012
"""Depth of the sources below the surface, in solar radii. It makes their field smooth above the surface."""

STEPS = 40
FIRST_STEP = 0.008
STEP_PER_HEIGHT = 0.22
LONGEST_STEP = 0.05
"""Step lengths in solar radii. They grow with height, because the field is smoother there."""

AT_ONCE = 512  # positions whose distances from all sources fit into a processor's cache

TOP = 1.7
"""A line that goes farther than this from the Sun's centre, in solar radii, counts as open."""


@dataclass(frozen=True)
class Sources:
    """Point sources of the field: positions (k, 3) in solar radii and strengths (k,) in any unit."""

    position: Floats
    strength: Floats


@dataclass(frozen=True)
class FieldLines:
    """Points along n field lines, (s, n, 3) float32, in solar radii.

    ``active``, (s, n): whether the line continues from each point. ``closed``, (n,): whether the line returned to the
    surface. ``length``, (n,): in solar radii. ``foot_field``, (n,): the field strength at the line's start, in the
    sources' unit per square solar radius.
    """

    points: Floats
    active: npt.NDArray[np.bool_]
    length: Floats
    closed: npt.NDArray[np.bool_]
    foot_field: Floats


def field(sources: Sources, position: Floats) -> Floats:
    """Return the field, (n, 3), at positions (n, 3)."""
    return np.concatenate([_field(sources, position[at : at + AT_ONCE]) for at in range(0, len(position), AT_ONCE)])


def _field(sources: Sources, position: Floats) -> Floats:
    # No matrix products: their last bits depend on the number of threads.
    squared = np.zeros((len(sources.position), len(position)), np.float32)
    for of_source, of_position in zip(sources.position.T, position.T, strict=True):
        distance = of_position - of_source[:, None]
        distance *= distance
        squared += distance
    weight = sources.strength[:, None] / (squared * np.sqrt(squared))
    # Each sum over the sources is taken as in an array of (n, k): so it has the same bits for any number of positions.
    total = np.ascontiguousarray(weight.T).sum(axis=1, keepdims=True)
    return position * total - np.einsum("kn,kj->jn", weight, sources.position).T


def trace(sources: Sources, feet: Floats, outward: Floats) -> FieldLines:
    """Trace field lines from their `feet` on the surface, (n, 3) float32.

    `outward`, (n,) float32, is 1 to go along the field and -1 to go against it. The method is the midpoint rule, with
    steps that grow with height.
    """
    position = feet.copy()
    alive = np.ones(len(feet), dtype=bool)
    closed = np.zeros(len(feet), dtype=bool)
    length = np.zeros(len(feet), dtype=np.float32)
    points, active = [position.copy()], [alive.copy()]
    foot_field = field(sources, position)
    for _ in range(STEPS):
        which = np.flatnonzero(alive)
        if len(which) == 0:
            break
        start = position[which]
        height = np.sqrt(np.einsum("ij,ij->i", start, start)) - 1
        step = np.clip(FIRST_STEP + STEP_PER_HEIGHT * height, None, LONGEST_STEP)[:, None] * outward[which, None]
        middle = start + step / 2 * _direction(sources, start)
        end = start + step * _direction(sources, middle)
        position[which] = end
        length[which] += np.abs(step[:, 0])
        distance = np.sqrt(np.einsum("ij,ij->i", end, end))
        closed[which[distance < 1]] = True
        alive[which[(distance < 1) | (distance > TOP)]] = False
        points.append(position.copy())
        active.append(alive.copy())
    strength = np.sqrt(np.einsum("ij,ij->i", foot_field, foot_field))
    return FieldLines(np.stack(points), np.stack(active), length, closed, strength)


def _direction(sources: Sources, position: Floats) -> Floats:
    vector = field(sources, position)
    return vector / np.sqrt(np.einsum("ij,ij->i", vector, vector))[:, None]
