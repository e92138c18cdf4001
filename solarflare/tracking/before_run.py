"""Checks what can be told before `dvc repro` starts: DVC deletes the outputs of a stage before the stage can refuse."""

import datetime as dt
from pathlib import Path
from typing import Any

from solarflare.core import params
from solarflare.core.errors import InputError
from solarflare.core.paths import PARAMS
from solarflare.sources.archive.schema import ArchiveParams
from solarflare.sources.live.schema import LiveParams
from solarflare.tracking import dvc_lock


def check() -> None:
    """Check `params.yaml`, what it names, and `dvc.lock`; mend DVC's list of who reads and writes what.

    Raises
    ------
    InputError
        If a stage would refuse the parameters, or if `dvc.lock` is damaged.
    """
    content = params.check(params.read_yaml(PARAMS), PARAMS)
    dvc_lock.check()
    scrape = content["scrape"]
    _check_manifest(Path(scrape["live"]["manifest"]))
    match scrape["origin"]:
        case "archive":
            _check_archive(scrape)
        case "live":
            _check_live()
    _check_test_start(scrape, content["split"])
    dvc_lock.mend()


def _check_manifest(path: Path) -> None:
    # dvc.yaml names it as an input of `scrape`, whatever the origin.
    if not path.is_file():
        raise InputError(
            f"{PARAMS}: key scrape.live.manifest is {path.as_posix()!r}; no such file: name one, or get it back "
            f"with `git checkout {path}`"
        )


def _check_archive(scrape: dict[str, Any]) -> None:
    # An archive that is imported already is not read again, and may be gone.
    imported = dvc_lock.recorded_params("scrape")
    if (imported.get("scrape.origin"), imported.get("scrape.archive")) == (scrape["origin"], scrape["archive"]):
        return
    from solarflare.sources.archive.scrape import named_folder

    named_folder(params.load(ArchiveParams).scrape.archive)


def _check_live() -> None:
    from solarflare.sources.live import manifest, registry
    from solarflare.sources.live.http.fetch import limits_by_host

    chosen = params.load(LiveParams)
    live = chosen.scrape.live
    registry.check_sources(live)
    limits_by_host(live)
    if live.sampling == "manifest":
        manifest.chosen(chosen)
        return
    for task in chosen.tasks:
        live.sources.of(chosen.instrument.of(task))


def _check_test_start(scrape: dict[str, Any], split: dict[str, Any]) -> None:
    """Check that images may be later than the start of the test. The span of an archive or manifest is its own."""
    origin, start = scrape["origin"], split["chronological"]["test_start"]
    own_span = origin == "archive" or (origin == "live" and scrape["live"]["sampling"] == "manifest")
    if split["method"] != "chronological" or start is None or own_span:
        return
    first, end = (dt.date.fromisoformat(scrape[origin][key]) for key in ("start", "end"))
    if not first < dt.date.fromisoformat(start) < end:
        raise InputError(
            f"{PARAMS}: key split.chronological.test_start is {start}; expected a date after scrape.{origin}.start, "
            f"{first}, and before scrape.{origin}.end, {end}"
        )
