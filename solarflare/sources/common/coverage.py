"""Infers from a list where the list is complete.

"No flare" means "quiet" only if the list was kept at that time and is complete for the class of the question.

* Peak fluxes of flares follow a power law of differential index -2 (Aschwanden & Freeland 2012, ApJ 754, 112), so in
  a complete list weaker classes are more frequent. Below its most frequent class letter a list therefore lacks flares,
  for whatever reason.
* Flares come in bursts, and a Poisson process of constant rate would call every quiet week a gap. With rates that are
  themselves exponentially distributed about a mean r, the probability of a silence longer than t is (1 + r t)**-2
  (Wheatland 2000, ApJ 536, L109). r is counted in the `NEIGHBOURHOOD` on either side of a silence. A silence of
  `FLARE_SILENCE` mean waits then has probability `CHANCE`; a longer one is taken for a gap. On SWPC's list of 2010-2014
  (6,375 flares, C1.0 and up) the longest silence of the real Sun is 49 mean waits (6 to 18 September 2013; in days, 34
  of May and June 2010).
* Regions are reported daily, in several rows per day. A report of a spotless Sun has no row. Regions live for days to
  weeks, so the rows come in longer bursts than flares do, but at a steadier level: the longest spotless spell of
  2010-2014 is 24 mean waits (10 to 21 May 2010). `REGION_SILENCE` makes a gap of five days of an active Sun, and of
  some months of the deepest minimum.
"""

import numpy as np
import pandas as pd

from solarflare.core import tables

CHANCE = 1e-4  # An event of smaller probability is not taken for chance
FLARE_SILENCE = CHANCE**-0.5 - 1  # Mean waits between flares: a longer silence is a gap
REGION_SILENCE = 30.0  # Mean waits between region rows: a longer silence is a gap
NEIGHBOURHOOD = 90.0  # Days on either side of a silence in which the mean wait is counted
# A daily region report is valid for so long before and after its time: half-way to the next report.
REPORT_REACH = pd.Timedelta(hours=12)


def infer(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return where each flare list (before lists are merged) and the region reports are complete, as `tables.COVERAGE`.

    A list counts as complete from its first entry to its last, except in gaps. A gap begins and ends with an entry, so
    every hour that counts as quiet has an entry before and after it. A complete stretch becomes a row with the status
    `complete`, a gap one with `absent`.
    """
    parts = [
        _stretches(str(name), entries["start"], pd.Timedelta(0), FLARE_SILENCE, weakest_class(entries["goes_class"]))
        for name, entries in flares.groupby("list")
    ]
    if len(regions):
        parts.append(_stretches("regions", regions["time"], REPORT_REACH, REGION_SILENCE, ""))
    return tables.concat(parts, tables.COVERAGE)


def weakest_class(goes_class: pd.Series) -> str:
    """Return the weakest GOES class that a list is complete for, such as ``"C1.0"``; blank if no class is known.

    It is the first class of the most frequent letter, such as C1.0 (of the weakest letter, if several are equally
    frequent). If the weakest flare of that letter is far above, for example C5.0, the list was cut there, and C5.0 is
    returned: with a cumulative power law of index -1, the weakest of n flares from C1.0 up is above C(x) with
    probability x**-n.
    """
    known = goes_class[goes_class != ""]
    if known.empty:
        return ""
    frequency = known.str[0].value_counts()
    letter = frequency[frequency == frequency.max()].index.min()
    numbers = known[known.str[0] == letter].str[1:].astype(float)
    cut = numbers.min() ** -len(numbers) < CHANCE
    return f"{letter}{numbers.min() if cut else 1:.1f}"


def silences(times: np.ndarray, limit: float) -> np.ndarray:
    """Return which waits between entry i and entry i + 1 are too long to be a quiet Sun, (n - 1,) bool.

    `times` are the times of the entries, ascending, (n,) datetime64[ns]. A longer wait than `limit` mean waits is too
    long.
    """
    day = (times - times[0]) / np.timedelta64(1, "D")
    before, after = day[:-1], day[1:]
    earliest, latest = np.maximum(before - NEIGHBOURHOOD, day[0]), np.minimum(after + NEIGHBOURHOOD, day[-1])
    entries = np.searchsorted(day, latest, "right") - np.searchsorted(day, earliest, "left")
    # At least one day, because a few entries close together say little about the mean wait.
    observed = np.maximum((before - earliest) + (latest - after), 1.0)
    return (after - before) * entries / observed > limit


def _stretches(name: str, times: pd.Series, reach: pd.Timedelta, limit: float, min_class: str) -> pd.DataFrame:
    """Divide the time from a list's first entry to its last into complete stretches and gaps."""
    moments = np.sort(times.to_numpy())
    last = np.flatnonzero(silences(moments, limit))
    stretches = pd.DataFrame(
        {
            "start": moments[np.append(0, last + 1)] - reach,
            "end": moments[np.append(last, -1)] + reach,
            "status": "complete",
            "reason": "",
        }
    )
    gaps = pd.DataFrame(
        {
            "start": moments[last] + reach,
            "end": moments[last + 1] - reach,
            "status": "absent",
            "reason": f"no entry for more than {limit:.0f} times the mean wait around it: a gap, not a quiet Sun",
        }
    )
    rows = pd.concat([stretches, gaps]).sort_values("start", kind="stable").assign(list=name, min_class=min_class)
    return tables.check(rows, tables.COVERAGE, f"the inferred coverage of {name}")
