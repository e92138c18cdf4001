"""Draw the README's picture, a real image with the answer of the shipped networks: ``python -m docs.front``."""

import io
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from solarflare.core.tasks import Task
from solarflare.predict import answer_text, picture
from solarflare.predict.choose import Choice, Wish
from solarflare.predict.images import find_images
from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer
from solarflare.report.figures import INK, SKY, STYLE, SUN

FIGURE = Path("docs/images/front.png")
IMAGE = Path("docs/images/20141025_004401_512_0211.jpg")
REGIONS = Path("docs/images/20141025_regions.csv")  # NOAA's report, and each region's strongest flare within 24 h
CREDIT = "Courtesy of NASA/SDO and the AIA, EVE, and HMI science teams."
SEEN = "It is one of the training images; the cards have the scores on images that were not."
COLOURS = 192  # enough for one colour table, half of the bytes
WIDTH, HEIGHT, SIDE = 12.0, 4.9, 4.1  # inches, at 100 pixels an inch
FONT = 7.5  # points, of the labels on the image
LINE = 0.072  # height of a line of the table, in figures


def main() -> None:
    """Draw the image, the answer on it, and what happened."""
    wish = Wish("pretrained/aia211", str(REGIONS))
    (file,) = find_images([IMAGE])
    predictor = Choice(wish).predictor(file)
    answer = predictor(file)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=100)
        titles = ("The image", "The answer: flares within 24 h")
        for column, title in enumerate(titles):
            axes = figure.add_axes((0.005 + 0.348 * column, 0.07, SIDE / WIDTH, SIDE / HEIGHT))
            axes.imshow(file.rgb())
            axes.set_axis_off()
            axes.set_title(title, loc="left", color=INK, fontsize=14)
        picture.mark(axes, answer, predictor.networks[Task.REGION], SIDE, FONT)
        happened(figure, answer, predictor.networks[Task.REGION])
        note = f"SDO/AIA 211 Å, {file.time:%Y-%m-%d %H:%M} UT. {CREDIT} {SEEN}"
        figure.text(0.008, 0.025, note, color=INK, fontsize=9)
        content = io.BytesIO()
        figure.savefig(content, metadata={"Software": None})
    Image.open(content).convert("RGB").quantize(COLOURS).save(FIGURE, optimize=True)


def happened(figure: Figure, answer: ImageAnswer, network: Network) -> None:
    """Write a table: each region, its answer, what happened, and whether the answer was right."""
    table = pd.read_csv(REGIONS)
    flares: dict[int | None, str] = dict(zip(table["noaa_ar"], table["strongest_flare"].fillna(""), strict=True))
    columns = (0.705, 0.79, 0.885, 0.955)
    rows = [(("What happened", "", "", ""), INK)]
    rows.append((("region", "answer", "flare", ""), INK))
    for region in answer.regions or []:
        flare = flares[region.noaa_ar]
        if region.probability is None:
            rows.append(((f"AR {region.noaa_ar}", "none: near the limb", "", ""), "grey"))
            continue
        yes = region.probability >= network.threshold
        right = yes == bool(flare)
        yes_or_no = f"{answer_text.two_decimals(region.probability)} {'yes' if yes else 'no'}"
        colour = SKY if right else SUN
        rows.append(((f"AR {region.noaa_ar}", yes_or_no, flare or "none", "right" if right else "wrong"), colour))
    for number, (cells, colour) in enumerate(rows):
        for place, cell in zip(columns, cells, strict=True):
            last = place == columns[-1] and number > 1
            figure.text(
                place, 0.94 - LINE * number, cell, color=colour if last else INK, fontsize=14 if not number else 11
            )


if __name__ == "__main__":
    main()
