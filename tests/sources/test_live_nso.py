"""NSO's folders of GONG's FITS files: which stations are asked, and which files are images of the disk."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from solarflare.sources.live.http.fetch import Absent
from solarflare.sources.live.images import nso
from solarflare.sources.live.source import Frame
from tests.archive_server import ArchiveServer
from tests.archive_server.observatories import PATHS
from tests.live_tables import fetcher

TIME = dt.datetime(2014, 1, 1, 18, 21)
FILES = [
    "bbbqa140101/bbbqa140101t1824.fits.gz",
    "bbbqa140101/bbbqa140101t1814.fits.gz",
    "bbbqa140101/bbbqa140101t9914.fits.gz",
    "bbbqa140101/bbzqa140101t1824.fits.gz",
    "ctbqa140101/ctbqa140101t1820.fits.fz",
    "lebqa140101/lebqa140101t1821.fits.gz",
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ArchiveServer]:
    for name in FILES:
        file = tmp_path / "site/oQR/bqa/201401" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    with ArchiveServer(tmp_path / "site") as server:
        yield server


def frames(site: ArchiveServer, folder: Path, time: dt.datetime) -> list[Frame]:
    return nso.frames(fetcher(site.url, folder), [site.url + PATHS[nso.NAME]], "gong", time, 512)


def test_the_images_of_the_stations_in_daylight_are_known(site: ArchiveServer, tmp_path: Path) -> None:
    known = frames(site, tmp_path / "cache", TIME)
    assert [frame.origin for frame in known] == [
        "nso/2014/01/01/bbbqa140101t1814.fits.gz",
        "nso/2014/01/01/bbbqa140101t1824.fits.gz",
        "nso/2014/01/01/ctbqa140101t1820.fits.fz",
    ]
    assert known[0].time == np.datetime64("2014-01-01T18:14:00")
    assert known[2].urls == (f"{site.url}/oQR/bqa/201401/ctbqa140101/ctbqa140101t1820.fits.fz",)
    # Mauna Loa is asked too and has no folder; Learmonth, where it is night, is not asked.
    assert [request.path.rpartition("/")[0][-11:] for request in site.asked()] == [
        "bbbqa140101",
        "ctbqa140101",
        "mlbqa140101",
    ]


def test_a_day_without_a_folder_is_absent_with_the_reason_of_each_station(site: ArchiveServer, tmp_path: Path) -> None:
    with pytest.raises(Absent, match="bbbqa140102: 404 Not Found; ctbqa140102: 404 Not Found; mlbqa140102: 404"):
        frames(site, tmp_path / "cache", TIME + dt.timedelta(days=1))


def test_the_folder_of_a_past_day_is_requested_once(site: ArchiveServer, tmp_path: Path) -> None:
    first, second = (frames(site, tmp_path / "cache", TIME) for _ in range(2))
    assert first == second
    assert [request.path for request in site.asked()].count("/oQR/bqa/201401/bbbqa140101/") == 1
