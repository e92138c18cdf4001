"""Trains the networks that are shipped, and writes their folders in ``pretrained/``: `solarflare pretrain`."""

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, paths
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory, read_json, sha256, write_json
from solarflare.core.tasks import TASKS, Task
from solarflare.networks import hashes, shipped
from solarflare.sources.live.manifest import read
from solarflare.tracking import dvc_state, profiles
from solarflare.tracking.pretrained import card
from solarflare.tracking.profiles import Profile
from solarflare.tracking.published_results import RESULTS

FOLDER = Path("pretrained")
FOLDS, LATER = "folds", "test-2014"
"""The variants of a profile whose scores are on the card: blocks of 27 days as folds, and a later year as test."""

DATA = (
    paths.PARAMS,
    paths.CROPS,
    paths.LABELS,
    paths.SPLITS,
    paths.RAW_IMAGES,
    paths.RAW_FLARES,
    paths.RAW_REGIONS,
    paths.RAW_COVERAGE,
)
"""What a training reads."""


def make(name: str, archive: Path, manifest: Path) -> Path:
    """Train both networks of a profile on all of its images, and return their folder in ``pretrained/``.

    The same commit, archive and machine give the same bytes. A former folder is replaced when all is done.

    Parameters
    ----------
    name : str
        A profile with the variants `FOLDS` and `LATER`, whose scores are in ``docs/results/``.
    archive, manifest : Path
        The folder of images and tables, and the table that names these images.

    Raises
    ------
    InputError
        If the profile is another kind of profile, its scores are of other parameters, or the manifest does not name
        exactly the images of the archive.
    """
    profile = profiles.read(name, archive)
    scores = _scores(profile)
    own = replace(profile, name=f"{name}-pretrain", variants={FOLDS: profile.variants[FOLDS]})
    revision = profiles.run(own, ("split", "crop"))[FOLDS]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        dvc_state.restore(revision, [path.as_posix() for path in DATA], data)
        return pretrain(data, scores, manifest, FOLDER)


def pretrain(data: Path, scores: dict[str, Any], manifest: Path, target: Path) -> Path:
    """Train from a folder that holds `DATA`, and return the folder of the instrument in `target`."""
    from solarflare.networks.pretraining import pretrain as train

    listed = check_manifest(manifest, data / paths.RAW_IMAGES)
    chosen = params.read_yaml(data / paths.PARAMS)
    instruments = {chosen["instrument"][task] for task in TASKS}
    if len(instruments) > 1:
        raise InputError(f"instrument is {' and '.join(sorted(instruments))}; shipped networks of one folder share one")
    with atomic_directory(target / instruments.pop()) as partial:
        folder = partial.resolve()
        for task in TASKS:
            with contextlib.chdir(data):
                trained = train(task, folder / task)
            content = card.content(folder / task, trained, listed, {key: of[task] for key, of in scores.items()})
            write_json(folder / task / shipped.CARD, content)
            (folder / task / shipped.PAGE).write_text(card.markdown(content), encoding="utf-8")
            hashes.write(folder / task)
            log.info("%s: the network is written", task)
    return target / chosen["instrument"][Task.DISK]


def check_manifest(manifest: Path, images: Path) -> dict[str, str]:
    """Return the manifest's name and SHA-256, if it names exactly the images of a table with the column ``sha256``.

    Raises
    ------
    InputError
        As `solarflare.sources.live.manifest.read`, or if it names other images.
    """
    named = {entry.sha256 for entry in read(manifest)}
    used: set[str] = set(pd.read_csv(images, dtype=str)["sha256"])
    if named != used:
        raise InputError(
            f"{manifest} lacks {len(used - named)} images of the archive and names {len(named - used)} others; "
            "make it from this archive"
        )
    return {"path": manifest.as_posix(), "sha256": sha256(manifest)}


def _scores(profile: Profile) -> dict[str, Any]:
    """Return the scores of the variants on the card, by variant and task."""
    path = RESULTS / f"{profile.name}.json"
    content = read_json(path, "evaluate")
    # The folder's name may differ: its digest says whether the content does.
    overrides = {key: value for key, value in profile.overrides.items() if key != "scrape.archive.path"}
    scored = content["overrides"]
    if any(scored.get(key) != value for key, value in json.loads(json.dumps(overrides, default=str)).items()):
        raise InputError(f"{path} has the scores of other parameters; run `solarflare experiment {profile.name}` first")
    if missing := {FOLDS, LATER} - content["variants"].keys() & profile.variants.keys():
        raise InputError(f"profiles/{profile.name}.yaml has no variant {missing.pop()}, and the card needs its scores")
    return {variant: content["variants"][variant]["metrics"] for variant in (FOLDS, LATER)}
