"""Draw an answer on its image: a box around each region, the cutout that the network saw, with name and answer."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from solarflare.core import printable
from solarflare.core.files import OutputFolder
from solarflare.core.tasks import Task
from solarflare.predict.answer_text import region_name, two_decimals, verdict
from solarflare.predict.cutouts import squares
from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer
from solarflare.report import figures

WIDTH = 8  # of the picture, in inches
FONT = 10  # points
LETTER, LINE = 0.6, 1.25  # width and height of a letter of a label, in font sizes
NO_ANSWER = "lightgrey"
OUTLINE = [withStroke(linewidth=2.5, foreground="black")]  # labels are readable on the corona and on the sky


def names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the name of each image's picture: ``<name of the image>.png``, if only one image has that name.

    Others are called by their whole path below the folder that they share.

    Examples
    --------
    >>> list(names([Path("in/A/x.jpg"), Path("in/B/x.jpg"), Path("in/B/y.jpg")]).values())
    ['A-x.jpg.png', 'B-x.jpg.png', 'y.png']
    """
    unique = dict.fromkeys(paths)
    stems = Counter(path.stem for path in unique)
    shared = os.path.commonpath([path.absolute().parent for path in unique])
    places = {path: "-".join(path.absolute().relative_to(shared).parts) for path in unique}
    names = {path: path.stem if stems[path.stem] == 1 else place for path, place in places.items()}
    return {path: f"{printable.one_line(name)}.png" for path, name in names.items()}


def save(answer: ImageAnswer, networks: Mapping[Task, Network], folder: OutputFolder, name: str) -> None:
    """Write a picture of this name into a folder, for the image of an answer without a refusal."""
    with mpl.rc_context(figures.STYLE), folder.file(name) as partial:
        figures.save(_draw(answer, networks), partial)


def _draw(answer: ImageAnswer, networks: Mapping[Task, Network]) -> Figure:
    figure = Figure(figsize=(WIDTH, WIDTH + 0.8), layout="constrained")
    axes = figure.subplots()
    axes.imshow(answer.image.rgb())
    axes.set_axis_off()
    lines = [f"{answer.image.instrument}, {answer.image.time:%Y-%m-%d %H:%M} UTC"]
    if answer.disk is not None:
        lines.append(f"disk: {two_decimals(answer.disk)}, {verdict(answer.disk, networks[Task.DISK])}")
    if answer.regions is not None:
        lines.append(f"regions: yes from {networks[Task.REGION].threshold:.2g}")
    axes.set_title("\n".join(lines), loc="left")
    if answer.regions:
        mark(axes, answer, networks[Task.REGION])
    return figure


def mark(axes: Axes, answer: ImageAnswer, network: Network, width: float = WIDTH, font: float = FONT) -> None:
    """Draw a box and a label for each region on an image `width` inches wide, in a font of so many points."""
    boxes = [Bbox.from_extents(*square.ends) for square in squares(answer, network)]
    labels: list[Bbox] = []
    for region, box in zip(answer.regions or [], boxes, strict=True):
        text, colour = region_name(region), NO_ANSWER
        if region.probability is not None:
            yes = region.probability >= network.threshold
            text += f"\n{two_decimals(region.probability)} {'yes' if yes else 'no'}"
            colour = figures.GOLD if yes else "white"
        labels.append(_free_place(text, box, boxes, labels, axes.get_xlim()[1], font / 72 / width))
        corner = (box.x0, box.y0)
        frame = Rectangle(corner, box.width, box.height, fill=False, color=colour, linewidth=1.6, path_effects=OUTLINE)
        axes.add_patch(frame)
        place = _centre(labels[-1])
        axes.text(*place, text, color=colour, fontsize=font, ha="center", va="center", path_effects=OUTLINE)


def _free_place(text: str, box: Bbox, boxes: list[Bbox], labels: list[Bbox], pixels: float, size: float) -> Bbox:
    """Return where a label is best put beside its box: over the fewest other labels, then over the fewest boxes.

    All boxes are in pixels of the image, which is so many `pixels` wide and high. The font has a share `size` of that.
    The label is inside of the image.
    """
    font = size * pixels
    rows = text.split("\n")
    width, height = LETTER * font * max(map(len, rows)), LINE * font * len(rows)
    along, across = (box.width + width) / 2, (box.height + height) / 2
    x, y = _centre(box)
    places = [
        Bbox.from_bounds(
            float(np.clip(x + right - width / 2, 0, pixels - width)),
            float(np.clip(y + down - height / 2, 0, pixels - height)),
            width,
            height,
        )
        for right, down in ((0, -across), (0, across), (along, 0), (-along, 0))
    ]
    return min(places, key=lambda place: (place.count_overlaps(labels), place.count_overlaps(boxes)))


def _centre(box: Bbox) -> tuple[float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
