"""Draw an answer in a terminal: the image in coloured blocks, with a numbered box around each region."""

import os
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from solarflare.predict.cutouts import squares
from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer
from solarflare.sun.images.imaging import Pixels

COLUMNS = 72  # of the picture; a character shows two pixels, one above the other
YES, NO, NONE = (255, 200, 60), (255, 255, 255), (150, 150, 150)
DIGITS = (
    *("111101101101111", "010010010010010", "111001111100111", "111001111001111", "101101111001001"),
    *("111100111001111", "111100111101111", "111001001001001", "111101111101111", "111101111001111"),
)
"""The digits 0 to 9, each three pixels wide and five high."""


def wanted() -> bool:
    """Return whether the output is a terminal that shows colours (no-color.org)."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def lines(answer: ImageAnswer, network: Network | None) -> Iterator[str]:
    """Yield the picture of an answer without a refusal, line by line, in 24-bit colours.

    The boxes are numbered like the lines of the regions. They are yellow for yes, white for no, and grey without an
    answer.
    """
    image = answer.image.rgb()
    shrunk = np.asarray(Image.fromarray(image).resize((COLUMNS, COLUMNS), Image.Resampling.BOX)).copy()
    if network is not None:
        scale = COLUMNS / image.shape[1]
        pairs = zip(answer.regions or [], squares(answer, network), strict=True)
        for number, (region, square) in enumerate(pairs, start=1):
            colour = NONE
            if region.probability is not None:
                colour = YES if region.probability >= network.threshold else NO
            _frame(shrunk, [round(end * scale) for end in square.ends], number, colour)
    for upper, lower in zip(shrunk[::2], shrunk[1::2], strict=True):
        cells = (
            f"\x1b[38;2;{';'.join(map(str, above))};48;2;{';'.join(map(str, below))}m▀"
            for above, below in zip(upper.tolist(), lower.tolist(), strict=True)
        )
        yield f"{''.join(cells)}\x1b[0m"


def _frame(pixels: Pixels, box: Sequence[int], number: int, colour: tuple[int, int, int]) -> None:
    """Draw a frame and its number into pixels, (side, side, 3)."""
    left, top, right, bottom = np.clip(box, 0, len(pixels) - 1)
    pixels[[top, bottom], left : right + 1] = colour
    pixels[top : bottom + 1, [left, right]] = colour
    column, row = min(left, len(pixels) - 4 * len(str(number))), max(top - 6, 0)
    for digit in str(number):
        glyph = np.array(list(DIGITS[int(digit)])).reshape(5, 3) == "1"
        pixels[row : row + 5, column : column + 3][glyph] = colour
        column += 4
