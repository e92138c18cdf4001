"""Recall and precision of the regions that are found in images, compared with reported positions.

Run it from the project's folder after ``make``: ``python -m benchmarks.predict.regions_found ../shared/sun``. It
searches EUV images of the real Sun, with NOAA's positions, and every fourth magnetogram of the simulated Sun in
``data/raw``. A found region and a reported one match if they are within 10 degrees; each has at most one match. Regions
within 60 degrees of the central meridian count. A second recall counts only regions that had spots on that day. The EUV
search was tuned on images before 2014, the magnetogram search was not tuned. Scores are written to
``docs/results/regions_found.json``.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from solarflare.core import tables
from solarflare.core.console import progress
from solarflare.core.files import atomic_path
from solarflare.core.paths import RAW, RAW_IMAGES, RAW_REGIONS
from solarflare.dataset.crops.cutter import find_disk
from solarflare.predict import find_regions
from solarflare.sources.common import event_tables, filenames
from solarflare.sun.images import imaging
from solarflare.sun.images.coordinates import regions_on_disk
from solarflare.sun.images.instruments import Instrument

RESULT = Path("docs/results/regions_found.json")
NEAR, FARTHEST = 10.0, 60.0
TEST_YEAR = 2014
EVERY = 4  # every fourth magnetogram, so that the search takes a minute


def main() -> None:
    """Write the scores of each set of images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder with images of AIA 211 at any depth, and regions.csv")
    folder = parser.parse_args().folder
    stamps = {path: filenames.parse(path.name) for path in sorted(folder.rglob("*.jpg"))}
    images = pd.DataFrame(
        [(str(path), pd.Timestamp(stamp.time)) for path, stamp in stamps.items() if stamp and stamp[0] == "aia211"],
        columns=["path", "time"],
    )
    counts = count_all(images, event_tables.read_regions(folder / "regions.csv"), "aia211")
    magnetograms = tables.read(RAW_IMAGES, tables.IMAGES).query("instrument == 'gong'").iloc[::EVERY]
    magnetograms = magnetograms.assign(path=[str(RAW / path) for path in magnetograms["path"]])
    test = images["time"].dt.year >= TEST_YEAR
    spans = {
        "tuned on, before 2014": counts[~test],
        "read once, 2014": counts[test],
        "simulated magnetograms": count_all(magnetograms, tables.read(RAW_REGIONS, tables.REGIONS), "gong"),
    }
    with atomic_path(RESULT) as partial:
        partial.write_text(json.dumps({name: scores(rows) for name, rows in spans.items()}, indent=2) + "\n")
    print(RESULT.read_text())


def count_all(images: pd.DataFrame, regions: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return the counts of `count` for each image, in their order."""
    reported = regions_on_disk(images, regions)
    rows = zip(images["path"], images["time"], strict=True)
    return pd.DataFrame(
        [
            count(Path(path), time, reported[reported["path"] == path], instrument)
            for path, time in progress(rows, len(images), f"images of {instrument} searched")
        ],
        index=images.index,
    )


def count(path: Path, time: pd.Timestamp, reported: pd.DataFrame, instrument: Instrument) -> dict[str, int]:
    """Return the number of reported regions, found regions and matches in an image."""
    grey = imaging.decode(path, "L")
    disk = find_disk(grey, instrument, time)
    latitude, longitude = find_regions.find(grey, instrument, disk, time) if disk.fitted else ([], [])
    detected = pd.DataFrame({"latitude": latitude, "longitude": longitude})
    distances = separation(detected, reported)
    detected_rows, reported_rows = linear_sum_assignment(np.where(distances <= NEAR, distances, 1e3))
    matched = distances[detected_rows, reported_rows] <= NEAR
    central = [(df["longitude"].abs() <= FARTHEST).to_numpy() for df in (detected, reported)]
    spotted = central[1] & (reported["spots"] > 0).to_numpy()
    return {
        "spotted": int(spotted.sum()),
        "spotted_found": int(spotted[reported_rows[matched]].sum()),
        "reported": int(central[1].sum()),
        "reported_found": int(central[1][reported_rows[matched]].sum()),
        "found": int(central[0].sum()),
        "found_reported": int(central[0][detected_rows[matched]].sum()),
    }


def separation(first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
    """Return the great-circle distance in degrees, (n, m), between each place of `first` and each of `second`."""
    latitude, longitude = np.radians(first[["latitude", "longitude"]].to_numpy(float)).T[:, :, None]
    latitudes, longitudes = np.radians(second[["latitude", "longitude"]].to_numpy(float)).T
    cosine = np.sin(latitude) * np.sin(latitudes)
    cosine = cosine + np.cos(latitude) * np.cos(latitudes) * np.cos(longitude - longitudes)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def scores(counts: pd.DataFrame) -> dict[str, float]:
    """Return recall and precision over all images."""
    total = counts.sum()
    return {
        "images": len(counts),
        "recall": round(float(total["reported_found"] / total["reported"]), 3),
        "precision": round(float(total["found_reported"] / total["found"]), 3),
        "recall_with_spots": round(float(total["spotted_found"] / total["spotted"]), 3),
        "regions": int(total["reported"]),
        "regions_with_spots": int(total["spotted"]),
        "found": int(total["found"]),
    }


if __name__ == "__main__":
    main()
