"""An answer drawn on its image: the disk's edge, and each region with what is said of it."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from solarflare.predict.answer_text import called
from solarflare.predict.predictor import Answer
from solarflare.report import figures
from solarflare.sun.images import geometry, imaging

MARK = 0.12
"""Radius of the ring around a region, in solar radii."""


def save(answer: Answer, folder: Path) -> None:
    """Write ``<name of the image>.png`` into a folder, which is made if it is missing.

    Parameters
    ----------
    answer : Answer
        Without a refusal.
    folder : Path
        Where to.
    """
    with mpl.rc_context(figures.STYLE):
        figures.save(_draw(answer), folder / f"{answer.asked.path.stem}.png")


def _draw(answer: Answer) -> Figure:
    figure = Figure(figsize=(7, 7.3), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(imaging.decode(answer.asked.path, "RGB"))
    axes.set_axis_off()
    axes.set_title(answer.asked.path.stem + ("" if answer.disk is None else f"   disk {answer.disk:.3f}"), loc="left")
    if answer.seen is None or not answer.regions:
        return figure
    disk, times = answer.seen, np.full(len(answer.regions), answer.asked.time, dtype="datetime64[ns]")
    latitudes, longitudes = ([getattr(region, name) for region in answer.regions] for name in ("latitude", "longitude"))
    west, north = geometry.to_arcsec(latitudes, longitudes, times)
    pixels_per_arcsec = disk.radius / geometry.solar_radius(times)
    across, down = disk.x + west * pixels_per_arcsec, disk.y - north * pixels_per_arcsec
    for region, x, y in zip(answer.regions, across, down, strict=True):
        colour = figures.FAINT if region.probability is None else "white"
        axes.add_patch(Circle((x, y), MARK * disk.radius, fill=False, color=colour, linewidth=1.2))
        said = called(region) if region.probability is None else f"{called(region)}\n{region.probability:.3f}"
        axes.text(x, y - 1.1 * MARK * disk.radius, said, color=colour, fontsize=8, ha="center", va="bottom")
    return figure
