"""What a stage would refuse is refused before DVC deletes the outputs of the stage."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from solarflare.core import params
from solarflare.core.errors import InputError
from solarflare.core.paths import PARAMS
from solarflare.sources.archive.scrape import digest
from solarflare.tracking import before_run
from tests import archives, parameters


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def choose(changes: dict[str, Any]) -> None:
    """Write the parameters with changes, by dotted key, and an empty manifest."""
    content = params.read_yaml(parameters.FIXED)
    for key, value in changes.items():
        *groups, last = key.split(".")
        group = content
        for name in groups:
            group = group[name]
        group[last] = value
    PARAMS.write_text(yaml.safe_dump(content))
    manifest = Path("manifests/sdo-aia211-2010-2014.csv")
    manifest.parent.mkdir()
    manifest.touch()


ARCHIVE, LIVE = {"scrape.origin": "archive"}, {"scrape.origin": "live"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (ARCHIVE | {"scrape.archive.path": None}, "scrape.archive.path is null"),
        (ARCHIVE | {"scrape.archive.path": "nowhere"}, "scrape.archive.path is 'nowhere'; no such folder"),
        (ARCHIVE | {"scrape.archive.path": "archive", "scrape.archive.digest": "0"}, "scrape.archive.digest is '0'"),
        ({"scrape.live.manifest": "nowhere.csv"}, "scrape.live.manifest is 'nowhere.csv'; no such file"),
        (LIVE | {"scrape.live.positions": "abc"}, "scrape.live.positions names 'abc'"),
        (LIVE | {"scrape.live.urls": {"hek": ["http://a:99999/"]}}, "has no address|is not an address"),
        (LIVE | {"scrape.live.sampling": "manifest"}, "sdo-aia211-2010-2014.csv"),
        ({"split.chronological.test_start": "2030-01-01"}, "expected a date after scrape.simulated.start"),
    ],
)
def test_what_a_stage_would_refuse_is_refused_before(changes: dict[str, Any], sentence: str) -> None:
    archives.make(Path("archive"))
    choose(changes)
    with pytest.raises(InputError, match=sentence):
        before_run.check()


def test_an_archive_that_is_imported_may_be_gone() -> None:
    archive = {"path": "archive", "digest": digest(archives.make(Path("archive")))}
    choose(ARCHIVE | {"scrape.archive.path": archive["path"], "scrape.archive.digest": archive["digest"]})
    before_run.check()
    recorded = {"params.yaml": {"scrape.origin": "archive", "scrape.archive": archive}}
    lock = {"schema": "2.0", "stages": {"scrape": {"cmd": "python", "params": recorded}}}
    Path("dvc.lock").write_text(yaml.safe_dump(lock))
    Path("archive").rename("elsewhere")
    before_run.check()
