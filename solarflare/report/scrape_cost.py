"""The cost of a live scrape, and the images that it would fetch, as text."""

import pandas as pd

from solarflare.core import tables
from solarflare.verification.scores.score_table import Table


def render(wanted: pd.DataFrame, cost: pd.DataFrame, rows: bool = False) -> str:
    """Return the cost of a scrape and how many images it would fetch; with `rows`, below it, each as a row of CSV.

    Parameters
    ----------
    wanted, cost : DataFrame
        The two tables that `solarflare.sources.live.estimate.estimate` returns.
    rows : bool
        Whether the images are listed.
    """
    total = cost[["requests", "megabytes", "minutes"]].sum()
    hosts = [*cost.itertuples(index=False), ("together", *total)]
    cells = [(host, f"{requests:.0f}", f"{size:.1f}", f"{minutes:.1f}") for host, requests, size, minutes in hosts]
    table = Table(tuple(cost.columns), cells, numbers=tuple(total.index))
    pace = "the pace of scrape.live.manners, or of a slower robots.txt that a run has read"
    images = "\n".join(_counts(wanted))
    listed = "\n\n" + wanted.to_csv(index=False, date_format=tables.TIME_FORMAT).rstrip() if rows else ""
    return f"{images}\nAt most, at {pace}:\n{table.text()}{listed}"


def _counts(wanted: pd.DataFrame) -> list[str]:
    """Return a line for each instrument: the number of its images, and the days of the first and the last."""
    if wanted.empty:
        return ["Images are matched by reports that are not in the cache yet: which images, is not known before."]
    return [
        f"{len(times):,} images of {instrument}, {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}"
        for instrument, times in wanted.groupby("instrument")["wanted"]
    ]
