"""EUV images in the form of SDO/AIA's browse images: 512 x 512, through the instrument's own colour table."""

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from astropy import units as u
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from sunpy.visualization.colormaps.color_tables import aia_color_table

from solarflare.sources.simulated.active_corona import Magnetism
from solarflare.sources.simulated.flare_process import Flares
from solarflare.sources.simulated.quiet_corona import QuietCorona
from solarflare.sources.simulated.region_evolution import DAY, Regions
from solarflare.sources.simulated.sphere import Floats, View, generator_of
from solarflare.sources.simulated.typeface import typeface
from solarflare.sun.images.instruments import Instrument

WIDTH = 512
SCALE = 4.8
"""Arcsec per pixel of a browse image. An image of 4096 pixels has 0.6 arcsec per pixel."""

CENTRE_SPREAD = 0.4
"""Standard deviation in pixels of the disk's centre from the image's centre."""

QUALITY = 90
"""JPEG quality. It gives the quantisation tables of most real images."""

FIRST_LIGHT = np.datetime64("2010-05-01")
AGEING = 0.025
"""Fraction of the sensitivity that the detector loses per year after correction (Barnes et al. 2020, JOSS 5, 2801)."""

BLUR = 0.3  # pixels: the telescope's and that of averaging 8 x 8 pixels, in which its noise vanishes


@dataclass(frozen=True)
class Display:
    """Conversion of data numbers to grey levels, on a square root or logarithmic scale.

    ``quiet``, ``black`` and ``white`` are the data numbers of the quiet Sun, the lowest and the highest grey level.

    Notes
    -----
    Black, white and scale are those of aia_intscale.pro in SolarSoft.
    """

    wavelength: int
    quiet: float
    black: float
    white: float
    logarithmic: bool

    def level(self, data: Floats) -> npt.NDArray[np.uint8]:
        """Return the grey levels of data numbers."""
        stretch = np.log if self.logarithmic else np.sqrt
        low, high = stretch(self.black), stretch(self.white)
        fraction = (stretch(np.clip(data, self.black, self.white)) - low) / (high - low)
        return np.rint(255 * fraction).astype(np.uint8)


DISPLAYS: dict[Instrument, Display] = {
    "aia171": Display(171, 550.0, 10.0, 6_000.0, logarithmic=False),
    "aia193": Display(193, 420.0, 120.0, 6_000.0, logarithmic=True),
    "aia211": Display(211, 105.0, 30.0, 13_000.0, logarithmic=True),
}


def render(
    instrument: Instrument,
    regions: Regions,
    flares: Flares,
    time: np.datetime64,
    radius_arcsec: float,
    tilt: float,
    seed: int,
) -> bytes:
    """Return an EUV image as a JPEG file.

    Parameters
    ----------
    instrument : str
        ``aia171``, ``aia193`` or ``aia211``.
    regions, flares : Regions, Flares
        All regions and flares of the simulation.
    time : datetime64
        UTC.
    radius_arcsec : float
        The Sun's angular radius at that time.
    tilt : float
        Latitude of the disk's centre (B0) in radians.
    seed : int
        Seed of the simulation.
    """
    generator = generator_of(seed, 31, time.astype("datetime64[s]"))
    x, y = (WIDTH - 1) / 2 + CENTRE_SPREAD * generator.standard_normal(2)
    view = View(float(x), float(y), radius_arcsec / SCALE, tilt, WIDTH)
    magnetism = Magnetism(regions, view, time, seed, generator)
    active = magnetism.emission(flares, time, seed, generator)
    quiet = QuietCorona(view, time, magnetism.sources, active.haze, seed, generator)
    active.sharp[quiet.disk] *= np.exp(0.4 * quiet.grain)
    active.haze[quiet.disk] *= np.exp(0.33 * quiet.along_field + 0.15 * quiet.grain)
    emission = quiet.emission + active.sharp + active.haze
    display = DISPLAYS[instrument]
    years = (time - FIRST_LIGHT) / DAY / 365.25
    data = display.quiet * (1 - AGEING) ** years * gaussian_filter(emission, BLUR)
    return _print(_colours(display.wavelength)[display.level(data)], display.wavelength, time)


@lru_cache(3)
def _colours(wavelength: int) -> npt.NDArray[np.uint8]:
    """Return the instrument's colour table, (256, 3)."""
    return (aia_color_table(wavelength * u.angstrom)(np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def _print(pixels: npt.NDArray[np.uint8], wavelength: int, time: np.datetime64) -> bytes:
    """Print the caption and encode the JPEG."""
    image = Image.fromarray(pixels)
    stamp = str(time.astype("datetime64[s]")).replace("T", " ")
    caption = f"SDO/AIA  {wavelength}      {stamp} UT"
    ImageDraw.Draw(image).text((5, 493), caption, fill=(255, 255, 255), font=typeface(10))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
