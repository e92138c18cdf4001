"""The whole pipeline with the origin `live`, asked of the observatories on the loopback: ``make live-rehearsal``.

Real images and tables from ../shared/sun are served where they are, a simulated Sun's elsewhere. A copy of the project
scrapes them three times: from sites that behave, from sites that fail in every way that passes, and from sites that
lose files for good. The second has to give the same bytes, the third the same tables less exactly what was lost. Then
the other stages run on what is left.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from solarflare.core import params, tables
from tests import parameters
from tests.archive_server.faults import BROKEN, PERMANENT, SLOW, Fault
from tests.archive_server.ftp import FtpServer
from tests.archive_server.server import ArchiveServer
from tests.archive_server.world import World, choices
from tests.conftest import SHARED
from tests.project.test_pipeline import commit, copy_of_the_project, shell
from tests.projects import Project
from tests.sources.test_live import contents

SPAN = {"start": "2012-01-01", "end": "2014-01-01"}
SAMPLE: dict[str, Any] = {
    **SPAN,
    "sampling": "cadence",
    "hour": 12,
    "tolerance": 720,
}
ORDER = {"gong": ["bbso"], "hmi": ["gsfc"], "aia171": ["gsfc"], "aia193": ["gsfc"], "aia211": ["gsfc"]}
FORECAST = {
    "disk": {"target": "flare", "event": "overlap", "min_class": "C1.0", "before": 12, "after": 12},
    "region": {
        "event": "start",
        "min_class": "C1.0",
        "before": 0,
        "after": 24,
        "max_longitude": 65,
        "unassigned": "ignore",
    },
}
"""The questions of profiles/sdo-euv.yaml: the real images are too few to catch a flare in progress."""

TABLES = {"flares": tables.FLARES, "regions": tables.REGIONS, "coverage": tables.COVERAGE, "images": tables.IMAGES}


@dataclass(frozen=True)
class Raw:
    """What a scrape ended in."""

    files: dict[str, str]
    tables: dict[str, pd.DataFrame]

    @classmethod
    def read(cls, folder: Path) -> "Raw":
        """Read data/raw."""
        found = {name: tables.read(folder / f"{name}.csv", schema) for name, schema in TABLES.items()}
        return cls(contents(folder), found)

    @property
    def reasons(self) -> set[tuple[str, str]]:
        """What is absent, and why."""
        absent = self.tables["coverage"].query("status == 'absent'")
        return set(zip(absent["list"], absent["reason"], strict=True))


def main() -> None:
    """Rehearse, and say what was found."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        real = (SHARED / "sun").is_dir() and "--simulated" not in sys.argv
        world = World.imported(folder / "site", SHARED / "sun" if real else simulated(folder))
        print(f"{len(world.shots)} {'real' if real else 'simulated'} images are served")
        with world.serve() as site, world.serve_ftp() as ftp:
            project = configured(folder, choices(site.url, ftp.url, timeout=5, sources=ORDER, **SAMPLE), real)
            good = scrape(project)
            print(f"well-behaved sites: {len(good.tables['images'])} images, {len(site.requests)} requests")
            rehearse_what_passes(project, site, ftp, good)
            rehearse_what_is_lost(project, site, ftp, good)
            shell("dvc", "repro", cwd=project)
        for task in ("disk", "region"):
            metrics = yaml.safe_load((project / f"metrics/details/{task}.json").read_text())
            print(
                f"the pipeline on what is left: {task} ROC-AUC {metrics['roc_auc']['value']:.2f} of {metrics['n']} rows"
            )


def simulated(folder: Path) -> Path:
    """Make a Sun, and return its raw data."""
    content = params.read_yaml(parameters.FIXED)
    content["scrape"]["simulated"] |= {**SPAN, "disk_images": 120, "region_images": 120}
    project = Project.make(folder / "sun", content)
    done = project.run("scrape")
    assert done.returncode == 0, done.stderr
    return project.folder / "data/raw"


def configured(folder: Path, chosen: dict[str, Any], real: bool) -> Path:
    """Return a copy of the project that asks the sites."""
    (folder / "project").mkdir()
    project = copy_of_the_project(folder / "project")
    content = yaml.safe_load((project / "params.yaml").read_text())
    content["scrape"] = chosen["scrape"]
    if real:
        content["instrument"] = {"disk": "aia211", "region": "aia211"}
        content["label"] = FORECAST
    (project / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    commit(project, "ask the sites on the loopback")
    return project


def scrape(project: Path) -> Raw:
    """Scrape anew, without anything from before."""
    shutil.rmtree(project / "data/cache", ignore_errors=True)
    shell("dvc", "repro", "--force", "--single-item", "scrape", cwd=project)
    return Raw.read(project / "data/raw")


def rehearse_what_passes(project: Path, site: ArchiveServer, ftp: FtpServer, good: Raw) -> None:
    """Fail in every way that passes: the bytes stay the same."""
    every = [*BROKEN, "drip", "drip_headers", "html", "empty", "cut"]
    for number, kind in enumerate(every):
        # Each kind meets the reports, listings and images of its own days; those that cost time, of one month alone.
        days = "|".join(f"{day:02d}" for day in range(1, 32) if day % len(every) == number)
        wait = int(kind in ("throttled", "throttled_until"))
        costly = wait or kind in SLOW
        pattern = rf"2012/?{'03' if costly else '..'}/?({days})(\D|$)"
        if kind == "cut":
            # Half a report or a listing that is announced as whole looks like a whole one.
            pattern += ".*jpg$"
        site.faults.append(Fault(pattern, kind, times=1 if costly else 2, retry_after=wait))
    ftp.faults[:] = [Fault("1.$", "crowded", times=1), Fault("jpg$", "truncated", times=1)]
    before = len(site.requests)
    bad = scrape(project)
    assert bad.files == good.files, sorted(set(bad.files.items()) ^ set(good.files.items()))[:5]
    print(f"sites that fail in {len(every)} ways that pass: the same bytes, {len(site.requests) - before} requests")
    site.faults.clear()
    ftp.faults.clear()


def rehearse_what_is_lost(project: Path, site: ArchiveServer, ftp: FtpServer, good: Raw) -> None:
    """Lose files for good: the rest is the same, and for each lost image another stands in, or it has its reason."""
    images, coverage = good.tables["images"], good.tables["coverage"]
    kinds = [*PERMANENT, "truncated", "moved"]
    chosen = images.iloc[:: len(images) // len(kinds)].iloc[: len(kinds)]
    lost = dict(zip(chosen["origin"], kinds, strict=True))
    for origin, kind in lost.items():
        name = origin.rpartition("/")[2]
        site.faults.append(Fault(name, kind, target="http://localhost:1"))
        ftp.faults.append(Fault(name, "missing"))
    bad = scrape(project)
    gone = images["origin"].isin(chosen["origin"])
    stand_ins = ~bad.tables["images"]["origin"].isin(images["origin"])
    assert bad.tables["images"][~stand_ins].reset_index(drop=True).equals(images[~gone].reset_index(drop=True))
    assert bad.tables["flares"].equals(good.tables["flares"])
    assert bad.tables["regions"].equals(good.tables["regions"])
    assert set(good.files) - set(bad.files) == set(images.loc[gone, "path"])
    new = sorted(reason for _, reason in bad.reasons - good.reasons)
    assert len(new) == gone.sum() - stand_ins.sum()
    assert len(bad.tables["coverage"]) == len(coverage) + len(new)
    what = f"{stand_ins.sum()} others stand in, {len(new)} absent"
    print(f"sites that lose {len(lost)} images for good: {what}, all else the same")
    print("\n".join(f"  {reason}" for reason in new))
    reports = {"swpc_events": r"20120715events", "regions": r"20120716SRS"}
    site.faults += [Fault(pattern, "missing") for pattern in reports.values()]
    worse = scrape(project)
    assert {name for name, _ in worse.reasons - bad.reasons} >= set(reports)
    print("sites that lose reports too: their days are gaps, not quiet days")


if __name__ == "__main__":
    main()
