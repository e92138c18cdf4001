"""Images with a header: what is read from it, how pixels become a browse image, and what is refused with a sentence."""

import datetime as dt
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter, find_disk
from solarflare.sources.common.identity import identify
from solarflare.sun.images import brightness, headed_files, headers, imaging, usable
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.headed_files import SunImage
from solarflare.sun.images.headers import Unusable
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument
from tests import field_files as files
from tests import parameters
from tests.conftest import SHARED

NORTH_EAST = (
    -1 / 3,
    -1 / 2,
)  # the spot of the drawn images, in radii west and south of the centre
FULL_DISKS = [
    "2013_06_24__17_31_30_84__SDO_AIA_AIA_193.jp2",
    "2015_12_21__00_10_34_34__SDO_AIA_AIA_171.jp2",
    "aia_171_level1.fits",
    "mdi.fd_M_96m_lev182.20101015_000000_TAI.data.fits",
    "mdi_fd_M_96m_01d.5874.0005_s.fits",
]


def hmi(**changes: Any) -> dict[str, Any]:
    return files.place(files.HMI, files.DISK) | changes


def aia(**changes: Any) -> dict[str, Any]:
    return files.place(files.AIA, files.AIA_DISK) | changes


def without(header: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in header.items() if key not in keys}


def brightest(image: SunImage) -> tuple[float, float]:
    """Return the place of the spot, in radii of the header's disk: west and south are positive."""
    grey = ndimage.gaussian_filter(imaging.grey(image.pixels).astype(float), 4)
    row, column = np.unravel_index(grey.argmax(), grey.shape)
    return (column - image.disk.x) / image.disk.radius, (row - image.disk.y) / image.disk.radius


def assert_fits_the_header(image: SunImage) -> None:
    """Centre and radius from the pixels alone are within 1 px or 0.5 % of those of the header."""
    fit = find_disk(imaging.grey(image.pixels), image.stamp.instrument, pd.Timestamp(image.stamp.time))
    limit = max(1.0, 0.005 * image.disk.radius)
    assert fit.fitted
    assert abs(fit.radius - image.disk.radius) <= limit
    assert np.hypot(fit.x - image.disk.x, fit.y - image.disk.y) <= limit


# What is read


@pytest.mark.parametrize("name", FULL_DISKS)
def test_the_fit_agrees_with_the_headers_of_real_files(name: str) -> None:
    if not (SHARED / "formats").is_dir():
        pytest.skip("needs real files in ../shared/formats, which is not there")
    assert_fits_the_header(headed_files.read(SHARED / "formats" / name))


def test_a_compressed_magnetogram_of_jsoc_is_turned_north_up(tmp_path: Path) -> None:
    header = files.half_turned(hmi())
    image = headed_files.read(files.write(tmp_path / "m.fits", files.field()[::-1, ::-1], header, compressed=True))
    assert image.stamp == ("hmi", dt.datetime(2017, 3, 1))
    assert (image.disk.x, image.disk.y, image.disk.radius) == pytest.approx((257.3, 253.1, 240.0), abs=0.05)
    assert brightest(image) == pytest.approx(NORTH_EAST, abs=0.05)
    assert_fits_the_header(image)


@pytest.mark.parametrize("roll", [30.0, 150.0, 179.5, -75.0])
def test_any_roll_is_turned_back(roll: float, tmp_path: Path) -> None:
    centre = (files.WIDTH - 1) / 2
    disk = Disk(centre, centre, 240.0, fitted=False)
    # A positive CROTA2 says that north is turned with the clock (Thompson 2006, doi:10.1051/0004-6361:20054262).
    turned = ndimage.rotate(np.nan_to_num(files.field(disk=disk)), -roll, reshape=False, order=1)
    y, x = np.mgrid[: files.WIDTH, : files.WIDTH] - centre
    turned[np.hypot(x, y) > disk.radius] = np.nan
    header = files.place(files.HMI, disk) | {"CROTA2": roll}
    image = headed_files.read(files.write(tmp_path / "m.fits", turned, header))
    assert brightest(image) == pytest.approx(NORTH_EAST, abs=0.06)
    assert image.pixels.shape == (files.WIDTH, files.WIDTH)
    assert_fits_the_header(image)


def test_gong_is_read_without_a_scale_and_with_its_own_dates(tmp_path: Path) -> None:
    values = files.field(860, files.GONG_DISK, sky=-886.8, edge=0.99)
    header = files.place(files.GONG, files.GONG_DISK, 860)
    path = files.write(tmp_path / "tdbqa090905t2154.fits.fz", values, header, compressed=True)
    assert identify(path).stamp == ("gong", dt.datetime(2009, 9, 5, 21, 53, 59))  # GPS time was 15 s ahead of UTC
    image = headed_files.read(path)
    assert (image.disk.x, image.disk.y, image.disk.radius) == (424.2, 419.5, 376.0)
    assert_fits_the_header(image)
    assert usable.refusal(path, "gong") is None


def test_the_sky_of_an_uncut_image_is_beyond_the_headers_disk(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 100, (files.WIDTH, files.WIDTH))
    values = np.where(np.isnan(files.field()), noise, files.field())
    image = headed_files.read(files.write(tmp_path / "m.fits", values, hmi()))
    assert image.pixels[0].max() == 0
    assert image.pixels[253, 257] > 100


def test_solarmonitors_mdi_is_read_gzipped_in_whole_numbers_and_with_its_own_dates(tmp_path: Path) -> None:
    values = np.nan_to_num(files.field(), nan=-32768).astype(np.int16)[::-1, ::-1]
    header = files.half_turned(files.place(files.MDI_OF_SOLARMONITOR, files.DISK)) | {"P_ANGLE": 180.0}
    path = files.write(tmp_path / "smdi_maglc_fd_20090728_0136.fts.gz", values, without(header, "CROTA2"))
    assert identify(path).stamp == ("mdi", dt.datetime(2009, 7, 28, 1, 36))
    image = headed_files.read(path)
    assert brightest(image) == pytest.approx(NORTH_EAST, abs=0.05)
    assert_fits_the_header(image)


@pytest.mark.parametrize(
    ("cards", "time"),
    [
        ({"DATE-OBS": "2017-03-01T00:00:00.9"}, "2017-03-01T00:00:00"),
        ({"DATE-OBS": "2009/09/05", "TIME-OBS": "21:54:14"}, "2009-09-05T21:54:14"),
        ({"DATE-OBS": "28-Jul-2009 01:36:00.000"}, "2009-07-28T01:36:00"),
        ({"DATE-OBS": "2017-03-01T00:00:00Z"}, "2017-03-01T00:00:00"),
        ({"T_OBS": "2017.03.01_00:00:37_TAI"}, "2017-03-01T00:00:00"),
        ({"DATE-OBS": "2017-03-01T00:00:37", "TIMESYS": "TAI"}, "2017-03-01T00:00:00"),
        ({"T_REC": "2010.10.15_00:00:34.000_TAI"}, "2010-10-15T00:00:00"),
    ],
)
def test_times_become_utc(cards: dict[str, str], time: str) -> None:
    assert headers.time_of(cards) == dt.datetime.fromisoformat(time)


def test_a_day_without_a_time_takes_the_names_time() -> None:
    header = without(files.HMI, "T_OBS") | {"DATE-OBS": "28-Jul-2009"}
    assert headers.stamp(header, None, dt.datetime(2009, 7, 28, 1, 36)).time == dt.datetime(2009, 7, 28, 1, 36)
    with pytest.raises(Unusable, match="2009-07-29 by its name"):
        headers.stamp(header, None, dt.datetime(2009, 7, 29, 1, 36))


def test_counts_are_divided_by_their_exposure(tmp_path: Path) -> None:
    short = headed_files.read(files.write(tmp_path / "a.fits", files.counts(), aia()))
    long = headed_files.read(files.write(tmp_path / "b.fits", 2 * files.counts(), aia(EXPTIME=5.8)))
    per_second = headed_files.read(files.write(tmp_path / "c.fits", files.counts() / 2.9, aia(BUNIT="DN/s")))
    assert (short.pixels == long.pixels).all()
    assert (short.pixels == per_second.pixels).all()
    assert short.pixels.shape == (files.WIDTH, files.WIDTH, 3)
    assert brightest(short) == pytest.approx(NORTH_EAST, abs=0.05)


def test_counts_of_a_degraded_instrument_are_raised() -> None:
    counts = np.array([300.0])
    new, old = (brightness.counts_to_grey(counts, "aia211", 2.9, dt.datetime(year, 6, 1)) for year in (2010, 2017))
    assert old[0] > new[0]


@pytest.mark.parametrize("instrument", brightness.STRETCHES)
def test_a_stretch_uses_all_levels_in_order(instrument: Instrument) -> None:
    levels = brightness.counts_to_grey(np.logspace(-1, 5, 200), instrument, 2.0, dt.datetime(2011, 1, 1))
    assert (levels[0], levels[-1]) == (0, 255)
    assert (np.diff(levels.astype(int)) >= 0).all()


def test_jpeg_2000_is_read_by_the_header_in_its_box(tmp_path: Path) -> None:
    grey = imaging.grey(headed_files.read(files.write(tmp_path / "a.fits", files.counts(), aia())).pixels)
    header = aia() | {"DATE-OBS": "2014-02-01T12:00:00.84"}
    path = files.write_jpeg_2000(tmp_path / "2014_02_01__12_00_00_84__SDO_AIA_AIA_211.jp2", grey, header)
    assert identify(path).stamp == ("aia211", dt.datetime(2014, 2, 1, 12))
    image = headed_files.read(path)
    assert brightest(image) == pytest.approx(NORTH_EAST, abs=0.05)
    assert (image.disk.x, image.disk.y) == pytest.approx((257.3, 253.1), abs=0.05)
    assert_fits_the_header(image)


def test_a_gap_in_the_disk_is_no_field_and_a_large_one_is_refused(tmp_path: Path) -> None:
    values = files.field()
    values[250:255, 250:255] = np.nan
    assert (headed_files.read(files.write(tmp_path / "a.fits", values, hmi())).pixels[250:255, 250:255] == 128).all()
    values[150:255, 150:255] = np.nan
    with pytest.raises(Unusable, match="of the disk's pixels have a value"):
        headed_files.read(files.write(tmp_path / "b.fits", values, hmi()))


# What a magnetogram's crop is, from FITS and from a browse image of the same moment


def crop_of(path: Path, instrument: Instrument, time: dt.datetime) -> np.ndarray:
    cutter = Cutter(Task.DISK, instrument, path.parent, parameters.load(parameters.FIXED).crop)
    row = pd.DataFrame({"path": [path.name], "time": pd.to_datetime([time]), "solar_radius": 970.0})
    return cutter(row)[1][0, :, :, 0].astype(int)


def test_fits_and_a_grey_jpeg_of_one_moment_give_nearly_the_same_crop(tmp_path: Path) -> None:
    header = files.half_turned(hmi())
    path = files.write(tmp_path / "m.fits", files.field()[::-1, ::-1], header)
    browse = brightness.field_to_grey(np.nan_to_num(files.field()))
    Image.fromarray(np.where(np.isnan(files.field()), 0, browse).astype(np.uint8)).save(tmp_path / "m.jpg", quality=90)
    time = dt.datetime(2017, 3, 1)
    apart = np.abs(crop_of(path, "hmi", time) - crop_of(tmp_path / "m.jpg", "hmi", time))
    assert apart.mean() < 1.5
    assert np.percentile(apart, 99) <= 6


def test_saturation_is_the_field_that_is_white(tmp_path: Path) -> None:
    path = files.write(tmp_path / "m.fits", files.field(), hmi())
    weak, strong = (imaging.decode(path, "L", saturation=gauss) for gauss in (250.0, 3600.0))
    spot = (int(files.DISK.y - files.DISK.radius / 2), int(files.DISK.x - files.DISK.radius / 3))
    assert weak[spot] == 255
    assert strong[spot] == 128 + round(127 / 4)


# What is refused, each with one sentence


Broken = Callable[[Path], Path]


def save(pixels: np.ndarray, path: Path, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def halved(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def page(path: Path) -> Path:
    path.write_text("<!DOCTYPE html><html><body>404</body></html>")
    return path


def rgba(folder: Path) -> Path:
    return save(np.full((512, 512, 4), 200, np.uint8), folder / "20170301_000000_512_HMIB.png")


def coloured(folder: Path) -> Path:
    grey = np.full((512, 512), 120, np.uint8)
    return save(np.dstack([grey, grey // 2, grey]), folder / "20170301_000000_512_HMIB.jpg")


BROKEN: dict[str, tuple[Broken, str]] = {
    "truncated": (lambda to: halved(files.write(to / "m.fits", files.field(), hmi())), "truncated FITS"),
    "truncated and compressed": (
        lambda to: halved(files.write(to / "m.fits", files.field(), hmi(), compressed=True)),
        "truncated FITS",
    ),
    "truncated gzip": (lambda to: halved(files.write(to / "m.fits.gz", files.field(), hmi())), "broken FITS"),
    "no WCS": (
        lambda to: files.write(to / "m.fits", files.field(), without(hmi(), "CRPIX1", "CRPIX2", "CDELT1", "CDELT2")),
        "has no CRPIX1, so place, scale and roll",
    ),
    "exported as it is": (
        lambda to: files.write(to / "hmi.m_720s.20170301_000000_TAI.1.magnetogram.fits", files.field(), {}),
        "no BUNIT",
    ),
    "a scale of zero": (lambda to: files.write(to / "m.fits", files.field(), hmi(CDELT1=0.0)), "CDELT1 of 0"),
    "no time": (
        lambda to: files.write(to / "m.fits", files.field(), without(hmi(), "DATE-OBS", "T_OBS")),
        "no DATE-OBS",
    ),
    "no time that is one": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(**{"DATE-OBS": "yesterday:noon"})),
        "which is no time",
    ),
    "NaN everywhere": (lambda to: files.write(to / "m.fits", np.full((512, 512), np.nan), hmi()), "0% of the disk"),
    "another unit": (lambda to: files.write(to / "m.fits", files.field(), hmi(BUNIT="m/s")), "its unit is m/s"),
    "a continuum": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(CONTENT="CONTINUUM INTENSITY", BUNIT="DN/s")),
        "a continuum image of hmi",
    ),
    "the strength of a field": (lambda to: files.write(to / "m.fits", np.abs(files.field()), hmi()), "one sign"),
    "another instrument": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(INSTRUME="XRT", TELESCOP="HINODE")),
        "by XRT of HINODE",
    ),
    "another wavelength": (lambda to: files.write(to / "m.fits", files.counts(), aia(WAVELNTH=304)), "304 angstrom"),
    "no exposure": (lambda to: files.write(to / "m.fits", files.counts(), without(aia(), "EXPTIME")), "no EXPTIME"),
    "another name": (
        lambda to: files.write(to / "20170301_000000_512_0211.fits", files.field(), hmi()),
        "hmi by its header, and of aia211 by its name",
    ),
    "another time in the name": (
        lambda to: files.write(to / "hmi.m_45s.20170302_000000_TAI.fits", files.field(), hmi()),
        "2017-03-01 00:00:00 UTC by its header",
    ),
    "a SHARP": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(CTYPE1="CRLN-CEA", CTYPE2="CRLT-CEA")),
        "heliographic coordinates",
    ),
    "a SHARP by its name": (
        lambda to: files.write(to / "hmi.sharp_cea_720s.7001.20170301_000000_TAI.magnetogram.fits", files.field(), {}),
        "another product (hmi.sharp_cea_720s)",
    ),
    "a composite": (
        lambda to: save(np.zeros((512, 512, 3), np.uint8), to / "20170301_000000_512_211193171.jpg"),
        "another product (211193171)",
    ),
    "a page": (lambda to: page(to / "20170301_000000_M_1k.fits"), "a web page"),
    "another format": (lambda to: save(np.zeros((512, 512), np.uint8), to / "m.gif"), "its format is not read; JPEG,"),
    "text": (lambda to: page(to / "m.txt"), "its format is not read; JPEG,"),
    "a table": (lambda to: files.write(to / "m.fits", np.zeros((2, 3, 4)), hmi()), "two-dimensional"),
    "no box": (
        lambda to: files.write_jpeg_2000(to / "m.jp2", np.zeros((512, 512), np.uint8), None),
        "without Helioviewer's header",
    ),
    "colours": (coloured, "coloured"),
    "alpha": (rgba, "mode RGBA"),
    "16 bits": (
        lambda to: save(np.full((512, 512), 30_000, np.uint16), to / "20170301_000000_512_HMIB.png"),
        "mode I;16",
    ),
    "a header of another disk": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(CRPIX1=files.DISK.x + 15)),
        "its header places the disk at",
    ),
    "a header of a disk elsewhere": (
        lambda to: files.write(to / "m.fits", files.field(), hmi(CRPIX1=-5000.0)),
        "outside of the image",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_used_is_refused_with_one_sentence(kind: str, tmp_path: Path) -> None:
    make, words = BROKEN[kind]
    path = make(tmp_path)
    identity = identify(path)
    reason = identity.reason or usable.refusal(path, identity.stamp.instrument, identity.stamp.time)  # type: ignore[union-attr]
    assert reason is not None
    assert words in reason
    assert "\n" not in reason


@pytest.mark.parametrize("name", ["20170301_000000_M_1k.fits", "20170301_000000_M_1k.jp2"])
def test_the_first_bytes_decide_and_not_the_ending(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    Image.fromarray(np.full((512, 512), 128, np.uint8)).save(path, "JPEG")
    stamp = identify(path).stamp
    assert stamp == ("hmi", dt.datetime(2017, 3, 1))
    assert usable.refusal(path, *stamp) is None
    assert imaging.decode(path, "L").shape == (512, 512)


@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_bytes_end_in_a_sentence(compressed: bool, tmp_path: Path) -> None:
    path = files.write(tmp_path / "m.fits", files.field(), hmi(), compressed=compressed)
    whole, generator = path.read_bytes(), np.random.default_rng(7)
    for _ in range(25):
        damaged = bytearray(whole[: generator.integers(1, len(whole))] if generator.random() < 0.3 else whole)
        for place in generator.integers(0, min(len(damaged), 9_000), 20):
            damaged[place] = generator.integers(32, 127)
        path.write_bytes(damaged)
        identity = identify(path)
        reason = identity.reason or usable.refusal(path, identity.stamp.instrument)  # type: ignore[union-attr]
        assert reason is None or "\n" not in reason


def test_a_header_goes_before_what_the_user_says(tmp_path: Path) -> None:
    path = files.write(tmp_path / "m.fits", files.counts(), aia())
    assert "aia211 by its header, and of hmi" in identify(path, "hmi").reason
    assert "by its header" in identify(path, time=dt.datetime(2014, 2, 2)).reason
    assert "aia211 by its header" in str(usable.refusal(path, "hmi"))


def test_bytes_from_a_server_are_judged_like_a_file(tmp_path: Path) -> None:
    content = files.write(tmp_path / "m.fits", files.field(), hmi()).read_bytes()
    assert usable.refusal(io.BytesIO(content), "hmi") is None
    assert imaging.size(io.BytesIO(content)) == (512, 512)
    assert "truncated" in str(usable.refusal(io.BytesIO(content[:9000]), "hmi"))


def test_a_file_that_breaks_later_is_named(tmp_path: Path) -> None:
    path = halved(files.write(tmp_path / "m.fits", files.field(), hmi()))
    with pytest.raises(InputError, match=r"m\.fits cannot be decoded"):
        imaging.decode(path, "L")


# JPEG and PNG


def test_a_jpeg_that_its_exif_data_call_turned_is_turned(tmp_path: Path) -> None:
    upright = np.tile(np.arange(0, 256, 2, dtype=np.uint8), (128, 1))
    orientation = Image.Exif()
    orientation[imaging.ORIENTATION] = 3  # turned by 180 degrees
    save(upright[::-1, ::-1], tmp_path / "a.jpg", exif=orientation, quality=95)
    assert np.abs(imaging.decode(tmp_path / "a.jpg", "L").astype(int) - upright).max() <= 6


def test_a_png_is_read_exactly(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    path = save(pixels, tmp_path / "20140201_120000_512_0211.png")
    assert identify(path).stamp == ("aia211", dt.datetime(2014, 2, 1, 12))
    assert usable.refusal(path, "aia211") is None
    assert (imaging.decode(path, "RGB") == pixels).all()


def test_a_jpeg_does_not_wait_for_the_readers_of_headers(tmp_path: Path) -> None:
    save(np.zeros((512, 512, 3), np.uint8), tmp_path / "20140201_120000_512_0211.jpg")
    program = """
import sys
from pathlib import Path
from solarflare.sources.common.identity import identify
from solarflare.sun.images import imaging, usable
path = Path(sys.argv[1])
assert identify(path).stamp
assert usable.refusal(path, "aia211") is None
imaging.decode(path, "RGB")
early = {"sunpy.map", "reproject", "dask", "solarflare.sun.images.headed_files"} & set(sys.modules)
assert not early, early
"""
    command = [sys.executable, "-c", program, str(tmp_path / "20140201_120000_512_0211.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_instrument_has_a_rule_for_its_values() -> None:
    assert set(usable.MODES) == {*MAGNETOGRAPHS, *brightness.STRETCHES}
