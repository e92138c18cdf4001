"""A small Sun on the loopback, and what a live scrape of it gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solarflare.sources.live import scrape as live
from tests import parameters
from tests.archive_server.world import World, choices

Scrape = Callable[..., Path]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.small(tmp_path_factory.mktemp("site"))


@pytest.fixture
def scrape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scrape:
    """Scrape some sites into a new folder; the cache stays from one time to the next."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))

    def run(*sites: str, **chosen: Any) -> Path:
        raw = tmp_path / f"raw{len(list(tmp_path.glob('raw*')))}"
        raw.mkdir()
        live.scrape(parameters.parse(choices(*sites, **chosen), Path("params.yaml")), raw)
        return raw

    return run


@pytest.fixture(scope="module")
def good(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a well-behaved site gives."""
    folder = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch, world.serve() as site:
        patch.setenv("DVC_ROOT", str(folder))
        (folder / "raw").mkdir()
        live.scrape(parameters.parse(choices(site.url), Path("params.yaml")), folder / "raw")
    return folder / "raw"
