"""The test images of which a network was most and least right, and least certain, with what its answers rest on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

from solarflare.core import tables
from solarflare.report import figures
from solarflare.report.figures import Picture
from solarflare.sun.images import imaging
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

GROUPS = {"best": "Most right", "worst": "Most wrong", "uncertain": "Least certain"}
OF_EACH = 3  # test images of each class in each group

FOR, AGAINST = (240, 130, 60), (80, 160, 255)
"""Colours of what speaks for label 1 and against it; orange and blue are told apart by the colour-blind too."""

CONTRAST = 4
"""Times that a magnetogram's contrast is raised to be looked at: without spots its field is a few greys strong."""

BLUR = 0.02
"""Widths of a crop over which a map is smoothed to be looked at: its grain is finer than the features that it is of."""

STRONGEST = 0.995
"""Quantile of a map's values that gets the full colour: each map is scaled to itself."""

BEHIND = 0.45
"""Brightness of the image behind a map."""


def choose(test: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows that are shown, in the order of their ``group``, a key of `GROUPS`.

    Parameters
    ----------
    test : DataFrame
        With ``label``, ``probability`` and ``threshold``, 0 to 1.
    """
    wrong, decided = (
        (test[told] - test["probability"]).abs().sort_values(kind="stable").groupby(test["label"])
        for told in ("label", "threshold")
    )
    groups = {"best": wrong.head(OF_EACH), "worst": wrong.tail(OF_EACH)[::-1], "uncertain": decided.head(OF_EACH)}
    return pd.concat([test.loc[rows.index].assign(group=group) for group, rows in groups.items()], ignore_index=True)


def legible(image: Pixels, instrument: Instrument) -> Pixels:
    """Return a crop, (H, W, C) uint8, for the eye: a magnetogram with `CONTRAST` times its distance from no field."""
    if instrument not in MAGNETOGRAPHS:
        return image
    zero = imaging.fill_value(instrument)
    return np.clip(zero + CONTRAST * (image.astype(np.int16) - zero), 0, 255).astype(np.uint8)


def overlay(image: Pixels, attribution: npt.NDArray[np.float32]) -> Pixels:
    """Return an image, (H, W, C) uint8, darkened, with its attribution, (H, W), in colours: (H, W, 3) uint8."""
    smooth = gaussian_filter(attribution, BLUR * len(attribution))
    strongest = max(np.quantile(np.abs(smooth), STRONGEST), np.finfo(np.float32).tiny)
    strength = np.minimum(1, np.abs(smooth) / strongest)[..., None]
    colour = np.where(smooth[..., None] > 0, FOR, AGAINST)
    behind = BEHIND * imaging.grey(image.squeeze())[..., None]
    return (behind * (1 - strength) + colour * strength).astype(np.uint8)


def write(
    folder: Path,
    title: str,
    shown: pd.DataFrame,
    pictures: Sequence[Picture],
    maps: npt.NDArray[np.float32],
    instrument: Instrument,
) -> None:
    """Write ``gallery.png``, and for the page ``gallery/``: each image, its map, and ``index.csv`` of them.

    Parameters
    ----------
    folder : Path
        That is there.
    title : str
        What stands above.
    shown : DataFrame
        Of `choose`, n rows.
    pictures : sequence of Picture
        Their crops.
    maps : (n, H, W) float32
        Of `explanation.Attribution`.
    instrument : str
        Whose images they are.
    """
    pictures = [replace(picture, image=legible(picture.image, instrument)) for picture in pictures]
    beside = [Picture(overlay(picture.image, one), "") for picture, one in zip(pictures, maps, strict=True)]
    sheet: dict[str, list[Picture]] = {heading: [] for heading in GROUPS.values()}
    (folder / "gallery").mkdir()
    for number, (group, *pair) in enumerate(zip(shown["group"], pictures, beside, strict=True)):
        sheet[GROUPS[group]] += pair
        for kind, picture in zip(("image", "map"), pair, strict=True):
            shown_in = Image.fromarray(picture.image.squeeze())
            shown_in.save(folder / "gallery" / f"{number:02}-{kind}.jpg", quality=88, subsampling=0)
    figures.save(figures.contact_sheet(sheet, title), folder / "gallery.png")
    listed = shown.reindex(columns=["group", "path", "noaa_ar", "time", "label", "probability"])
    listed.to_csv(folder / "gallery/index.csv", index=False, date_format=tables.TIME_FORMAT, lineterminator="\n")
