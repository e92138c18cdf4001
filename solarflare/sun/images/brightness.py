"""The grey levels of a field in gauss, or of AIA's counts, as the instruments' browse images show them."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solarflare.sun.images.instruments import Instrument

Pixels = npt.NDArray[np.uint8]

SATURATION = 250.0
"""Gauss: the field from which a magnetogram is black or white. Helioviewer's images of HMI use it (Helioviewer-Project,
jp2gen, ``sdo/hmi/hvs_default_hmi.pro``, dataMin and dataMax)."""

ZERO_FIELD, LEVELS = 128, 127
"""Grey level of no field, and levels on either side of it. Level 0 is left to the sky."""


@dataclass(frozen=True)
class Stretch:
    """How AIA's counts become a browse image.

    The counts are divided by the exposure and the degradation, multiplied by `exposure`, clipped to `low` and `high`,
    stretched (square root, or logarithm if `logarithmic`) and spread over 0 to 255.

    Attributes
    ----------
    wavelength : int
        Angstrom; it names the colour table.
    exposure : float
        Seconds.
    low, high : float
        Counts (DN) in that exposure.
    logarithmic : bool
        The stretch.
    degradation : tuple of float
        Effective area, in parts of that of March 2010, at each of `YEARS`.
    """

    wavelength: int
    exposure: float
    low: float
    high: float
    logarithmic: bool
    degradation: tuple[float, ...]


YEARS = (2010.23, 2011.0, 2012.0, 2013.0, 2014.0, 2015.0, 2016.0, 2017.0, 2018.0)

STRETCHES: dict[Instrument, Stretch] = {
    "aia171": Stretch(171, 4.99803, 10, 6_000, False, (1.0, 0.95, 0.96, 0.88, 0.85, 0.83, 0.79, 0.78, 0.76)),
    "aia193": Stretch(193, 2.9995, 120, 6_000, True, (1.0, 0.98, 0.94, 0.93, 0.90, 0.86, 0.84, 0.83, 0.81)),
    "aia211": Stretch(211, 4.99801, 30, 13_000, True, (1.0, 0.96, 0.90, 0.86, 0.81, 0.76, 0.74, 0.72, 0.70)),
}
"""Exposure, clipping and stretch: ``aia_intscale.pro`` of SolarSoft, which makes the browse images.

Degradation: version 8 of the instrument's response table (SolarSoft, ``aia_V8_20171210_050627_response_table.txt``), by
the formula of ``aia_bp_corrections.pro``. It ends with 2017; later images are corrected as those of January 2018."""


def field_to_grey(gauss: npt.NDArray[np.floating], saturation: float = SATURATION) -> Pixels:
    """Return the grey levels of a line-of-sight field: 128 is no field, 1 and 255 are `saturation` and more, in gauss.

    Examples
    --------
    >>> field_to_grey(np.array([-1000.0, -125.0, 0.0, 250.0])).tolist()
    [1, 64, 128, 255]
    """
    share = np.clip(gauss / saturation, -1, 1)
    return np.rint(ZERO_FIELD + LEVELS * share).astype(np.uint8)


def counts_to_grey(
    counts: npt.NDArray[np.floating], instrument: Instrument, seconds: float, time: dt.datetime
) -> Pixels:
    """Return the levels, 0 to 255, of AIA's counts (DN) in an exposure of some seconds, by `STRETCHES`.

    Examples
    --------
    >>> counts_to_grey(np.array([0.0, 60.0, 6000.0]), "aia193", 2.0, dt.datetime(2010, 3, 25)).tolist()
    [0, 0, 255]
    """
    rule = STRETCHES[instrument]
    year = time.year + (time.timetuple().tm_yday - 1) / 365.25
    lost = float(np.interp(year, YEARS, rule.degradation))
    clipped = np.clip(counts * (rule.exposure / seconds / lost), rule.low, rule.high)
    stretch = np.log10 if rule.logarithmic else np.sqrt
    low, high = stretch(rule.low), stretch(rule.high)
    return np.rint(255 * (stretch(clipped) - low) / (high - low)).astype(np.uint8)


def colours(grey: Pixels, instrument: Instrument) -> Pixels:
    """Return an EUV image, (H, W), in the instrument's colours, (H, W, 3)."""
    from astropy import units as u
    from sunpy.visualization.colormaps.color_tables import aia_color_table

    table = aia_color_table(STRETCHES[instrument].wavelength * u.angstrom)(np.arange(256))[:, :3]
    return (table * 255).round().astype(np.uint8)[grey]
