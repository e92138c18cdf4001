"""Recall and precision of the regions that are found in real EUV images, against NOAA's positions.

Run it from the project's folder: ``python -m benchmarks.regions_found ../shared/sun``. A region is found if one that
was found lies within 10 degrees of it, each counting once. Both are counted to 60 degrees from the central meridian.
The search was tuned on the years before 2014; the scores are written to ``docs/results/regions_found.json``.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from solarflare import crops, detection, geometry, imaging
from solarflare.console import progress
from solarflare.files import atomic_path
from solarflare.sources import catalogues, filenames

RESULT = Path("docs/results/regions_found.json")
NEAR, FARTHEST = 10.0, 60.0
TEST_YEAR = 2014


def main() -> None:
    """Write the scores of both spans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds images of AIA 211 at any depth, and regions.csv")
    folder = parser.parse_args().folder
    stamps = {path: filenames.parse(path.name) for path in sorted(folder.rglob("*.jpg"))}
    images = pd.DataFrame(
        [(str(path), pd.Timestamp(stamp.time)) for path, stamp in stamps.items() if stamp and stamp[0] == "aia211"],
        columns=["path", "time"],
    )
    known = geometry.regions_on_disk(images, catalogues.read_regions(folder / "regions.csv"))
    rows = zip(images["path"], images["time"], strict=True)
    counts = pd.DataFrame(
        [
            {"test": time.year >= TEST_YEAR, **counted(Path(path), time, known[known["path"] == path])}
            for path, time in progress(rows, len(images), "images searched")
        ]
    )
    spans = {"tuned on, before 2014": counts[~counts["test"]], "read once, 2014": counts[counts["test"]]}
    with atomic_path(RESULT) as partial:
        partial.write_text(json.dumps({name: scores(rows) for name, rows in spans.items()}, indent=2) + "\n")
    print(RESULT.read_text())


def counted(path: Path, time: pd.Timestamp, known: pd.DataFrame) -> dict[str, int]:
    """Return how many regions of an image are known, how many of them found, and how many of the found are known."""
    grey = imaging.decode(path, "L")
    disk = crops.find_disk(grey, "aia211", time)
    found = detection.find(grey, "aia211", disk, time) if disk.fitted else known.iloc[:0]
    apart = separation(found, known)
    first, second = linear_sum_assignment(np.where(apart <= NEAR, apart, 1e3))
    near = apart[first, second] <= NEAR
    inside = [(df["longitude"].abs() <= FARTHEST).to_numpy() for df in (found, known)]
    return {
        "known": int(inside[1].sum()),
        "known_found": int(inside[1][second[near]].sum()),
        "found": int(inside[0].sum()),
        "found_known": int(inside[0][first[near]].sum()),
    }


def separation(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Return the great-circle distance in degrees, (n, m), of each place from each other."""
    latitude, longitude = np.radians(one[["latitude", "longitude"]].to_numpy(float)).T[:, :, None]
    latitudes, longitudes = np.radians(other[["latitude", "longitude"]].to_numpy(float)).T
    cosine = np.sin(latitude) * np.sin(latitudes)
    cosine = cosine + np.cos(latitude) * np.cos(latitudes) * np.cos(longitude - longitudes)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def scores(counts: pd.DataFrame) -> dict[str, float]:
    """Return recall and precision over some images."""
    total = counts.sum()
    return {
        "images": len(counts),
        "recall": round(float(total["known_found"] / total["known"]), 3),
        "precision": round(float(total["found_known"] / total["found"]), 3),
        "regions": int(total["known"]),
        "found": int(total["found"]),
    }


if __name__ == "__main__":
    main()
