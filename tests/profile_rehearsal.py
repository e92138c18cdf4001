"""The scores of a profile on real images, from the observatories on the loopback and from the folder, side by side.

``python -m tests.profile_rehearsal sdo-euv test-2014`` serves the images of ../shared/sun where GSFC has them, and
daily reports made from its tables. A copy of the project runs the whole pipeline on both, and every difference is
printed: of the scores, and of the forecasts row for row. It takes two trainings.
"""

import datetime as dt
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from solarflare.core import params, paths
from solarflare.core.tasks import TASKS
from solarflare.sources.archive import scrape as archive
from solarflare.tracking import profiles
from tests.archive_server.world import World, choices
from tests.conftest import SHARED
from tests.project.test_pipeline import commit, copy_of_the_project, shell
from tests.projects import ROOT

AIA = "euv"
TABLES = ("flares.csv", "regions.csv")


def main(name: str, variant: str) -> None:
    """Run a variant of a profile on both origins, and print what differs."""
    chosen = profiles.read(name)
    changes = chosen.overrides | chosen.variants[variant]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sun = real_images(folder / "sun")
        (folder / "project").mkdir()
        project = copy_of_the_project(folder / "project")
        results = {}
        with World.imported(folder / "site", sun).serve() as site:
            for origin, more in (("live", on_loopback(site.url)), ("archive", of_folder(sun))):
                content = applied(params.read_yaml(ROOT / paths.PARAMS), changes | more)
                (project / paths.PARAMS).write_text(yaml.safe_dump(content, sort_keys=False))
                shell("dvc", "repro", cwd=project)
                commit(project, origin)
                results[origin] = read(project)
            print(f"{len(site.requests)} requests")
    differences = {
        key: [results[origin].get(key) for origin in ("live", "archive")]
        for key in sorted(set(results["live"]) | set(results["archive"]))
        if results["live"].get(key) != results["archive"].get(key)
    }
    print(f"{len(results['live'])} numbers and forecasts from the sites, {len(differences)} of them differ")
    for key, (live, of_archive) in differences.items():
        print(f"  {key}: {live} from the sites, {of_archive} from the folder")


def real_images(folder: Path) -> Path:
    """Copy the images of AIA and the tables of ../shared/sun, as an archive."""
    shutil.copytree(SHARED / "sun" / AIA, folder / AIA)
    for table in TABLES:
        shutil.copy(SHARED / "sun" / table, folder)
    return folder


def on_loopback(site: str) -> dict[str, Any]:
    """Return the changes of params.yaml that ask a site instead of the observatories, without a pause."""
    live = choices(site)["scrape"]["live"]
    return {f"scrape.live.{key}": live[key] for key in ("urls", "manners", "slower")}


def of_folder(folder: Path) -> dict[str, Any]:
    """Return the changes of params.yaml that read an archive instead."""
    facts = {"scrape.archive.path": str(folder), "scrape.archive.digest": archive.digest(folder)}
    return {"scrape.origin": "archive", **facts}


def applied(content: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of params.yaml with changes, which have dotted keys."""
    for key, value in changes.items():
        *groups, last = key.split(".")
        group = content
        for group_name in groups:
            group = group[group_name]
        # DVC reads no dates in params.yaml.
        group[last] = str(value) if isinstance(value, dt.date) else value
    return content


def read(project: Path) -> dict[str, Any]:
    """Return all scores and forecasts of a run, each by a key."""
    values: dict[str, Any] = {}
    for file in ("audit", "data", *TASKS):
        content = params.read_yaml(project / f"metrics/details/{file}.json")
        values |= {f"{file}.{key}": value for key, value in params.dotted(content).items()}
    for task in TASKS:
        forecasts = pd.read_csv(project / task.predictions)
        values |= {f"{task} row {number}": row for number, row in enumerate(forecasts.to_csv().splitlines())}
    return values


if __name__ == "__main__":
    main(*sys.argv[1:])
