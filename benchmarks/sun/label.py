"""How long a million images take against 100,000 flares, for each question, beside one `pandas.merge_asof` of both.

Run it from the project's folder: ``python -m benchmarks.sun.label``.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.ratios import Ratio, in_turns
from solarflare.core import tables
from solarflare.sun.labels.labels import label_disk, label_regions
from tests import parameters

IMAGES, FLARES, ROUNDS = 1_000_000, 100_000, 3
START, DAYS = pd.Timestamp("1996-01-01"), 30 * 365
LIFE, REGIONS = 10, 5  # days that a region is reported, and regions on the disk at a time


def ratios() -> Iterator[Ratio]:
    """Yield the ratio of each question."""
    generator = np.random.default_rng(1)
    regions, flares = region_reports(generator), flare_list(generator)
    complete = {"start": START, "end": START + pd.Timedelta(days=DAYS), "status": "complete", "reason": ""}
    lists = pd.DataFrame([complete | {"list": "swpc", "min_class": "B1.0"}])
    coverage = tables.check(lists, tables.COVERAGE, "coverage")
    images, label = image_list(generator, IMAGES), parameters.load().label
    by_start = flares.sort_values("start")
    merge = partial(pd.merge_asof, images, by_start, left_on="time", right_on="start", direction="forward")
    for event in ("overlap", "start"):
        window = {"event": event, "before": 0.0, "after": 24.0}
        disk = label.disk.model_copy(update={"target": "flare", **window})
        region = label.region.model_copy(update=window)
        questions = {
            "disk": partial(label_disk, images, flares, regions, coverage, None, disk),
            "region": partial(label_regions, images[::REGIONS], flares, regions, coverage, None, region),
        }
        for task, question in questions.items():
            seconds, of_merge = in_turns(ROUNDS, question, merge)
            detail = f"{seconds:.1f} s and {of_merge:.2f} s"
            yield Ratio(f"label, {task}, {event}", "`pandas.merge_asof`", seconds / of_merge, 3, detail)


def image_list(generator: np.random.Generator, count: int) -> pd.DataFrame:
    """Return images at random times."""
    at = pd.to_timedelta(np.sort(generator.integers(0, (DAYS - 2) * 86_400, count)), unit="s")
    return pd.DataFrame({"path": [f"{number:07d}.jpg" for number in range(count)], "time": START + at, "pair_id": ""})


def region_reports(generator: np.random.Generator) -> pd.DataFrame:
    """Return the daily rows of regions that cross the disk one after the other."""
    day = np.arange(DAYS * REGIONS)
    number, age = day // LIFE, day % LIFE
    columns = {
        "time": START + pd.to_timedelta(number * LIFE // REGIONS + age, unit="D"),
        "noaa_ar": 10_000 + number,
        "latitude": generator.uniform(-30, 30, DAYS * REGIONS // LIFE)[number],
        "longitude": -60.0 + 13 * age,
        "area": 100.0,
        "mcintosh": "DAO",
        "mag_type": "beta",
        "spots": 5,
    }
    return tables.check(pd.DataFrame(columns), tables.REGIONS, "regions")


def flare_list(generator: np.random.Generator) -> pd.DataFrame:
    """Return flares of minutes to hours, three quarters of them with a region, half of the rest with a position."""
    start = START + pd.to_timedelta(generator.integers(0, DAYS * 86_400, FLARES), unit="s")
    minutes = pd.to_timedelta(15 * np.exp(generator.normal(0, 1, FLARES)), unit="min").round("min")
    named = generator.uniform(size=FLARES) < 0.75
    placed = ~named & (generator.uniform(size=FLARES) < 0.5)
    noaa_ar = 10_000 + (start - START).days // (LIFE // REGIONS)
    columns = {
        "start": start,
        "peak": start,
        "end": start + minutes,
        "goes_class": generator.choice(["B5.0", "C1.0", "C5.0", "M1.0"], FLARES),
        "noaa_ar": pd.Series(noaa_ar, dtype="Int64").where(named),
        "latitude": np.where(placed, generator.uniform(-30, 30, FLARES), np.nan),
        "longitude": np.where(placed, generator.uniform(-90, 90, FLARES), np.nan),
        "list": "swpc",
    }
    return tables.check(pd.DataFrame(columns), tables.FLARES, "flares")


if __name__ == "__main__":
    print(*ratios(), sep="\n")
