"""The font of the annotations on the images."""

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import ImageFont


@lru_cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that comes with matplotlib. At size 10 its letters are 6 pixels wide, as on the real images."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSansMono.ttf", size)
