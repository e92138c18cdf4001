"""The options of commands that take a number. Each has bounds: a larger one would overflow or never end."""

import math
from typing import Annotated

import typer
from typer import Option

BLOCKS = "the file's column block, else 27: the Sun's rotation"
KNOWN = "known of metrics/predictions/"
OWN = "the file's own, else 0.5"


def finite(value: float | list[float] | None) -> float | list[float] | None:
    """Return the value of an option; raise BadParameter for ``nan``, which is within all bounds, and ``inf``."""
    numbers = value if isinstance(value, list) else [value]
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise typer.BadParameter("expected a finite number")
    return value


BaseRate = Annotated[
    float | None,
    Option(min=0.0001, max=0.9999, callback=finite, help="Base rate to correct them to; needs --fitted-rate."),
]
BlockDays = Annotated[
    float | None,
    Option(
        min=0.01,
        max=36_525,
        callback=finite,
        help="Days whose rows are drawn together for the intervals.",
        show_default=BLOCKS,
    ),
]
FittedRate = Annotated[
    float | None,
    Option(min=0.0001, max=0.9999, callback=finite, help="Base rate for which the probabilities were fitted."),
]
Missing = Annotated[list[float] | None, Option(callback=finite, help="A number that means: no forecast. Such as -1.")]
Reference = Annotated[
    float | None,
    Option(min=0, max=1, callback=finite, help="Reference of the Brier skill.", show_default="the file's own"),
]
Resamples = Annotated[
    int | None,
    Option(min=100, max=100_000, help="Resamples of the block bootstrap.", show_default="as evaluate, else 2000"),
]
Spacing = Annotated[float, Option(min=0.1, max=720, callback=finite, help="Hours between two times.")]
Threshold = Annotated[
    float | None, Option(min=0, max=1, callback=finite, help="An alarm from here on.", show_default=OWN)
]
Wavelength = Annotated[int, Option(min=1, max=100_000, help="The wavelength of the images, in angstrom.")]
Window = Annotated[
    float | None,
    Option(min=1, max=720, callback=finite, help="Length of the prediction window.", show_default=KNOWN),
]
