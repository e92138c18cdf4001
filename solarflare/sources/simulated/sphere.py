"""The Sun's sphere as seen from Earth: projection of points on it to pixels, and random textures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


def generator_of(seed: int, kind: int, number: int | np.datetime64) -> np.random.Generator:
    """Return the random numbers of a thing: the simulation's seed, the kind of thing, and its number or its time.

    A time is counted in its unit since 1970. The count may be negative, which no seed may be.
    """
    return np.random.default_rng([seed, kind, int(np.int64(number)) % 2**64])


@dataclass(frozen=True)
class View:
    """Projection of the Sun onto an image: orthographic, solar north up, west right.

    ``x``, ``y`` (the disk's centre), ``radius`` and ``width`` (the image's side) are in pixels; ``tilt`` is the
    latitude of the disk's centre (B0) in radians.
    """

    x: float
    y: float
    radius: float
    tilt: float
    width: int

    def plane(self) -> tuple[Floats, Floats]:
        """Return each pixel's distance west and north of the centre in solar radii, (1, width) and (width, 1)."""
        pixel = np.arange(self.width, dtype=np.float32)
        west = (pixel - np.float32(self.x)) / np.float32(self.radius)
        north = (np.float32(self.y) - pixel) / np.float32(self.radius)
        return west[None, :], north[:, None]

    def plane_at(self, mask: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return the distance west and north of the pixels in a mask (width, width), each (n,)."""
        west, north = self.plane()
        return np.broadcast_to(west, mask.shape)[mask], np.broadcast_to(north, mask.shape)[mask]

    def around_disk(self, margin: float) -> tuple[slice, slice]:
        """Return the rows and columns of a box around the disk, with a margin in pixels."""
        reach = self.radius + margin
        rows, columns = ((max(0, int(middle - reach)), int(middle + reach) + 2) for middle in (self.y, self.x))
        return slice(rows[0], min(rows[1], self.width)), slice(columns[0], min(columns[1], self.width))

    def space(self, latitude: Values, longitude: Values) -> Values:
        """Return points on the sphere, in radians, as unit vectors (n, 3): west, north, towards the Earth."""
        forward = np.cos(latitude) * np.cos(longitude)
        return np.stack(
            [
                np.cos(latitude) * np.sin(longitude),
                np.sin(latitude) * np.cos(self.tilt) - forward * np.sin(self.tilt),
                np.sin(latitude) * np.sin(self.tilt) + forward * np.cos(self.tilt),
            ],
            axis=-1,
        )

    def pixels(self, space: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Return the pixel coordinates x, y of points (..., 3) in solar radii."""
        return self.x + space[..., 0] * self.radius, self.y - space[..., 1] * self.radius


def splat(
    x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], weight: npt.NDArray[np.floating], width: int
) -> Floats:
    """Return an image of points, (width, width). The weight of a point is divided among the four pixels around it."""
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    inside = (left >= 0) & (left < width) & (top >= 0) & (top < width)
    left, top, weight = left[inside], top[inside], weight[inside]
    right_share, low_share = x[inside] - left, y[inside] - top
    corner = top * (width + 1) + left
    image = np.zeros((width + 1) * (width + 1))
    for column, row, share in (
        (0, 0, (1 - right_share) * (1 - low_share)),
        (1, 0, right_share * (1 - low_share)),
        (0, 1, (1 - right_share) * low_share),
        (1, 1, right_share * low_share),
    ):
        image += np.bincount(corner + row * (width + 1) + column, weight * share, minlength=len(image))
    return image.reshape(width + 1, width + 1)[:width, :width].astype(np.float32)


def blur(image: Floats, sigma: float, truncate: float = 4.0) -> Floats:
    """Return `gaussian_filter` of an image without negative values, (width, width).

    Only the part around the values above zero is filtered: elsewhere the result is zero.
    """
    result = np.zeros_like(image)
    if image.any():
        reach = int(truncate * sigma + 0.5)  # as `gaussian_filter` has it
        used = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        window = tuple(slice(max(0, index[0] - reach), index[-1] + reach + 1) for index in used)
        result[window] = gaussian_filter(image[window], sigma, truncate=truncate)
    return result


def patch(
    tile: Floats, start: npt.NDArray[np.int64], rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32]
) -> Floats:
    """Return values of a periodic tile, (side, side), in the shape of the rows and columns.

    Rows and columns are counted from `start`, (2,), and are less than half a side away from it.
    """
    middle = len(tile) // 2
    rolled = np.roll(tile, middle - start, axis=(0, 1))
    return rolled.ravel()[(rows + middle) * len(tile) + (columns + middle)]


def spectral_noise(generator: np.random.Generator, width: int, scale: float, power: float = 0.0) -> Floats:
    """Return periodic noise (width, width) of unit variance.

    Its power spectrum is proportional to ``exp(-k * scale) * k ** -power``, with k in cycles per pixel.
    """
    spectrum = np.fft.rfft2(generator.standard_normal((width, width)))
    k = np.hypot(np.fft.fftfreq(width)[:, None], np.fft.rfftfreq(width)[None, :])
    k[0, 0] = np.inf
    noise = np.fft.irfft2(spectrum * np.sqrt(np.exp(-k * scale) * k**-power), s=(width, width))
    return (noise / noise.std()).astype(np.float32)
