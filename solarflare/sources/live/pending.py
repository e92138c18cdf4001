"""Remembers what the network lost, so that it is tried again: a run with gaps is complete in the eyes of DVC.

``data/cache/pending.json`` names the files of the last run that a failing host or a broken answer kept from it, and in
how many runs so far. Files that no archive has are not in it.
"""

import hashlib
import json
from pathlib import Path

from solarflare.core.console import log
from solarflare.core.files import main_checkout, read_json, write_json
from solarflare.core.params import Group
from solarflare.core.paths import DOWNLOADS
from solarflare.sources.live.schema import LiveParams

COMMAND = "dvc repro --force --single-item scrape"


def keep(params: LiveParams, lost: dict[str, str]) -> None:
    """Write what a run has lost (reasons by file), and say how it is tried again."""
    former = _read(params)
    tries = {file: former.get(file, 0) + 1 for file in sorted(lost)}
    files = {file: {"reason": lost[file], "runs": count} for file, count in tries.items()}
    if files or _path().exists():
        write_json(_path(), {"params": _digest(params), "files": files})
    if remaining := _remaining(params, tries):
        first = remaining[0]
        log.warning(
            "%d files were lost on the way, the first is %s (%s): `make` fetches them again, or `%s`; all are in %s",
            len(remaining),
            first,
            lost[first],
            COMMAND,
            DOWNLOADS / _path().name,
        )
    if given_up := len(tries) - len(remaining):
        log.warning("%d files were lost in %d runs and are given up", given_up, params.scrape.live.give_up_after)


def remaining(params: LiveParams) -> int:
    """Return how many files the last run with these parameters has lost, without those that are given up."""
    return len(_remaining(params, _read(params)))


def _remaining(params: LiveParams, tries: dict[str, int]) -> list[str]:
    return [file for file, count in tries.items() if count < params.scrape.live.give_up_after]


def _read(params: LiveParams) -> dict[str, int]:
    """Return in how many runs each file was lost; none if the last run had other parameters."""
    if not _path().is_file():
        return {}
    content = read_json(_path(), "scrape")
    if content.get("params") != _digest(params):
        return {}
    return {file: facts["runs"] for file, facts in content["files"].items()}


def _digest(params: LiveParams) -> str:
    groups: list[Group] = [params.instrument, params.label, params.scrape.live]
    chosen = [list(params.tasks), *(group.model_dump(mode="json") for group in groups)]
    # The order of the keys in params.yaml does not matter.
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _path() -> Path:
    return main_checkout() / DOWNLOADS / "pending.json"
