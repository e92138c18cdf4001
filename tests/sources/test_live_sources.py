"""The sources of flares and regions: what each brings back of a Sun that its site prints, and what is absent."""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from solarflare.sources.live import registry
from solarflare.sources.live.lists.collected import Collected
from tests.archive_server import ArchiveServer, Fault, pages
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


def covered(found: Collected) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    complete = found.coverage[found.coverage["status"] == "complete"]
    return list(zip(complete["start"], complete["end"], strict=True))


@pytest.mark.parametrize("name", registry.FLARES)
def test_a_source_brings_back_the_flares_that_its_site_prints(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    found = collect(site, name, tmp_path / "cache")
    same(found.rows, FLARES, *UNKNOWN.get(name, []))
    assert set(found.rows["list"]) == {name}


@pytest.mark.parametrize("name", sorted(set(registry.FLARES) - {"swpc_json"}))
def test_a_source_is_complete_for_all_of_the_span(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    found = collect(site, name, tmp_path / "cache")
    assert covered(found) == [(pd.Timestamp(START), pd.Timestamp(END))]
    assert set(found.coverage["min_class"]) == {"C1.0"}


def test_a_rolling_window_is_complete_from_its_first_flare_to_its_last(site: ArchiveServer, tmp_path: Path) -> None:
    found = collect(site, "swpc_json", tmp_path / "cache")
    assert covered(found) == [(FLARES["start"].iloc[0], FLARES["start"].iloc[-1])]
    assert list(found.coverage["status"]) == ["absent", "complete", "absent"]


@pytest.mark.parametrize("name", registry.REGIONS)
def test_a_source_brings_back_the_regions_that_its_site_prints(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    found = collect(site, name, tmp_path / "cache", kind="regions")
    same(found.rows, REGIONS)
    assert set(found.coverage["list"]) == {"regions"}
    assert covered(found)[0][0] <= START
    assert covered(found)[0][1] >= END


@pytest.mark.parametrize("name", [*registry.FLARES])
def test_a_source_that_refuses_is_a_gap_and_no_quiet_sun(name: str, site: ArchiveServer, tmp_path: Path) -> None:
    site.faults = [Fault("", "forbidden")]
    found = collect(site, name, tmp_path / "cache")
    assert len(found.rows) == 0
    assert set(found.coverage["status"]) == {"absent"}
    assert (found.coverage["start"].iloc[0], found.coverage["end"].iloc[-1]) == (START, END)
    assert found.coverage["reason"].str.contains("403").all()


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
    found = collect(site, name, tmp_path / "cache", kind=kind)
    gaps = found.coverage[found.coverage["status"] == "absent"]
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
    found = registry.FLARES["ngdc_xrs"](fetcher(site.url, tmp_path), [site.url + pages.PATHS["ngdc_xrs"]], start, end)
    assert list(found.coverage["reason"]) == ["the series ended in 2017"]
    assert not site.asked()
