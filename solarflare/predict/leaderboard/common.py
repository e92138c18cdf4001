"""The rows that all forecasts of a leaderboard have: joined by their time and, for regions, by their region."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from solarflare.core.errors import InputError
from solarflare.predict.forecast_cells import REGION
from solarflare.predict.forecast_files import no_common_rows
from solarflare.predict.leaderboard.entries import Entry


@dataclass(frozen=True)
class CommonRows:
    """The rows that all forecasts have.

    `rows` is sorted by time and region. It has the columns ``time``, ``label`` (0 or 1) and for each forecast, by its
    position, the probability. `total` is the number of rows that at least one forecast has.
    """

    rows: pd.DataFrame
    total: int


def join(entries: Sequence[Entry]) -> CommonRows:
    """Join forecasts by time, or by time and region if all of them are of regions.

    Raises
    ------
    InputError
        If a forecast has two rows of one time and region, if only some forecasts are of regions, if two forecasts do
        not agree on what happened, or if the common rows do not have both labels.
    """
    key = _key(entries)
    labels, probabilities = [], []
    for entry in entries:
        rows = entry.rows
        repeated = rows.duplicated(key)
        if repeated.any():
            first = rows.loc[repeated, key].iloc[0]
            raise InputError(
                f"{entry.path}: {int(repeated.sum()):,} rows repeat the {' and '.join(key)} of an earlier row, first "
                f"{' '.join(map(str, first))}; a leaderboard joins rows by {' and '.join(key)}, so keep one row of each"
            )
        indexed = rows.set_index(key)
        labels.append(indexed["label"])
        probabilities.append(indexed["probability"])
    truth = pd.concat(labels, axis=1, keys=range(len(entries)))
    _check_labels(entries, truth)
    table = pd.concat(probabilities, axis=1, keys=range(len(entries)), join="inner").sort_index()
    rows = table.assign(label=truth[0].reindex(table.index).astype(int)).reset_index(level="time")
    if rows.empty:
        raise no_common_rows(key, {str(entry.path): entry.rows["time"].min() for entry in entries})
    if rows["label"].nunique() < 2:
        raise InputError(
            f"{len(rows):,} rows are common to all {len(entries)} forecasts, and the label of each is "
            f"{rows['label'].iloc[0]}, where scores need both 0 and 1; leave out the forecasts that lack most rows"
        )
    return CommonRows(rows.reset_index(drop=True), len(truth))


def _key(entries: Sequence[Entry]) -> list[str]:
    of_regions = {entry.path: bool((entry.rows[REGION] != "").any()) for entry in entries}
    if len(set(of_regions.values())) > 1:
        regions, disk = (next(path for path, has in of_regions.items() if has == wanted) for wanted in (True, False))
        raise InputError(
            f"{regions} forecasts regions ({REGION}) and {disk} does not; compare files that forecast the same"
        )
    return ["time", REGION] if all(of_regions.values()) else ["time"]


def _check_labels(entries: Sequence[Entry], truth: pd.DataFrame) -> None:
    """Check that the labels of each row, a column for each forecast, are the same."""
    for position, entry in enumerate(entries):
        both = truth[[0, position]].dropna()
        differing = both[both[0] != both[position]] if position else both.iloc[:0]
        if len(differing):
            time = differing.index[0] if truth.index.nlevels == 1 else differing.index[0][0]
            raise InputError(
                f"{entries[0].path} and {entry.path} do not agree on what happened in {len(differing):,} of "
                f"{len(both):,} common rows, first {time}; compare forecasts of the same events, with the same labels"
            )
