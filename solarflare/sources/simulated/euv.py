"""EUV images in the form of SDO/AIA's browse images: 512 x 512, through the instrument's own colour table."""

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from astropy import units as u
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter
from sunpy.visualization.colormaps.color_tables import aia_color_table

from solarflare.params import Instrument
from solarflare.sources.simulated.flares import Flares
from solarflare.sources.simulated.regions import DAY, Regions, activity
from solarflare.sources.simulated.sphere import Blobs, Floats, View, blobs

WIDTH = 512
SCALE = 4.8
"""Arcsec a pixel of a browse image: 0.6 arcsec at 4096 pixels."""

WAVELENGTH: dict[Instrument, int] = {"aia171": 171, "aia193": 193, "aia211": 211}
QUALITY = 82
MAP_SHAPE = (540, 1080)
LOOP_POINTS = 40
FIRST_LIGHT = np.datetime64("2010-05-01")
AGEING = 0.055
"""Share of its sensitivity that the detector loses a year (Barnes et al. 2020, aiapy: about 5 % at 211 angstrom)."""

HALF_OF_AGEING = 0.5
"""How much of that the makers of the browse images put right."""


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
        Of the simulation.
    time : datetime64
        UTC.
    radius_arcsec : float
        The Sun's angular radius at that time.
    tilt : float
        Latitude of the disk's centre (B0) in radians.
    seed : int
        Of the simulation.
    """
    generator = np.random.default_rng([seed, 31, int(time.astype("datetime64[s]").astype(np.int64))])
    shift = 0.6 * generator.standard_normal(2)
    view = View(
        (WIDTH - 1) / 2 + float(shift[0]), (WIDTH - 1) / 2 + float(shift[1]), radius_arcsec / SCALE, tilt, WIDTH
    )
    glow, sharp = _regions(regions, flares, view, time, seed, generator)
    brightness = _corona(view, time, glow, seed) + glow + sharp
    # The display is nearly logarithmic: what the detector loses is taken off as so many grey levels.
    years = (time - FIRST_LIGHT) / DAY / 365.25
    brightness += 55 * np.log1p(-AGEING * HALF_OF_AGEING * max(0.0, years))
    brightness += 1.6 * generator.standard_normal((WIDTH, WIDTH)).astype(np.float32)
    index = np.clip(np.rint(_shoulder(brightness)), 0, 255).astype(np.uint8)
    return _print(_colours(WAVELENGTH[instrument])[index], WAVELENGTH[instrument], time)


def _corona(view: View, time: np.datetime64, glow: Floats, seed: int) -> Floats:
    """Return the quiet corona in grey levels: on the disk, at the limb, and beyond it."""
    west, north = view.plane()
    distance = np.hypot(west, north)
    inside = np.minimum(distance, 0.999) / np.maximum(distance, 1e-6)
    latitude, longitude, _ = view.heliographic((west * inside).astype(np.float32), (north * inside).astype(np.float32))
    level = float(activity(np.array([time]))[0])
    texture, holes, points = _look_up(latitude, longitude, time, seed)
    quiet = 72 + 22 * level + 26 * texture + 46 * points
    polar = np.abs(latitude) / (np.pi / 2) * (1.15 - 0.4 * level)
    openness = 1 / (1 + np.exp(-22 * (holes * 0.42 + polar - 0.98)))
    # Regions close what is open.
    openness *= np.exp(-glow / 25)
    disk = quiet * (1 - 0.85 * openness) + 14 * points * openness
    brightening = (58 + 20 * level) * np.exp(-np.abs(1.012 - distance) / 0.028)
    angle = np.arctan2(north, west)
    streamers = _streamers(angle, time, seed)
    equatorial = np.cos(angle) ** 2 * (1 - level) + level
    height = np.maximum(distance - 1.012, 0)
    beyond = (100 + 55 * level) * (0.55 + 0.35 * equatorial + 0.3 * streamers) * np.exp(-height / 0.19) - 24 * (
        height / 0.2
    )
    return np.where(distance < 1.0, disk + brightening, np.maximum(beyond + brightening * 0.6, 0)).astype(np.float32)


def _look_up(latitude: Floats, longitude: Floats, time: np.datetime64, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return the quiet corona's texture, its holes and its bright points at places on the Sun that turn with it."""
    days = (time - FIRST_LIGHT) / DAY
    turn = int(days * 360 / 27.2753 / 360 * MAP_SHAPE[1])
    rows = np.minimum(((latitude + np.float32(np.pi / 2)) / np.float32(np.pi) * MAP_SHAPE[0]).astype(np.int32), 539)
    columns = ((longitude + np.float32(np.pi)) / np.float32(2 * np.pi) * MAP_SHAPE[1]).astype(np.int32)
    # Holes live for some rotations, the texture for a day.
    month = int(days // 80)
    share = np.float32(days / 80 - month)
    hole_maps = [_maps(seed, 100_000 + number)[0] for number in (month, month + 1)]
    hole = ((1 - share) * hole_maps[0] + share * hole_maps[1])[rows, (columns - turn) % MAP_SHAPE[1]]
    texture = _maps(seed, 0)
    day = int(days) * 389
    fine = texture[1][rows, (columns + day) % MAP_SHAPE[1]]
    return (
        (0.55 * fine + 0.45 * hole).astype(np.float32),
        hole.astype(np.float32),
        texture[2][rows, (columns + day) % MAP_SHAPE[1]],
    )


@lru_cache(6)
def _maps(seed: int, number: int) -> tuple[Floats, Floats, Floats]:
    """Return maps of the whole Sun: a smooth one, a fine one, and one of bright points; of unit variance."""
    generator = np.random.default_rng([seed, 32, number])

    def noise(sigma: float) -> Floats:
        field = gaussian_filter(generator.standard_normal(MAP_SHAPE).astype(np.float32), sigma, mode="wrap")
        return field / field.std()

    smooth = noise(38)
    fine = 0.5 * noise(14) + 0.55 * noise(5) + 0.45 * noise(2)
    points = np.zeros(MAP_SHAPE, dtype=np.float32)
    places = generator.integers(points.size, size=1400)
    points.ravel()[places] = generator.exponential(1.0, len(places)).astype(np.float32)
    return smooth, fine / fine.std(), 14 * gaussian_filter(points, 1.3, mode="wrap")


def _streamers(angle: Floats, time: np.datetime64, seed: int) -> Floats:
    """Return how dense the corona is around the limb: streamers that come and go in days."""
    day = int(time.astype("datetime64[D]").astype(np.int64))
    profiles = [
        gaussian_filter(np.random.default_rng([seed, 33, number]).standard_normal(720), 16, mode="wrap")
        for number in (day // 5, day // 5 + 1)
    ]
    share = day / 5 - day // 5
    profile = (1 - share) * profiles[0] + share * profiles[1]
    rays = gaussian_filter(np.random.default_rng([seed, 34, day]).standard_normal(720), 2, mode="wrap")
    profile = profile / profile.std() + 0.25 * rays / rays.std()
    return profile.astype(np.float32)[((angle / (2 * np.pi) + 0.5) * 720).astype(np.int32) % 720]


def _regions(
    regions: Regions, flares: Flares, view: View, time: np.datetime64, seed: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return what active regions add, in grey levels: their wide glow, and their loops, moss and flares."""
    glow = np.zeros((WIDTH, WIDTH), dtype=np.float32)
    sharp = np.zeros((WIDTH, WIDTH), dtype=np.float32)
    active = flares.in_progress(time)
    for region in regions.visible(time):
        own = blobs(regions, region, time, seed)
        flux = float(regions.flux_at(np.array([region]), regions.age(time)[[region]])[0]) / 1e22
        complexity = float(regions.complexity[region])
        centre = (
            np.average(own.longitude, weights=np.abs(own.field)),
            np.average(own.latitude, weights=np.abs(own.field)),
        )
        # Emission follows the flux (Pevtsov et al. 2003, ApJ 598, 1387); each region is hotter or cooler than its flux.
        heat = np.exp(0.16 * generator.standard_normal())
        size = np.radians(3.2 + 4.5 * flux**0.4)
        x, y, _ = view.project(centre[1], centre[0], 1.03)
        _spot(glow, float(x), float(y), size * view.radius, 62 * min(1.6, flux**0.4) * heat)
        _loops(sharp, own, view, 95 * min(1.5, (0.05 + flux) ** 0.35) * heat, complexity, generator)
        _flares(sharp, own, view, flares, active[flares.region[active] == region], time, generator)
    return glow, sharp


def _loops(
    sharp: Floats, own: Blobs, view: View, strength: float, complexity: float, generator: np.random.Generator
) -> None:
    """Draw loops from one polarity to the other; the more complex the region, the lower and brighter."""
    positive, negative = np.flatnonzero(own.field > 30), np.flatnonzero(own.field < -30)
    if len(positive) == 0 or len(negative) == 0:
        return
    n = 46
    weights = [np.abs(own.field[which]) / np.abs(own.field[which]).sum() for which in (positive, negative)]
    start = generator.choice(positive, n, p=weights[0])
    end = generator.choice(negative, n, p=weights[1])
    along = np.linspace(0, 1, LOOP_POINTS)[:, None]
    wobble = 0.006 * generator.standard_normal((2, n))
    latitude = own.latitude[start] * (1 - along) + own.latitude[end] * along + wobble[0] * np.sin(np.pi * along)
    longitude = own.longitude[start] * (1 - along) + own.longitude[end] * along + wobble[1] * np.sin(np.pi * along)
    length = np.hypot(own.latitude[start] - own.latitude[end], own.longitude[start] - own.longitude[end])
    low = np.where(generator.uniform(size=n) < complexity, 0.25, 0.8)
    x, y, toward = view.project(latitude, longitude, 1 + low * length * np.sin(np.pi * along))
    light = generator.exponential(1.0, n) * np.where(low < 0.5, 1.5, 0.8) * (1 + 0.6 * np.cos(2 * np.pi * along))
    # What is behind the disk is not seen.
    seen = (toward > 0) | (np.hypot(x - view.x, y - view.y) > view.radius)
    left, top = int(x.min()) - 8, int(y.min()) - 8
    height, width = int(y.max()) - top + 9, int(x.max()) - left + 9
    patch, _, _ = np.histogram2d(
        (y - top).ravel(),
        (x - left).ravel(),
        bins=(height, width),
        range=((-0.5, height - 0.5), (-0.5, width - 0.5)),
        weights=(light * seen).ravel(),
    )
    patch = 0.55 * gaussian_filter(patch, 0.8) + 0.6 * gaussian_filter(patch, 1.9) + 0.7 * gaussian_filter(patch, 4.5)
    _paste(sharp, (strength * (patch / (patch + 1.1))).astype(np.float32), left, top)


def _flares(
    sharp: Floats,
    own: Blobs,
    view: View,
    flares: Flares,
    active: npt.NDArray[np.int64],
    time: np.datetime64,
    generator: np.random.Generator,
) -> None:
    """Brighten the polarity inversion line of a region by what its flares emit now; a faint one hardly shows."""
    for flare, now in zip(active, flares.flux_at(active, time), strict=True):
        place = np.random.default_rng([int(flare), 41])
        strong = np.argsort(-np.abs(own.field))[:10]
        one, other = place.choice(strong, 2, replace=False)
        along = np.linspace(0.25, 0.75, 7)
        latitude = own.latitude[one] * (1 - along) + own.latitude[other] * along
        longitude = own.longitude[one] * (1 - along) + own.longitude[other] * along
        x, y, toward = view.project(latitude, longitude, 1.01)
        # Not all of a flare's heat shows at this wavelength.
        size = now / 1e-6 * np.exp(0.5 * place.standard_normal())
        light = 62 * np.log1p(1.1 * size)
        if now < 2e-8 or toward.min() < -0.05:
            continue
        width = 1.1 + 0.55 * np.log1p(size)
        for column, row in zip(x, y, strict=True):
            _spot(sharp, float(column), float(row), width, light / 3.2)


def _spot(target: Floats, x: float, y: float, sigma: float, height: float) -> None:
    """Add a round Gaussian, on the pixels near it alone."""
    reach = 3.5 * sigma + 1
    rows = np.arange(max(0, int(y - reach)), min(WIDTH, int(y + reach) + 2))
    columns = np.arange(max(0, int(x - reach)), min(WIDTH, int(x + reach) + 2))
    if len(rows) and len(columns):
        profile = np.exp(-((rows - y) ** 2) / (2 * sigma**2))[:, None] * np.exp(-((columns - x) ** 2) / (2 * sigma**2))
        target[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += (height * profile).astype(np.float32)


def _paste(target: Floats, patch: Floats, left: int, top: int) -> None:
    """Add a patch where it lies on the image."""
    rows = slice(max(0, top), min(WIDTH, top + patch.shape[0]))
    columns = slice(max(0, left), min(WIDTH, left + patch.shape[1]))
    if rows.stop > rows.start and columns.stop > columns.start:
        target[rows, columns] += patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _shoulder(brightness: Floats) -> Floats:
    """Bend what is brighter than the display shows: only flares saturate."""
    knee = 185
    above = np.maximum(brightness - knee, 0)
    return np.minimum(brightness, knee) + 70 * (1 - np.exp(-above / 95))


@lru_cache(3)
def _colours(wavelength: int) -> npt.NDArray[np.uint8]:
    """Return the instrument's colour table, (256, 3)."""
    return (aia_color_table(wavelength * u.angstrom)(np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def _print(pixels: npt.NDArray[np.uint8], wavelength: int, time: np.datetime64) -> bytes:
    """Print the caption, and encode."""
    image = Image.fromarray(pixels)
    stamp = str(time.astype("datetime64[s]")).replace("T", " ")
    font = ImageFont.load_default_imagefont()
    ImageDraw.Draw(image).text((5, 493), f"SDO/AIA  {wavelength}    {stamp} UT", fill=(255, 255, 255), font=font)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
