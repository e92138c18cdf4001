"""Where a list is complete, inferred from the list itself.

Two things have to be known before "no flare" may mean "quiet": the weakest class that the list is complete for, and
that somebody was keeping it at the time.

* Peak fluxes of flares follow a power law that doubles back nowhere (Aschwanden & Freeland 2012, ApJ 754, 112), so a
  complete list holds more flares of a class the weaker the class is. Below its most frequent class letter a list loses
  flares, for whatever reason.
* Flares come in bursts, and a Poisson process of constant rate would call every quiet week a gap. With rates that are
  themselves exponentially distributed about a mean r, the probability of a silence longer than t is (1 + r t)**-2
  (Wheatland 2000, ApJ 536, L109). A silence of `FLARE_SILENCE` mean waits, with r counted in the `NEIGHBOURHOOD` either
  side, has probability 1e-4 and is taken for a gap. On SWPC's list of 2010-2014 (6,375 flares, C1.0 and up) the longest
  silence of the real Sun is 49 mean waits (6 to 18 September 2013; in absolute length, 34 days of May and June 2010).
* Regions are reported daily, several rows a day; a spotless Sun is reported by no row at all. Regions live for days to
  weeks, so the rows come in longer bursts than flares do, but at a steadier level: the longest spotless spell of
  2010-2014 is 24 mean waits (10 to 21 May 2010). `REGION_SILENCE` makes a gap of five days of an active Sun, and of
  some months of the deepest minimum.
"""

import numpy as np
import pandas as pd

from solarflare import tables

FLARE_SILENCE = 100.0
"""Mean waits between flares: a longer silence is a gap."""

REGION_SILENCE = 30.0
"""Mean waits between region rows: a longer silence is a gap."""

NEIGHBOURHOOD = 90.0
"""Days on either side of a silence in which the mean wait is counted."""

REPORT_REACH = pd.Timedelta(hours=12)
"""How far from a daily region report the Sun is still as reported: half-way to the next."""


def infer(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Infer where each flare list and the region reports are complete.

    A list is taken as complete from its first entry to the end of its last, except in gaps. Both ends of a gap are
    entries, so that no hour is called quiet without an entry on either side of the silence.

    Parameters
    ----------
    flares : DataFrame
        In the form of `tables.FLARES`, before lists are merged: each list has its own habit.
    regions : DataFrame
        In the form of `tables.REGIONS`.

    Returns
    -------
    DataFrame
        In the form of `tables.COVERAGE`: per list a `complete` row for each stretch and an `absent` row for each gap.
    """
    found = []
    for name, entries in flares.groupby("list"):
        ends = entries[["start", "peak", "end"]].max(axis=1)
        weakest = weakest_class(entries["goes_class"])
        found.append(_stretches(str(name), entries["start"], ends, FLARE_SILENCE).assign(min_class=weakest))
    if len(regions):
        starts, ends = regions["time"] - REPORT_REACH, regions["time"] + REPORT_REACH
        found.append(_stretches("regions", starts, ends, REGION_SILENCE).assign(min_class=""))
    return tables.concat([tables.check(df, tables.COVERAGE, "the inferred coverage") for df in found], tables.COVERAGE)


def weakest_class(goes_class: pd.Series) -> str:
    """Return the weakest GOES class that a list is complete for: 1.0 of its most frequent letter.

    Parameters
    ----------
    goes_class : Series of str
        The classes in the list; blanks do not count.

    Returns
    -------
    str
        Such as ``"C1.0"``; of equally frequent letters the weakest. Blank if no class is known.
    """
    frequency = goes_class[goes_class != ""].str[0].value_counts()
    return f"{frequency[frequency == frequency.max()].index.min()}1.0" if len(frequency) else ""


def silences(times: pd.Series, limit: float) -> np.ndarray:
    """Find the waits that are too long to be a quiet Sun.

    Parameters
    ----------
    times : Series of datetime64[ns]
        When the entries of a list begin, ascending, shape (n,).
    limit : float
        Mean waits that a silence may last.

    Returns
    -------
    ndarray of bool
        Shape (n - 1,): whether the list is silent for too long between entry i and entry i + 1.
    """
    day = (times - times.iloc[0]).to_numpy() / np.timedelta64(1, "D")
    before, after = day[:-1], day[1:]
    earliest, latest = np.maximum(before - NEIGHBOURHOOD, day[0]), np.minimum(after + NEIGHBOURHOOD, day[-1])
    entries = np.searchsorted(day, latest, "right") - np.searchsorted(day, earliest, "left")
    # A list of a handful of entries has shown no habit shorter than a day.
    observed = np.maximum((before - earliest) + (latest - after), 1.0)
    return (after - before) * entries / observed > limit


def _stretches(name: str, starts: pd.Series, ends: pd.Series, limit: float) -> pd.DataFrame:
    """Divide the time from a list's first entry to the end of its last into complete stretches and gaps."""
    order = starts.argsort(kind="stable")
    starts, ends = starts.iloc[order], ends.iloc[order].cummax()
    last = np.flatnonzero(silences(starts, limit))
    complete = pd.DataFrame(
        {
            "start": starts.iloc[np.r_[0, last + 1]].to_numpy(),
            "end": ends.iloc[np.r_[last, len(ends) - 1]].to_numpy(),
            "status": "complete",
            "reason": "",
        }
    )
    gaps = pd.DataFrame(
        {
            "start": ends.iloc[last].to_numpy(),
            "end": starts.iloc[last + 1].to_numpy(),
            "status": "absent",
            "reason": f"no entry for more than {limit:.0f} times the mean wait around it: a gap, not a quiet Sun",
        }
    )
    rows = complete if gaps.empty else pd.concat([complete, gaps])
    return rows.assign(list=name).sort_values("start", kind="stable", ignore_index=True)
