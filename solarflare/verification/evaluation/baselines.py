"""The statistics of each image from which the baseline `logistic` makes its forecast. A network has to beat it."""

import numpy as np
from numpy.typing import NDArray

from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument

ZERO_FIELD = 128  # the grey level of no magnetic field
STRONG_FIELD = 40  # grey levels from zero: well above the magnetic network and the noise of the quiet Sun
BRIGHT = 160  # grey level from which on the colour tables of the browse images show active regions


def statistics(images: NDArray[np.uint8], instrument: Instrument) -> NDArray[np.float64]:
    """Return seven statistics, (N, 7), of images (N, H, W, C), uint8. Blanked pixels count as no field, or no light.

    They are mean, standard deviation, median, 90th and 99th percentile and maximum of the pixels in grey levels, and
    the share of strong pixels, from `STRONG_FIELD` or `BRIGHT` on. For a magnetograph they describe the unsigned field,
    for an EUV imager the intensity. The usual predictors of a flare are total unsigned flux (Leka & Barnes 2007,
    doi:10.1086/510282) and the share of the flux in strong field. For the corona it is the distribution of intensities.
    """
    pixels = images.mean(axis=-1, dtype=np.float32).reshape(len(images), -1)
    strong = BRIGHT
    if instrument in MAGNETOGRAPHS:
        pixels, strong = np.abs(pixels - ZERO_FIELD), STRONG_FIELD
    ranks = np.percentile(pixels, [50, 90, 99, 100], axis=1)
    share = (pixels >= strong).mean(axis=1)
    return np.column_stack([pixels.mean(axis=1), pixels.std(axis=1), *ranks, share]).astype(float)
