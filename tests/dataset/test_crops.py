"""Crops on disk: complete, in order, the same however they were cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from solarflare.core import absent, params, tables, workers
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.crops import job
from solarflare.dataset.crops.cutter import Cutter, places_of
from solarflare.dataset.shards.reader import Crops
from solarflare.dataset.shards.schema import DiskCrop, RegionCrop
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import rotate_longitude, solar_radius, to_arcsec
from solarflare.sun.images.disk import nominal_disks
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument
from stages import crop
from tests import parameters
from tests.synthetic import grey_sun

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = parameters.load(parameters.FIXED).crop.model_copy(
    update={
        "disk": DiskCrop(img_width=50),
        "region": RegionCrop(img_width=32, field=320),
    }
)
AIA_TIMES = ["2014-01-31T12:00:00", "2014-02-01T00:00:00", "2014-02-01T00:00:03", "2014-03-05T08:00:00"]
GONG_TIMES = ["2014-01-31T18:21:03", "2014-02-01T18:22:03"]
REGIONS = [  # of 2014-02-01; the spot of 11944 is drawn
    ("2014-02-01T00:00:00", 11946, 12.0, -40.0),
    ("2014-02-01T00:00:00", 11944, -9.0, 30.0),
    ("2014-02-01T00:00:00", 11940, -11.0, 88.0),
]


def write(path: Path, instrument: Instrument, time: pd.Timestamp, seed: int) -> None:
    """Write an image whose one spot sits on region 11944."""
    width = 860 if instrument == "gong" else 512
    disk = nominal_disks(instrument, time, (width, width))[0]
    days = (time - pd.Timestamp(REGIONS[1][0])) / pd.Timedelta(days=1)
    longitude = rotate_longitude([-9.0], [30.0], days)
    x, y = to_arcsec([-9.0], longitude, np.array([time.to_datetime64()]))
    scale = disk.radius / solar_radius(np.array([time.to_datetime64()]))[0]
    grey = grey_sun(instrument, width, disk, seed, spot=(disk.x + x[0] * scale, disk.y - y[0] * scale))
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(grey)
    (image if instrument in MAGNETOGRAPHS else image.convert("RGB")).save(path, quality=85)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like ``data/raw``: four EUV images of three months, two magnetograms."""
    folder = tmp_path_factory.mktemp("raw")
    rows = []
    of_instrument: list[tuple[Instrument, list[str]]] = [("aia211", AIA_TIMES), ("gong", GONG_TIMES)]
    for instrument, times in of_instrument:
        for seed, text in enumerate(times):
            time = pd.Timestamp(text)
            path = f"images/{instrument}/{time:%Y/%m/%d/%H%M%S}.jpg"
            write(folder / path, instrument, time, seed)
            rows.append({"path": path, "instrument": instrument, "time": time, "width": 512, "height": 512, "bytes": 1})
    images = pd.DataFrame(rows).assign(sha256="", pair_id="", origin="").iloc[::-1]
    tables.write(images, folder / "images.csv", tables.IMAGES)
    regions = pd.DataFrame(REGIONS, columns=["time", "noaa_ar", "latitude", "longitude"])
    regions = regions.assign(area=100, mcintosh="DSO", mag_type="BETA", spots=[4, 5, 0])
    tables.write(regions, folder / "regions.csv", tables.REGIONS)
    return folder


def cut(
    raw: Path,
    folder: Path,
    task: Task,
    instrument: Instrument = "aia211",
    scheduler: str = "processes",
    **settings: Any,
) -> Crops:
    images, regions = (
        tables.read(raw / f"{name}.csv", getattr(tables, name.upper())) for name in ("images", "regions")
    )
    job.cut(task, instrument, images, regions, raw, folder, SETTINGS.model_copy(update=settings), scheduler)
    return Crops(folder)


@pytest.fixture(scope="module")
def disks(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Crops:
    return cut(raw, tmp_path_factory.mktemp("crops") / Task.DISK, Task.DISK)


@pytest.fixture(scope="module")
def regions(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Crops:
    return cut(raw, tmp_path_factory.mktemp("crops") / Task.REGION, Task.REGION)


def test_every_image_has_one_disk_in_the_order_of_time(disks: Crops) -> None:
    assert disks.index["path"].str[-10:-4].tolist() == ["120000", "000000", "000003", "080000"]
    assert disks.index["shard"].tolist() == ["2014-01.npy", "2014-02.npy", "2014-02.npy", "2014-03.npy"]
    assert disks.index["row"].tolist() == [0, 0, 1, 0]
    assert disks.index["noaa_ar"].isna().all()


def test_every_region_on_the_disk_has_a_crop_spots_or_none(regions: Crops) -> None:
    rows = list(zip(regions.index["path"].str[-10:-4], regions.index["noaa_ar"], strict=True))
    assert rows == [(time, region) for time in ("120000", "000000", "000003") for region in (11940, 11944, 11946)]


def test_the_index_holds_where_the_sun_was_found(disks: Crops) -> None:
    expected = nominal_disks("aia211", pd.Timestamp(AIA_TIMES[0]), (512, 512))[0]
    assert (disks.index["fitted"] == "yes").all()
    found = disks.index[["x", "y", "radius"]].to_numpy()[0]
    assert found == pytest.approx([expected.x, expected.y, expected.radius], abs=1)


def test_an_image_without_a_whole_disk_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.jpg")
    images = pd.DataFrame({"path": ["noise.jpg"], "instrument": "aia211", "time": pd.to_datetime(AIA_TIMES[:1])})
    job.cut(Task.DISK, "aia211", images, pd.DataFrame(), tmp_path, tmp_path / "crops", SETTINGS)
    assert "disk: no whole disk was found in noise.jpg: it was cut around a nominal disk" in caplog.messages


def test_crops_are_taken_in_any_order(regions: Crops) -> None:
    everything = regions.take(range(9))
    assert everything.shape == (9, 32, 32, 3)
    assert everything.dtype == np.uint8
    assert (regions.take([7, 0, 7, 3]) == everything[[7, 0, 7, 3]]).all()


def test_no_positions_are_no_crops_of_the_same_shape(regions: Crops) -> None:
    assert regions.take([]).shape == (0, 32, 32, 3)


def test_a_region_sits_in_the_middle_of_its_crop(regions: Crops) -> None:
    crop = regions.take(np.flatnonzero(regions.index["noaa_ar"] == 11944))[..., 0]
    brightest = np.array([np.unravel_index(np.argmax(one), one.shape) for one in crop])
    assert brightest == pytest.approx(15.5, abs=1.5)


def test_the_number_of_workers_changes_no_byte(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (1, 3):
        monkeypatch.setattr(workers, "cores", lambda count=count: count)
        cut(raw, tmp_path / f"{count}", Task.REGION)
    one, three = ({path.name: path.read_bytes() for path in (tmp_path / count).iterdir()} for count in ("1", "3"))
    assert one == three
    assert set(one) >= {"index.csv", "2014-01.npy", "2014-02.npy"}


def test_threads_cut_the_same_bytes_as_processes(raw: Path, tmp_path: Path) -> None:
    for scheduler in ("processes", "threads"):
        cut(raw, tmp_path / scheduler, Task.REGION, scheduler=scheduler)
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in tmp_path.iterdir())
    assert first == second


def test_an_image_is_decoded_once_however_many_regions_it_holds(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded, decode = [], imaging.decode

    def counted(path: Path, *options: Any) -> imaging.Pixels:
        decoded.append(path)
        return decode(path, *options)

    monkeypatch.setattr(imaging, "decode", counted)
    images, reports = tables.read(raw / "images.csv", tables.IMAGES), tables.read(raw / "regions.csv", tables.REGIONS)
    places = places_of(Task.REGION, images[images["path"].str.endswith("000003.jpg")], reports)
    _, cutouts = Cutter(Task.REGION, "aia211", raw, SETTINGS)(places)
    assert len(cutouts) == 3
    assert len(decoded) == 1


def test_a_magnetogram_is_cut_into_three_equal_channels_without_field_beyond_the_limb(
    raw: Path, tmp_path: Path
) -> None:
    magnetic = cut(raw, tmp_path / Task.REGION, Task.REGION, "gong")
    cutouts = magnetic.take(range(len(magnetic.index)))
    assert (cutouts == cutouts[..., :1]).all()
    at_the_limb = cutouts[(magnetic.index["noaa_ar"] == 11940).to_numpy().argmax()]
    assert (at_the_limb[:, 26:] == 128).all()
    assert (at_the_limb[:, :8] != 128).any()


@pytest.mark.parametrize("mask", [True, False])
def test_without_the_mask_the_sky_of_a_magnetogram_stays(mask: bool, raw: Path, tmp_path: Path) -> None:
    disk = cut(raw, tmp_path / Task.DISK, Task.DISK, "gong", mask=mask).take([0])[0, ..., 0]
    assert (disk[:4, :4] == 128).all() == mask


def test_an_unreadable_image_ends_it_by_name_and_leaves_nothing(raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    for name in ("images.csv", "regions.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((raw / name).read_bytes())
    for path in raw.rglob("*.jpg"):
        copy = folder / path.relative_to(raw)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes()[: 2000 if path.name == "000003.jpg" else None])
    with pytest.raises(InputError, match=r"images/aia211/2014/02/01/000003\.jpg cannot be decoded"):
        cut(folder, tmp_path / Task.DISK, Task.DISK)
    assert not [path for path in tmp_path.iterdir() if path != folder]


# The stage


@pytest.fixture
def project(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/raw").symlink_to(raw)
    return tmp_path


def choose(**groups: Any) -> None:
    content = params.read_yaml(parameters.FIXED) | groups
    Path("params.yaml").write_text(yaml.safe_dump(content))


def test_both_tasks_may_look_at_one_instrument(project: Path) -> None:
    choose(instrument={"disk": "aia211", "region": "aia211"})
    crop.main()
    assert Crops(Path("data/crops/disk")).take([0]).shape == (1, 300, 300, 1)
    assert Crops(Path("data/crops/region")).take([0]).shape == (1, 64, 64, 3)


def test_a_task_that_is_off_leaves_its_reason(project: Path) -> None:
    choose(tasks=["disk"])
    crop.main()
    assert absent.reason(Path("data/crops/region")) == "region is not among the tasks in params.yaml"
    assert absent.reason(Path("data/crops/disk")) is None


def test_an_origin_without_reports_leaves_no_regions(raw: Path, project: Path) -> None:
    choose()
    Path("data/raw").unlink()
    Path("data/raw").mkdir()
    Path("data/raw/images").symlink_to(raw / "images")
    Path("data/raw/images.csv").write_bytes((raw / "images.csv").read_bytes())
    tables.write(tables.empty(tables.REGIONS), Path("data/raw/regions.csv"), tables.REGIONS)
    crop.main()
    assert absent.reason(Path("data/crops/region")) == "the origin has no region reports"


# Real images


def test_real_regions_are_brighter_than_the_disk_around_them(shared_sun: Path) -> None:
    """NOAA's positions, rotated and projected, fall on the bright corona of 2011-07-16."""
    path = "euv/2011/07/16/20110716_075950_512_0211.jpg"
    images = pd.DataFrame({"path": [path], "time": [np.datetime64("2011-07-16T07:59:50", "ns")]})
    reports = [(11250, -27, 21), (11251, 17, -17), (11254, -22, -49)]  # NOAA's of that day
    df = pd.DataFrame(reports, columns=["noaa_ar", "latitude", "longitude"]).assign(
        time="2011-07-16", area=100, spots=1
    )
    df = tables.check(df.assign(mcintosh="", mag_type=""), tables.REGIONS, "regions")
    settings = SETTINGS.model_copy(update={"region": RegionCrop(img_width=32, field=200)})
    _, cutouts = Cutter(Task.REGION, "aia211", shared_sun, settings)(places_of(Task.REGION, images, df))
    _, disk = Cutter(Task.DISK, "aia211", shared_sun, settings)(places_of(Task.DISK, images, df))
    assert (cutouts.mean(axis=(1, 2, 3)) > 1.3 * disk.mean()).all()
