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
* A list's own waits can show that it is steadier than that, as one that has an entry every hour. `against_habit` takes
  the longest waits around a silence, extrapolates their tail to the probability `CHANCE` (Weissman 1978, JASA 73, 812,
  with the tail index of Hill 1975, Ann. Stat. 3, 1163), and takes a longer silence for a gap. The waits before it and
  those after it must both say so, because the Sun's level changes. Waits of real flares have heavy tails: the longest
  silence of SWPC's list of 2010-2014 is 0.11 of this limit, so the rule leaves a quiet Sun alone.
* A region that is reported before a silence and after it was there in between. If that is so of `CONTINUED` regions,
  the reports are missing (`continued`). One region is not enough: it can lose its spots and get new ones, as 11111 did
  from 6 to 9 October 2010. That is the only one of 10 silences of two days or more in 2010-2014 with a region on both
  sides.
"""

import numpy as np
import pandas as pd

from solarflare.core import tables

CHANCE = 1e-4  # An event of smaller probability is not taken for chance
FLARE_SILENCE = CHANCE**-0.5 - 1  # Mean waits between flares: a longer silence is a gap
REGION_SILENCE = 30.0  # Mean waits between region rows: a longer silence is a gap
NEIGHBOURHOOD = 90.0  # Days on either side of a silence in which the mean wait is counted
POISSON_SILENCE = float(np.log(1 / CHANCE))  # Mean waits: a longer silence of a Poisson process has a smaller chance
TAIL = 0.1  # The share of the waits around a silence, the longest, that shows the tail of the list's waits
FEWEST_WAITS = 100  # On either side of a silence: with fewer, the tail is not known
ONE_SIDED = 1.645  # Standard errors of the tail: it is taken as heavy as 95 % of such samples would show it
CONTINUED = 2  # Regions on both sides of a silence, from which on reports are missing
# A daily region report is valid for so long before and after its time: half-way to the next report.
REPORT_REACH = pd.Timedelta(hours=12)


def infer(flares: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """Return where each flare list (before lists are merged) and the region reports are complete, as `tables.COVERAGE`.

    A list counts as complete from its first entry to its last, except in gaps. A gap begins and ends with an entry, so
    every hour that counts as quiet has an entry before and after it. A complete stretch becomes a row with the status
    `complete`, a gap one with `absent`.
    """
    parts = [
        _flare_stretches(str(name), entries["start"], weakest_class(entries["goes_class"]))
        for name, entries in flares.groupby("list")
    ]
    if len(regions):
        parts.append(_region_stretches(regions.sort_values("time", kind="stable")))
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


def against_habit(times: np.ndarray) -> np.ndarray:
    """Return which waits between entry i and entry i + 1 are too long for the list's own waits around them.

    Arguments and result are those of `silences`, without a limit. The waits up to `NEIGHBOURHOOD` before a silence and
    those up to so long after it each have a longest wait that is not a gap (`_longest`). A wait that is longer than
    both is too long. Where either side has fewer than `FEWEST_WAITS`, none is.
    """
    day = (times - times[0]) / np.timedelta64(1, "D")
    wait = np.diff(day)
    first = np.searchsorted(day, day[:-1] - NEIGHBOURHOOD)
    last = np.searchsorted(day, day[1:] + NEIGHBOURHOOD, "right") - 1
    too_long = silences(times, POISSON_SILENCE)
    for i in np.flatnonzero(too_long):
        too_long[i] = wait[i] > max(_longest(wait[first[i] : i]), _longest(wait[i + 1 : last[i]]))
    return too_long


def _longest(waits: np.ndarray) -> float:
    """Return the wait that a further one exceeds with the probability `CHANCE`; infinite if there are too few.

    No list is taken to be steadier than a Poisson process: flares do not keep to the hour.
    """
    if len(waits) < FEWEST_WAITS:
        return np.inf
    tail = int(len(waits) * TAIL)
    *_, least = longest = np.sort(waits)[::-1][: tail + 1]
    if least <= 0:
        return np.inf
    inverse_index = np.log(longest[:-1] / least).mean() / (1 - ONE_SIDED / np.sqrt(tail))
    return float(max(least * (TAIL / CHANCE) ** inverse_index, waits.mean() * POISSON_SILENCE))


def continued(regions: pd.DataFrame) -> np.ndarray:
    """Return across which waits between row i and row i + 1 so many regions go on that reports are missing.

    `regions` is sorted by time. At least one report must be missing by the median time between reports.
    """
    times, noaa_ar = regions["time"].to_numpy(), regions["noaa_ar"].to_numpy()
    wait = np.diff(times)
    between_reports = wait[wait > np.timedelta64(0)]
    missing = np.zeros(len(wait), dtype=bool)
    for i in np.flatnonzero(wait >= 2 * np.median(between_reports)) if len(between_reports) else ():
        before = noaa_ar[(times >= times[i] - REPORT_REACH) & (times <= times[i])]
        after = noaa_ar[(times >= times[i + 1]) & (times <= times[i + 1] + REPORT_REACH)]
        missing[i] = len(np.intersect1d(before, after)) >= CONTINUED
    return missing


def _flare_stretches(name: str, start: pd.Series, min_class: str) -> pd.DataFrame:
    moments = np.sort(start.to_numpy())
    reasons = {
        _too_rare(FLARE_SILENCE): silences(moments, FLARE_SILENCE),
        "no entry for longer than the list's own waits before and after allow": against_habit(moments),
    }
    return _stretches(name, moments, pd.Timedelta(0), reasons, min_class)


def _region_stretches(regions: pd.DataFrame) -> pd.DataFrame:
    moments = regions["time"].to_numpy()
    reasons = {
        _too_rare(REGION_SILENCE): silences(moments, REGION_SILENCE),
        "no report, although the same regions are reported before and after": continued(regions),
    }
    return _stretches("regions", moments, REPORT_REACH, reasons, "")


def _too_rare(limit: float) -> str:
    return f"no entry for more than {limit:.0f} times the mean wait around it"


def _stretches(
    name: str, moments: np.ndarray, reach: pd.Timedelta, reasons: dict[str, np.ndarray], min_class: str
) -> pd.DataFrame:
    """Divide the time from a list's first entry to its last into complete stretches and gaps.

    `moments` are ascending. `reasons` says, by reason, which waits between them are gaps. An entry holds for `reach`
    before and after it, so that a wait of less than twice that is no gap.
    """
    reason = np.select(list(reasons.values()), list(reasons), default="")
    last = np.flatnonzero((reason != "") & (np.diff(moments) > 2 * reach))
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
            "reason": [f"{why}: a gap, not a quiet Sun" for why in reason[last]],
        }
    )
    rows = pd.concat([stretches, gaps]).sort_values("start", kind="stable").assign(list=name, min_class=min_class)
    return tables.check(rows, tables.COVERAGE, f"the inferred coverage of {name}")
