"""Draw the README's picture of the simulated Sun from data/raw: ``python -m docs.simulated`` after ``make``."""

from pathlib import Path

import pandas as pd
from PIL import Image

RAW, FIGURE = Path("data/raw"), Path("docs/images/simulated.png")
SIDE = 300
COLOURS = 128  # enough for grey and one colour table, a third of the bytes


def main() -> None:
    """Put three magnetograms above three EUV images, from the Sun's quiet to its active years."""
    images = pd.read_csv(RAW / "images.csv")
    sheet = Image.new("RGB", (3 * SIDE, 2 * SIDE))
    for row, instrument in enumerate(("gong", "aia211")):
        paths = images.loc[images["instrument"] == instrument, "path"].tolist()
        for column in range(3):
            with Image.open(RAW / paths[(2 * column + 1) * len(paths) // 8]) as image:
                sheet.paste(image.convert("RGB").resize((SIDE, SIDE)), (column * SIDE, row * SIDE))
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(COLOURS).save(FIGURE, optimize=True)


if __name__ == "__main__":
    main()
