"""Forecasts from the records of flares and regions alone, beside the networks that GSU published, on the same hours.

Run it from the project's folder: ``python -m benchmarks.predict.gsu PUBLISHED ARCHIVE``, with the folder of
``gsu_attention_fold1.csv`` and ``gsu_attention_fold2.csv`` (github.com/gsu-csds/fulldiskAttention) and an archive with
``flares.csv`` and ``regions.csv``.

Each file holds a network's hourly forecasts of M1.0 or more within 24 h for one quarter of every year. The baselines of
the records learn from the hours of the other quarters, at least a week away. Hours from :data:`END` on, where the
archive's records end, are left out and counted. Nothing was chosen on these hours.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.dataset.samples.regression import logistic
from solarflare.predict import forecast_files
from solarflare.predict.forecast_cells import REGION
from solarflare.predict.leaderboard import board, text
from solarflare.predict.leaderboard.entries import Entry
from solarflare.predict.scoring import BLOCK_DAYS, RESAMPLES, SEED
from solarflare.sources.common import event_tables
from solarflare.sun.events.flares import any_flare, clean, flux, min_flux, question_windows
from solarflare.sun.events.questions import DiskLabel
from solarflare.sun.events.records import HORIZONS, Records, features

QUESTION = DiskLabel(target="flare", event="start", min_class="M1.0", before=0, after=24)
END = pd.Timestamp("2015-01-01")
GAP = pd.Timedelta(days=7)
"""Between training and test: as far as the records look back."""


def main() -> None:
    """Print for each fold the leaderboard of the published network and of the baselines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path, help="a folder with the published forecasts")
    parser.add_argument("archive", type=Path, help="a folder with flares.csv and regions.csv")
    arguments = parser.parse_args()
    flares, _ = clean(event_tables.read_flares(arguments.archive / "flares.csv"))
    records = Records(flares, event_tables.read_regions(arguments.archive / "regions.csv"))
    for fold in (1, 2):
        path = arguments.published / f"gsu_attention_fold{fold}.csv"
        published = forecast_files.read(path).rows
        tested = published[published["time"] < END].reset_index(drop=True)
        print(f"Fold {fold}: {len(tested):,} of {len(published):,} hours; the others are from {END:%Y} on")
        differing = int((labels(tested["time"], records) != tested["label"].to_numpy()).sum())
        print(f"The flare list says otherwise than the file in {differing:,} of these hours\n")
        entries = [Entry("GSU's network", path, "flare_prob", tested, 0)]
        entries += [Entry(name, path, name, rows, 0) for name, rows in from_records(tested, records).items()]
        print(text.table(board.make(entries, board.Rules(BLOCK_DAYS, RESAMPLES, SEED)).content), end="\n\n")


def labels(time: pd.Series, records: Records) -> NDArray[np.bool_]:
    """Return whether a flare that the question counts begins within the window of each time."""
    strong = records.flares[flux(records.flares["goes_class"]) >= min_flux(QUESTION)].reset_index(drop=True)
    return any_flare(strong, question_windows(time, QUESTION), QUESTION)


def from_records(tested: pd.DataFrame, records: Records) -> dict[str, pd.DataFrame]:
    """Return the test rows with the probability of each baseline, by its name."""
    last = tested["time"].max()
    first = records.flares["start"].min() + pd.Timedelta(hours=max(HORIZONS))
    hours = pd.DataFrame({"time": pd.date_range(first.ceil("h"), last, freq="h")})
    quarters = tested["time"].dt.quarter.unique()
    near = (hours["time"] + step * GAP for step in (-1, 0, 1))
    train = hours[~np.any([times.dt.quarter.isin(quarters) for times in near], axis=0)].reset_index(drop=True)
    learned, asked = (baseline_features(rows, records) for rows in (train, tested))
    truth = labels(train["time"], records).astype(int)
    return {
        name: tested.assign(
            probability=logistic(learned[name].to_numpy(), truth).predict_proba(asked[name].to_numpy())[:, 1]
        )
        for name in learned
    }


def baseline_features(rows: pd.DataFrame, records: Records) -> dict[str, pd.DataFrame]:
    """Return the inputs of each baseline from records."""
    known = features(rows.drop(columns=REGION, errors="ignore"), records, QUESTION)
    return {name: table for name, table in known.items() if isinstance(table, pd.DataFrame)}


if __name__ == "__main__":
    main()
