"""Draw an answer on its image: a ring around each region, with its name and probability."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from solarflare.predict.answer_text import region_name
from solarflare.predict.predictor import ImageAnswer
from solarflare.report import figures
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import solar_radius, to_arcsec

MARK = 0.12  # radius of the ring around a region, in solar radii


def save(answer: ImageAnswer, folder: Path) -> None:
    """Write ``<name of the image>.png`` into a folder, for the image of an answer without a refusal."""
    with mpl.rc_context(figures.STYLE):
        figures.save(_draw(answer), folder / f"{answer.image.path.stem}.png")


def _draw(answer: ImageAnswer) -> Figure:
    figure = Figure(figsize=(7, 7.3), layout="constrained")
    axes = figure.subplots()
    axes.imshow(imaging.decode(answer.image.path, "RGB"))
    axes.set_axis_off()
    axes.set_title(answer.image.path.stem + ("" if answer.disk is None else f"   disk {answer.disk:.3f}"), loc="left")
    if answer.sun is None or not answer.regions:
        return figure
    disk, times = answer.sun, np.full(len(answer.regions), answer.image.time, dtype="datetime64[ns]")
    latitudes, longitudes = ([getattr(region, name) for region in answer.regions] for name in ("latitude", "longitude"))
    west, north = to_arcsec(latitudes, longitudes, times)
    pixels_per_arcsec = disk.radius / solar_radius(times)
    x_pixels, y_pixels = disk.x + west * pixels_per_arcsec, disk.y - north * pixels_per_arcsec
    for region, x, y in zip(answer.regions, x_pixels, y_pixels, strict=True):
        colour = figures.FAINT if region.probability is None else "white"
        axes.add_patch(Circle((x, y), MARK * disk.radius, fill=False, color=colour, linewidth=1.2))
        text = region_name(region) + ("" if region.probability is None else f"\n{region.probability:.3f}")
        axes.text(x, y - 1.1 * MARK * disk.radius, text, color=colour, fontsize=8, ha="center", va="bottom")
    return figure
