"""Manifests: what a table of images may say, and what a scrape of the images that it names brings back."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from solarflare.core import csv_text, tables
from solarflare.core.errors import InputError
from solarflare.report import scrape_cost
from solarflare.sources.live import estimate, manifest
from solarflare.sources.live import scrape as live
from tests import parameters
from tests.archive_server import Fault
from tests.archive_server.observatories import Shot, drawn
from tests.archive_server.world import DAYS, World, choices

ROOT = Path(__file__).resolve().parents[2]
SDO = {"disk": "aia211", "region": "aia211"}
ROW = "20140101_000000_512_0211.jpg,aia211,2014-01-01T00:00:00,{hash},1000,gsfc/2014/01/01/20140101_000000_512_0211.jpg"
GOOD = ROW.format(hash="0" * 64)

Scrape = Callable[..., Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.small(tmp_path_factory.mktemp("site"))


@pytest.fixture
def listed(world: World, tmp_path: Path) -> Path:
    """A manifest of one image of AIA a day, at noon."""
    noons = [shot for shot in world.shots if shot.instrument == "aia211" and shot.time.hour == 12]
    return written(tmp_path / "manifest.csv", *map(row, noons))


def row(shot: Shot, content: bytes | None = None) -> str:
    name = shot.file.rpartition("/")[2]
    content = shot.content if content is None else content
    facts = f"{hashlib.sha256(content).hexdigest()},{len(content)}"
    return f"{name},{shot.instrument},{shot.time:%Y-%m-%dT%H:%M:%S},{facts},gsfc/{shot.time:%Y/%m/%d}/{name}"


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(manifest.COLUMNS), *rows]) + "\n")
    return path


@pytest.fixture
def scrape(tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch) -> Scrape:
    """Scrape the images of the manifest into a new folder; the cache stays from one time to the next."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))

    def run(site: str, **chosen: Any) -> Path:
        raw = tmp_path / f"raw{len(list(tmp_path.glob('raw*')))}"
        raw.mkdir()
        live.scrape(chosen_parameters(site, listed, **chosen), raw)
        return raw

    return run


def chosen_parameters(site: str, listed: Path, **chosen: Any) -> parameters.AllParams:
    content = choices(site, sampling="manifest", manifest=str(listed), **chosen)
    return parameters.parse(content | {"instrument": SDO}, Path("params.yaml"))


def images(raw: Path) -> pd.DataFrame:
    return tables.read(raw / "images.csv", tables.IMAGES)


def differences(raw: Path) -> list[str]:
    coverage = tables.read(raw / "coverage.csv", tables.COVERAGE)
    return list(coverage.loc[coverage["list"] == "images", "reason"])


def test_exactly_the_images_of_the_manifest_come_with_one_request_each(
    world: World, scrape: Scrape, listed: Path
) -> None:
    with world.serve() as site:
        raw = scrape(site.url)
        assert len(site.asked("/browse/")) == DAYS
    entries = manifest.read(listed)
    assert list(images(raw)["origin"]) == [entry.where for entry in entries]
    assert list(images(raw)["sha256"]) == [entry.sha256 for entry in entries]
    assert differences(raw) == []


def test_the_reports_are_those_of_the_span_of_the_images(world: World, scrape: Scrape) -> None:
    with world.serve() as site:
        raw = scrape(site.url, start="2019-01-01", end="2019-01-02")
    assert len(tables.read(raw / "flares.csv", tables.FLARES)) == len(world.flares)
    complete = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'swpc_events'")
    # Seven days of history and two of margin before the first image, two days of margin after the last.
    assert (complete["start"].min(), complete["end"].max()) == (
        pd.Timestamp("2013-12-23"),
        pd.Timestamp("2014-01-23"),
    )


def test_an_image_with_another_hash_is_listed_and_left_out(world: World, scrape: Scrape, listed: Path) -> None:
    change(listed, 3, sha256="0" * 64)
    with world.serve() as site:
        raw = scrape(site.url)
    assert len(images(raw)) == DAYS - 1
    assert differences(raw) == [f"{manifest.read(listed)[3].where}: another hash or size than in the manifest"]


def test_an_image_with_another_hash_may_be_used_and_is_listed(world: World, scrape: Scrape, listed: Path) -> None:
    change(listed, 3, sha256="0" * 64)
    with world.serve() as site:
        raw = scrape(site.url, mismatch="use")
    assert len(images(raw)) == DAYS
    where = manifest.read(listed)[3].where
    assert differences(raw) == [f"{where}: another hash or size than in the manifest; {where} is used"]


def test_what_the_archive_served_wrongly_once_is_asked_for_again(world: World, scrape: Scrape, listed: Path) -> None:
    entry = manifest.read(listed)[0]
    file = world.site / "assets/img/browse" / entry.where.partition("/")[2]
    right = file.read_bytes()
    with world.serve() as site:
        file.write_bytes(drawn("aia211", 4000))
        assert len(images(scrape(site.url))) == DAYS - 1
        file.write_bytes(right)
        assert len(images(scrape(site.url))) == DAYS


def test_no_other_archive_is_asked_for_an_image_whose_hash_it_cannot_have(
    world: World, scrape: Scrape, listed: Path
) -> None:
    entry = manifest.read(listed)[0]
    with world.serve(Fault(entry.name, "missing")) as site:
        raw = scrape(site.url)
        assert site.asked("/v2/") == []
    assert differences(raw) == [f"{entry.where}: 404 Not Found"]


def test_the_next_archive_stands_in_for_an_image_that_is_gone(world: World, scrape: Scrape, listed: Path) -> None:
    entry = manifest.read(listed)[0]
    with world.serve(Fault("/browse/2014/01/01/", "missing")) as site:
        raw = scrape(site.url, mismatch="use")
    origin = f"helioviewer/2014/01/01/{entry.name}"
    assert images(raw)["origin"][0] == origin
    assert differences(raw) == [f"{entry.where}: 404 Not Found; {origin} is used"]


def test_the_next_image_stands_in_where_the_nearest_is_broken(world: World, scrape: Scrape, listed: Path) -> None:
    entry = manifest.read(listed)[0]
    with world.serve(Fault("20140101_120000", "missing"), Fault("20140101_100000", "cut")) as site:
        raw = scrape(site.url, mismatch="use", tolerance=130)
    origin = "gsfc/2014/01/01/20140101_140000_512_0211.jpg"
    assert images(raw)["origin"][0] == origin
    assert differences(raw) == [f"{entry.where}: 404 Not Found; {origin} is used"]


def test_a_place_at_helioviewer_is_asked_for_by_its_time(world: World, scrape: Scrape, listed: Path) -> None:
    entries = manifest.read(listed)
    change(listed, 0, where=entries[0].where.replace("gsfc", "helioviewer"))
    change(listed, 1, where=entries[1].where.replace("gsfc/2014/01/02", "helioviewer/2014/01/12"))
    with world.serve() as site:
        raw = scrape(site.url)
    assert images(raw)["origin"].str.startswith("helioviewer/").sum() == 1
    assert differences(raw) == [f"helioviewer/2014/01/12/{entries[1].name}: the archive has no such image"]


def test_no_image_as_listed_is_one_sentence(world: World, scrape: Scrape, listed: Path) -> None:
    for number in range(DAYS):
        change(listed, number, sha256="0" * 64)
    with world.serve() as site, pytest.raises(InputError, match=r"all 20 wanted are absent; .* another hash or size"):
        scrape(site.url)


def test_the_cost_is_known_before_and_is_nothing_after(world: World, scrape: Scrape, listed: Path) -> None:
    with world.serve() as site:
        chosen = chosen_parameters(site.url, listed)
        wanted, cost = estimate.estimate(chosen)
        assert site.requests == []
        scrape(site.url)
        # robots.txt is the one request more.
        assert len(site.requests) == cost["requests"].sum() + 1
        assert estimate.estimate(chosen)[1]["requests"].sum() == 0
    assert len(wanted) == DAYS
    summary = scrape_cost.render(wanted, cost)
    assert summary.startswith(f"{DAYS} images of aia211, ")
    assert "together" in summary
    rows = scrape_cost.render(wanted, cost, rows=True).removeprefix(summary).split()
    assert rows[0] == "task,instrument,wanted,time,pair_id,origin,reason"
    assert len(rows) == 1 + DAYS


def test_the_raw_data_of_a_scrape_become_the_same_manifest(
    world: World, scrape: Scrape, listed: Path, tmp_path: Path
) -> None:
    with world.serve() as site:
        raw = scrape(site.url)
        chosen = chosen_parameters(site.url, listed)
    assert manifest.write(raw, chosen.scrape.live, tmp_path / "new/again.csv") == DAYS
    assert (tmp_path / "new/again.csv").read_text() == listed.read_text()


def raw_data(folder: Path, origin: str) -> Path:
    name = "20140101_000000_512_0211.jpg"
    path, time = f"images/aia211/2014/01/01/{name}", "2014-01-01T00:00:00"
    cells = [path, "aia211", time, 512, 512, 1000, "0" * 64, "", f"{origin}/{name}"]
    folder.mkdir()
    tables.write(pd.DataFrame([cells], columns=list(tables.IMAGES.columns)), folder / "images.csv", tables.IMAGES)
    return folder


def test_an_image_of_an_archive_gets_the_place_of_such_a_file(tmp_path: Path) -> None:
    chosen = parameters.load(parameters.FIXED).scrape.live
    assert manifest.write(raw_data(tmp_path / "raw", "archive/euv"), chosen, tmp_path / "m.csv") == 1
    assert (tmp_path / "m.csv").read_text().splitlines()[1] == GOOD


def test_simulated_images_are_in_no_manifest(tmp_path: Path) -> None:
    chosen = parameters.load(parameters.FIXED).scrape.live
    with pytest.raises(
        InputError, match=r"images\.csv, row 1, column origin: simulated images are in no observatory's"
    ):
        manifest.write(raw_data(tmp_path / "raw", "simulated"), chosen, tmp_path / "m.csv")
    assert not (tmp_path / "m.csv").exists()


def test_what_is_not_known_is_blank_and_not_checked(world: World, scrape: Scrape, listed: Path) -> None:
    for number in range(DAYS):
        change(listed, number, sha256="", bytes="")
    with world.serve() as site:
        assert len(images(scrape(site.url))) == DAYS


def test_a_manifest_without_the_instrument_of_a_task_is_one_sentence(tmp_path: Path) -> None:
    content = choices("http://127.0.0.1:1", manifest=str(written(tmp_path / "m.csv", GOOD)))
    with pytest.raises(InputError, match=r"m\.csv names no image of gong, which params\.yaml has in instrument\.disk"):
        manifest.chosen(parameters.parse(content, Path("params.yaml")))


def test_an_archive_without_an_address_is_one_sentence(listed: Path) -> None:
    chosen = chosen_parameters("http://127.0.0.1:1", listed, urls={"swpc_events": ["http://127.0.0.1:1"]})
    with pytest.raises(
        InputError, match=r"scrape\.live\.urls has no address of gsfc; .*manifest\.csv names it: add one"
    ):
        manifest.chosen(chosen)


def test_all_wrong_cells_are_named_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("aia211,2014-01-01T00:00:00", "aia193,2014-01-01")
    path = written(tmp_path / "m.csv", GOOD, bad)
    with pytest.raises(InputError) as error:
        manifest.read(path)
    assert str(error.value).startswith(f"{path}: 3 cells cannot be used")
    assert "row 2, column instrument: got 'aia193'; expected" in str(error.value)
    assert "row 2, column time: got '2014-01-01'; expected the time in the file's name" in str(error.value)
    assert "row 2, column where: got 'gsfc/2014" in str(error.value)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("name", "../20140101_000000_512_0211.jpg"),
        ("name", ""),
        ("instrument", "soho"),
        ("time", "2014-01-01T00:00:01"),
        ("time", "2014-13-01T00:00:00"),
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("bytes", "0"),
        ("bytes", "1.5"),
        ("bytes", "-3"),
        ("where", "20140101_000000_512_0211.jpg"),
        ("where", "https://sdo.gsfc.nasa.gov/20140101_000000_512_0211.jpg"),
        ("where", "gsfc/../20140101_000000_512_0211.jpg"),
        ("where", "jsoc/2014/01/01/20140101_000000_512_0211.jpg"),
        ("where", "gsfc/2014/01/01/20140101_000000_512_0193.jpg"),
    ],
)
def test_a_wrong_cell_is_named_with_file_row_and_column(column: str, cell: str, tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", GOOD)
    change(path, 0, **{column: cell})
    with pytest.raises(InputError, match=rf"row 1, column {column}: got '{cell}'; expected"):
        manifest.read(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name,instrument,time\n", "the columns are name, instrument, time; expected name, instrument, time, sha256"),
        (",".join(manifest.COLUMNS), "names no image; expected a row for each"),
        (",".join(manifest.COLUMNS) + "\n" + GOOD + ",1\n", "is not a CSV table"),
        ("", "is not a CSV table"),
    ],
)
def test_a_file_that_is_no_manifest_is_one_sentence(content: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(content)
    with pytest.raises(InputError, match=sentence):
        manifest.read(tmp_path / "m.csv")


def test_one_place_twice_is_refused_and_many_wrong_cells_are_counted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"12 cells cannot be used \(where 12\)"):
        manifest.read(written(tmp_path / "m.csv", *[GOOD] * 13))


def test_the_committed_manifests_name_the_real_images(shared_sun: Path) -> None:
    folders = {"sdo-aia211-2010-2014": "euv", "sdo-hmi-2026-02-03": "magnetogram"}
    assert {path.stem for path in (ROOT / "manifests").glob("*.csv")} == set(folders)
    for name, folder in folders.items():
        entries = manifest.read(ROOT / f"manifests/{name}.csv")
        files = {path.name: path.read_bytes() for path in (shared_sun / folder).rglob("*.jpg")}
        assert [entry.name for entry in entries] == sorted(files)
        assert all(manifest.is_same(files[entry.name], entry) for entry in entries)


def change(path: Path, number: int, **cells: str) -> None:
    """Change cells of a row, from 0, of a manifest."""
    df = csv_text.read(path)
    for column, cell in cells.items():
        df.loc[number, column] = cell
    df.to_csv(path, index=False)
