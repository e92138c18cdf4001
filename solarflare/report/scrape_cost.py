"""The images that a live scrape would fetch, and the cost, as text."""

import pandas as pd

from solarflare.core import tables
from solarflare.verification.scores.score_table import Table


def render(wanted: pd.DataFrame, cost: pd.DataFrame) -> str:
    """Return the images that a scrape would fetch as a CSV table, and the cost below it.

    Parameters
    ----------
    wanted, cost : DataFrame
        The two tables that `solarflare.sources.live.estimate.estimate` returns.
    """
    if len(wanted):
        images = wanted.to_csv(index=False, date_format=tables.TIME_FORMAT)
    else:
        images = "Images are matched by reports that are not in the cache yet: which images, is not known before.\n"
    total = cost[["requests", "megabytes", "minutes"]].sum()
    rows = [*cost.itertuples(index=False), ("together", *total)]
    cells = [(host, f"{requests:.0f}", f"{size:.1f}", f"{minutes:.1f}") for host, requests, size, minutes in rows]
    table = Table(tuple(cost.columns), cells, numbers=tuple(total.index))
    pace = "the pace of scrape.live.manners, or of a slower robots.txt that a run has read"
    return f"{images}\nAt most, at {pace}:\n{table.text()}"
