"""The sources of flares and regions: what each brings back of a Sun that its site prints, and what is absent."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solarflare.core.errors import InputError
from solarflare.sources.live import estimate, images, registry
from solarflare.sources.live.source import Collected
from tests import parameters
from tests.archive_server import ArchiveServer, Fault, pages
from tests.archive_server.world import choices
from tests.live_tables import END, FLARES, REGIONS, START, fetcher, same

UNKNOWN = MappingProxyType({"spaceweatherlive": ["latitude", "longitude"]})
"""Columns that a source does not print."""

DAY = pd.Timedelta(days=1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ArchiveServer]:
    with ArchiveServer(tmp_path, mounts=pages.mounts(FLARES, REGIONS)) as server:
        yield server


def collect(site: ArchiveServer, name: str, folder: Path, end: np.datetime64 = END, kind: str = "flares") -> Collected:
    sources = registry.FLARES if kind == "flares" else registry.REGIONS
    return sources[name](fetcher(site.url, folder), [site.url + pages.PATHS[name]], START, end)


def covered(collected: Collected) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    complete = collected.coverage[collected.coverage["status"] == "complete"]
    return list(zip(complete["start"], complete["end"], strict=True))


@pytest.mark.parametrize("name", registry.FLARES)
def test_a_source_brings_back_the_flares_that_its_site_prints(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    collected = collect(site, name, tmp_path / "cache")
    same(collected.rows, FLARES, *UNKNOWN.get(name, []))
    assert set(collected.rows["list"]) == {name}


@pytest.mark.parametrize("name", sorted(set(registry.FLARES) - {"swpc_json"}))
def test_a_source_is_complete_as_far_as_it_goes(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    collected = collect(site, name, tmp_path / "cache")
    # Here the lists of a year end with its first flares.
    end = FLARES["start"].iloc[-1] if name in ("ngdc_xrs", "ncei_science") else pd.Timestamp(END)
    assert covered(collected) == [(pd.Timestamp(START), end)]
    assert set(collected.coverage["min_class"]) == {"C1.0"}


def test_a_rolling_window_is_complete_from_its_first_flare_to_its_last(site: ArchiveServer, tmp_path: Path) -> None:
    collected = collect(site, "swpc_json", tmp_path / "cache")
    assert covered(collected) == [(FLARES["start"].iloc[0], FLARES["start"].iloc[-1])]
    assert list(collected.coverage["status"]) == ["absent", "complete", "absent"]


@pytest.mark.parametrize("name", registry.REGIONS)
def test_a_source_brings_back_the_regions_that_its_site_prints(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    collected = collect(site, name, tmp_path / "cache", kind="regions")
    same(collected.rows, REGIONS)
    assert set(collected.coverage["list"]) == {"regions"}
    assert covered(collected)[0][0] <= START
    assert covered(collected)[0][1] >= END


@pytest.mark.parametrize("name", [*registry.FLARES])
def test_a_source_that_refuses_is_a_gap_and_no_quiet_sun(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    site.faults = [Fault("", "forbidden")]
    collected = collect(site, name, tmp_path / "cache")
    assert len(collected.rows) == 0
    assert set(collected.coverage["status"]) == {"absent"}
    assert (collected.coverage["start"].iloc[0], collected.coverage["end"].iloc[-1]) == (START, END)
    assert collected.coverage["reason"].str.contains("403").all()


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("swpc_events", "20140131events", "flares"),
        ("spaceweatherlive", "01/31", "flares"),
        ("swpc_srs", "20140131SRS", "regions"),
    ],
)
def test_a_missing_day_is_a_gap(name: str, file: str, kind: str, site: ArchiveServer, tmp_path: Path) -> None:
    site.faults = [Fault(file, "missing")]
    collected = collect(site, name, tmp_path / "cache", kind=kind)
    gaps = collected.coverage[collected.coverage["status"] == "absent"]
    assert list(gaps["end"] - gaps["start"]) == [DAY]
    assert list(gaps["reason"]) == ["404 Not Found"]
    assert abs(gaps["start"].iloc[0] - pd.Timestamp("2014-01-31")) <= DAY / 2


def test_nothing_is_asked_for_twice(site: ArchiveServer, tmp_path: Path) -> None:
    collect(site, "swpc_events", tmp_path / "cache")
    before = len(site.asked())
    collect(site, "swpc_events", tmp_path / "cache")
    assert before == 4
    assert len(site.asked()) == before


def test_events_are_read_to_the_last_page(site: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solarflare.sources.live.lists.hek.LIMIT", 3)
    same(collect(site, "hek", tmp_path / "cache").rows, FLARES)
    # Three records of each placed flare and one of the other: ten, three a page.
    assert len(site.asked("page=")) == 4


def test_a_year_beyond_the_series_is_a_gap(site: ArchiveServer, tmp_path: Path) -> None:
    start, end = np.datetime64("2018-01-01"), np.datetime64("2018-02-01")
    collected = registry.FLARES["ngdc_xrs"](
        fetcher(site.url, tmp_path), [site.url + pages.PATHS["ngdc_xrs"]], start, end
    )
    assert list(collected.coverage["reason"]) == ["the series ended in 2017"]
    assert not site.asked()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"flares": ["swpc"]}, r"key scrape\.live\.flares names 'swpc'; expected one of hek, ncei_science, ngdc_xrs"),
        (
            {"regions": ["swpc_events"]},
            r"key scrape\.live\.regions names 'swpc_events'; expected one of hek, swpc_json",
        ),
        ({"positions": "nobody"}, r"key scrape\.live\.positions names 'nobody'; expected one of hek, .*none"),
        ({"sources": {"gong": ("jsoc",)}}, r"key scrape\.live\.sources\.gong names 'jsoc'; expected one of bbso, nso$"),
        ({"urls": {"bbso": ("http://a",)}}, r"key scrape\.live\.urls has no address of swpc_events; flares names it"),
    ],
)
def test_a_wrong_name_of_a_source_is_answered_with_the_right_ones(changes: dict[str, Any], sentence: str) -> None:
    live = parameters.load(parameters.FIXED).scrape.live
    if "sources" in changes:
        changes = {"sources": live.sources.model_copy(update=changes["sources"])}
    with pytest.raises(InputError, match=sentence):
        registry.check_sources(live.model_copy(update=changes))


def test_a_new_archive_needs_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new_archive.py").write_text(
        "from solarflare.sources.live.source import image_archive\n\n"
        "@image_archive('new_archive', instruments=('gong',), listing_bytes=0, image_bytes={512: 1e6})\n"
        "def frames(fetcher, bases, instrument, time, img_width):\n"
        "    return []\n"
    )
    monkeypatch.setattr(images, "__path__", [*images.__path__, str(tmp_path)])
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    content = choices("http://127.0.0.1:1", sampling="cadence", cadence=24)
    content["scrape"]["live"]["sources"]["gong"] = ["new_archive"]
    content["scrape"]["live"]["urls"]["new_archive"] = ["http://127.0.0.1:2"]
    content["tasks"] = ["disk"]
    try:
        registry.discover()
        wanted, cost = estimate.estimate(parameters.parse(content))
    finally:
        registry.IMAGES.pop("new_archive", None)
        sys.modules.pop("solarflare.sources.live.images.new_archive", None)
    of_host = cost[cost["host"] == "127.0.0.1:2"]
    assert of_host[["requests", "megabytes"]].to_numpy().tolist() == [[len(wanted), len(wanted)]]
