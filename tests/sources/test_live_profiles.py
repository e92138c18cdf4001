"""The profiles that ask the observatories, rehearsed on the loopback: the stages scrape and label.

The images are real where ../shared/sun has them.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from solarflare.core import params, tables
from solarflare.core.tasks import TASKS
from solarflare.sources.common import event_tables
from solarflare.sources.live import manifest
from solarflare.tracking import profiles
from tests import parameters
from tests.archive_server.observatories import Shot, drawn
from tests.archive_server.world import World
from tests.profile_rehearsal import applied, of_folder, on_loopback, real_images
from tests.projects import ROOT, Project

EUV = ROOT / "manifests/sdo-aia211-2010-2014.csv"
SPAN = {"start": "2012-01-01", "end": "2013-01-01"}


def of_profile(name: str, **changes: Any) -> dict[str, Any]:
    """Return the parameters of a profile, with changes by dotted keys."""
    return applied(params.read_yaml(parameters.FIXED), profiles.read(name).overrides | changes)


def run(folder: Path, content: dict[str, Any]) -> Path:
    """Scrape and label in a project of its own; return the folder of its data."""
    project = Project.make(folder, content)
    (project.folder / "manifests").symlink_to(ROOT / "manifests")
    for stage in ("scrape", "label"):
        done = project.run(stage)
        assert done.returncode == 0, done.stderr
    return project.folder / "data"


def within(data: Path, name: str, column: str) -> pd.DataFrame:
    """Return the rows of a raw table in the span of the images with the reports and the history that they need."""
    df = tables.read(data / f"raw/{name}.csv", {"flares": tables.FLARES, "regions": tables.REGIONS}[name])
    times = [entry.time for entry in manifest.read(EUV)]
    first, last = min(times) - np.timedelta64(9, "D"), max(times) + np.timedelta64(2, "D")
    df = df[(df[column] >= first) & (df[column] <= last)]
    if name == "regions":
        # The folder has 96 rows of reports at a later hour, up to 17:55. A daily report names the day alone.
        df = df.assign(time=df["time"].dt.floor("D"))
    df = df.sort_values([column, "noaa_ar"], kind="stable")
    return df.drop(columns="list", errors="ignore").reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.usefixtures("shared_sun")
def test_the_manifest_and_the_folder_give_the_same_labels_row_for_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    sun = real_images(tmp_path / "sun")
    with World.imported(tmp_path / "site", sun).serve() as site:
        fetched = run(tmp_path / "live", of_profile("sdo-euv", **on_loopback(site.url)))
        assert len(site.asked("/browse/")) == 338
    imported = run(tmp_path / "archive", of_profile("sdo-euv", **of_folder(sun)))
    for task in TASKS:
        live, folder = (tables.read(data / f"labels/{task}.csv", tables.LABELS[task]) for data in (fetched, imported))
        pd.testing.assert_frame_equal(live, folder)
    # So is all that the baselines and the teacher know. The lists have other names: swpc_events, and swpc.
    for name, column in (("flares", "start"), ("regions", "time")):
        pd.testing.assert_frame_equal(within(fetched, name, column), within(imported, name, column))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gong", "hmi-cycle"])
def test_a_profile_by_rule_gets_an_image_for_each_time_that_has_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    simulated = params.read_yaml(parameters.FIXED)
    simulated["scrape"]["simulated"] |= {**SPAN, "disk_images": 4, "region_images": 4}
    sun = Project.make(tmp_path / "sun", simulated)
    assert sun.run("scrape").returncode == 0
    live = profiles.read(name).overrides
    instrument = live["instrument.disk"]
    step = dt.timedelta(hours=live["scrape.live.cadence"])
    first = dt.datetime.fromisoformat(SPAN["start"]) + dt.timedelta(hours=live["scrape.live.hour"])
    times = [first + number * step for number in range((dt.datetime.fromisoformat(SPAN["end"]) - first) // step + 1)]
    # Seconds vary, as at the archives. One image is missing.
    shots = [
        Shot(instrument, time.replace(microsecond=0) + dt.timedelta(seconds=7 * number), drawn(instrument, number))
        for number, time in enumerate(times)
        if number != 5
    ]
    raw = sun.folder / "data/raw"
    lists = event_tables.read_flares(raw / "flares.csv"), event_tables.read_regions(raw / "regions.csv")
    with World.make(tmp_path / "site", shots, *lists).serve() as site:
        span = {f"scrape.live.{key}": day for key, day in SPAN.items()}
        data = run(tmp_path / "live", of_profile(name, **on_loopback(site.url), **span))
    images = tables.read(data / "raw/images.csv", tables.IMAGES)
    assert len(images) == len(times) - 1
    assert list(images["time"]) == [pd.Timestamp(shot.time) for shot in shots]
    assert (images["sha256"].str.len() == 64).all()
    for task in TASKS:
        labels = tables.read(data / f"labels/{task}.csv", tables.LABELS[task])
        assert set(labels["path"]) <= set(images["path"])
        assert set(labels["label"].dropna()) == {0, 1}
