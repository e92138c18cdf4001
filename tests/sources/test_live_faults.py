"""Archives that fail in every way: another stands in, and what the network lost is tried again."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError
from solarflare.core.paths import DOWNLOADS
from solarflare.sources.live import scrape as live
from solarflare.sources.live.http.pacing import MAX_FAILED_FILES
from tests import parameters
from tests.archive_server import Fault, observatories
from tests.archive_server.faults import BROKEN, PERMANENT, SLOW, Kind
from tests.archive_server.world import World, choices
from tests.sources.conftest import Scrape
from tests.sources.test_live import FIRST_ALONE, absences, contents, read


def elsewhere(site: str, other: str, *archives: str) -> dict[str, Any]:
    """Return the addresses of all sources at one site, but those of some archives at another; and no second try."""
    live = choices(other)["scrape"]["live"]
    urls = live["urls"] | {name: [site + observatories.PATHS[name]] for name in archives}
    return {"urls": urls, "manners": live["manners"] | {"retries": 0, "timeout": 5}}


THROTTLED: tuple[Kind, ...] = ("throttled", "throttled_until")
FAST = sorted({*BROKEN, *PERMANENT} - {*SLOW, *THROTTLED})
TAKES_TIME = [pytest.param(kind, marks=pytest.mark.slow) for kind in SLOW]


@pytest.mark.parametrize("kind", [*FAST, *TAKES_TIME])
def test_the_next_archive_stands_in_where_all_files_of_the_first_are_broken(
    world: World, scrape: Scrape, kind: Kind
) -> None:
    with world.serve(Fault(r"\.jpg$", kind)) as site, world.serve() as other:
        raw = scrape(**elsewhere(site.url, other.url, "gsfc"))
    assert read(raw, "images")["instrument"].value_counts().to_dict() == {"gong": 12, "aia211": 6}
    assert read(raw, "images").query("instrument == 'aia211'")["origin"].str.match("helioviewer/").all()
    assert len(absences(raw)) == 0


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_site_that_wants_fewer_requests_has_its_files_and_the_next_run_continues(
    good: Path, world: World, scrape: Scrape, kind: Kind
) -> None:
    with world.serve(Fault(r"\.jpg$", kind)) as site, world.serve() as other:
        with pytest.raises(InputError, match=r"429 Too Many Requests, after all retries; .* run again later"):
            scrape(**elsewhere(site.url, other.url, "gsfc"))
        site.faults.clear()
        assert contents(scrape(**elsewhere(site.url, other.url, "gsfc"))) == contents(good)


@pytest.mark.parametrize("kind", ["busy", "reset", "missing", "forbidden", "html", "soft_missing", *TAKES_TIME])
def test_the_next_archive_stands_in_where_the_first_does_not_list_its_files(
    world: World, scrape: Scrape, kind: Kind
) -> None:
    with world.serve(Fault("/browse/", kind)) as site, world.serve() as other:
        raw = scrape(**elsewhere(site.url, other.url, "gsfc"))
    assert read(raw, "images").query("instrument == 'aia211'")["origin"].str.match("helioviewer/").all()
    assert len(read(raw, "images")) == 18


def test_the_next_archive_stands_in_where_the_first_is_down(world: World, scrape: Scrape) -> None:
    with world.serve() as other:
        raw = scrape(**elsewhere("http://127.0.0.1:1", other.url, "gsfc"))
    assert read(raw, "images").query("instrument == 'aia211'")["origin"].str.match("helioviewer/").all()
    assert len(read(raw, "images")) == 18


def test_the_next_archive_stands_in_where_a_constructed_name_does_not_exist(world: World, tmp_path: Path) -> None:
    with world.serve(Fault("_M_512.jpg", "missing")) as site:
        content = choices(site.url, sampling="cadence", hour=0, sources=FIRST_ALONE | {"hmi": ["jsoc", "helioviewer"]})
        content["instrument"]["disk"] = "hmi"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DVC_ROOT", str(tmp_path))
            live.scrape(parameters.parse(content, Path("params.yaml")), tmp_path)
    origins = read(tmp_path, "images").query("instrument == 'hmi'")["origin"]
    assert origins.str.match("helioviewer/").all()
    assert len(origins) == 20


def test_a_mirror_stands_in_for_a_page_that_is_no_listing(good: Path, world: World, scrape: Scrape) -> None:
    with world.serve(Fault("/$", "soft_missing")) as site, world.serve() as other:
        urls = choices(site.url, other.url)["scrape"]["live"]["urls"]
        assert contents(scrape(urls=urls)) == contents(good)


def test_the_next_image_stands_in_for_one_that_is_broken(world: World, scrape: Scrape) -> None:
    with world.serve(Fault("gong_magxx_fd_20140103_182103", "cut")) as site:
        raw = scrape(site.url, sampling="cadence", hour=18, tolerance=150)
    names = read(raw, "images").query("instrument == 'gong'")["origin"].str.rpartition("/")[2]
    assert [name for name in names if "182103" not in name] == ["gong_magxx_fd_20140103_162103.jpg"]
    assert len(names) == 20


def test_a_host_that_fails_on_many_files_is_left(world: World, scrape: Scrape) -> None:
    with world.serve(Fault(r"\.jpg$", "reset")) as site, world.serve() as other:
        chosen = elsewhere(site.url, other.url, "gsfc")
        scrape(**chosen | {"region_images": 20, "sampling": "cadence", "cadence": 6, "hour": 0})
        assert len({request.path for request in site.asked(".jpg")}) <= MAX_FAILED_FILES + 1


class TestPending:
    @pytest.fixture
    def lose(self, world: World, scrape: Scrape, good: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
        """Scrape a site that fails for a report and an image, or for nothing."""
        monkeypatch.chdir(tmp_path)
        image = read(good, "images").query("instrument == 'aia211'")["origin"].iloc[-1].rpartition("/")[2]

        def run(*kinds: Kind) -> Path:
            faults = [Fault(name, kind) for name, kind in zip([image, "20140108events"], kinds, strict=False)]
            with world.serve(*faults, port=port) as site:
                manners = choices(site.url)["scrape"]["live"]["manners"] | {"retries": 0}
                chosen = {"manners": manners, "sources": FIRST_ALONE}
                content = choices(site.url, **chosen)
                Path("params.yaml").write_text(yaml.safe_dump(content))
                return scrape(site.url, **chosen)

        with world.serve() as site:
            port = site.port
        return run

    def is_complete(self) -> bool:
        return CliRunner().invoke(app, ["scrape", "--is-complete"]).exit_code == 0

    def test_what_the_network_lost_is_fetched_by_the_next_run(self, lose: Any, good: Path, caplog: Any) -> None:
        caplog.set_level("INFO")
        raw = lose("html", "busy")
        assert len(read(raw, "images")) == 16
        assert "2 files were lost on the way" in caplog.text
        assert "dvc repro --force --single-item scrape" in caplog.text
        files = json.loads((DOWNLOADS / "pending.json").read_text())["files"]
        assert sorted(facts["reason"] for facts in files.values()) == [
            "503 Service Unavailable",
            "unreadable: not an image",
        ]
        assert not self.is_complete()
        assert contents(lose()) == contents(good)
        assert self.is_complete()

    def test_what_is_lost_again_and_again_is_given_up(self, lose: Any) -> None:
        for complete in (False, False, True):
            lose("html", "busy")
            assert self.is_complete() == complete

    def test_what_no_archive_has_is_not_tried_again(self, lose: Any) -> None:
        lose("missing", "missing")
        assert self.is_complete()

    def test_other_parameters_forget_it(self, lose: Any) -> None:
        lose("html")
        content = yaml.safe_load(Path("params.yaml").read_text())
        content["scrape"]["live"]["seed"] = 2
        Path("params.yaml").write_text(yaml.safe_dump(content))
        assert self.is_complete()
