"""The tables of a review: scores, parameters, audit, cost, data, answers that changed, and curves in numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from solarflare.tracking.markdown import LONGEST_REASON, code, folded, listed
from solarflare.tracking.review.score_changes import PAIRED, Comparison
from solarflare.tracking.review.verdicts import Review
from solarflare.verification.scores.assessment import COMPARED, ERRORS
from solarflare.verification.scores.reliability import BINS
from solarflare.verification.scores.score_table import SCORES, Table, interval, joined, lead

ABSENT = "not there"
MOST_ANSWERS = 10  # most images whose changed answer is shown
MOST_PARAMETERS = 40  # most rows of the table of parameters
FALSE_ALARMS = (0.05, 0.1, 0.2)  # shares of the negatives at which the ROC curve is read
RECALLS = (0.5, 0.8, 0.95)  # at which the precision-recall curve is read
COSTS = {
    "parameters": "parameters",
    "flops": "floating-point operations an image",
    "weight_bytes": "bytes of weights",
    "epochs": "epochs trained",
}
DATA = {"labelled": "labelled {}", "unlabelled": "no label: {}", "parts": "{}", "left_out": "left out: {}"}
"""The name of a count of rows, by group of ``metrics/details/data.json``. ``{}`` stands for its key in the group."""

Cells = list[Sequence[str]]


def scores(review: Review) -> str:
    """Return the scores of each task, before and after."""
    return _section("## Scores", *(_scores(comparison) for comparison in review.comparisons if comparison.has_scores))


def _scores(comparison: Comparison) -> str:
    def table(names: Iterable[str]) -> str:
        rows: Cells = []
        for name in names:
            sides = (results.scores.get(name) for results in comparison.sides.values())
            values = map(_or_dash, sides)
            change = _change(comparison, name) if comparison.differences else ("", comparison.verdict, "")
            rows.append((SCORES[name], *values, *change))
        columns = ("before", "after", "after - before", "verdict", "smallest difference that would show")
        return Table((comparison.task, *columns), rows).markdown()

    more = folded(f"All scores of {comparison.task}", table(name for name in PAIRED if name not in COMPARED))
    return "\n\n".join(filter(None, [table(COMPARED), _rows_scored(comparison), _combinations(comparison), more]))


def _combinations(comparison: Comparison) -> str:
    """Return the scores of what combines the network with other forecasts, before and after."""
    sides = [results.scores.get("combinations", {}) for results in comparison.sides.values()]
    rows = [
        (f"{code(name.replace('_', ' '))}, {SCORES[score]}", *(_or_dash(of.get(name, {}).get(score)) for of in sides))
        for name in sorted({name for of in sides for name, scores in of.items() if "absent" not in scores})
        for score in COMPARED
    ]
    return _table((comparison.task, *comparison.sides), rows)


def _or_dash(score: dict[str, Any] | None) -> str:
    return "-" if score is None else interval(score, "z.3f")


def _change(comparison: Comparison, name: str) -> tuple[str, str, str]:
    """Return the difference of a score, the verdict on it, and the smallest difference that could have been shown."""
    difference = comparison.differences[name]
    verdict = "noise of seeds" if comparison.verdict == "reseeded" else difference["verdict"]
    resolvable, before = difference["resolvable"], (comparison.before.scores.get(name) or {}).get("value")
    if resolvable is None or before is None:
        return lead(difference), verdict, "none: too few blocks"
    possible = abs((name not in ERRORS) - before)
    note = f", more than a perfect score would gain ({possible:.3f})" if resolvable > possible else ""
    return lead(difference), f"**{verdict}**" if verdict in ("better", "worse") else verdict, f"{resolvable:.3f}{note}"


def _rows_scored(comparison: Comparison) -> str:
    scored = (comparison.before if comparison.verdict == "gone" else comparison.after).scores
    rows = f"{scored['n']:,} test rows in {scored['blocks']} blocks of days"
    if not comparison.differences:
        return f"{rows}; intervals of 95 %."
    seed = ", which allows for the seed" if comparison.spread and comparison.spread.seeds else ""
    paired = f"intervals of 95 % from a bootstrap over blocks, paired in the difference{seed}"
    return f"{rows}, the same before and after; {paired}."


def parameters(review: Review) -> str:
    """Return the parameters and the files of code that differ."""
    before, after = review.before.parameters, review.after.parameters
    changed = [key for key in sorted({**before, **after}) if before.get(key, ABSENT) != after.get(key, ABSENT)]
    cells = [[code(cell) for cell in (key, before.get(key, ABSENT), after.get(key, ABSENT))] for key in changed]
    return _section(
        "## Parameters and code",
        _table(("parameter", "before", "after"), cells[:MOST_PARAMETERS]),
        f"And {len(changed) - MOST_PARAMETERS} more parameters." if len(changed) > MOST_PARAMETERS else "",
        f"Code: {listed(review.code)}." if review.code else "",
    )


def audit(review: Review) -> str:
    """Return what the audit found in each task."""
    limits = [revision.parameters.get("audit.max_probe_auc") for revision in (review.before, review.after)]
    tasks = [comparison for comparison in review.comparisons if comparison.verdict != "absent"]
    rows = [(task.task, *map(_audited, (task.before.audit, task.after.audit), limits)) for task in tasks]
    return _section("## Audit", _table(("can anything but the Sun tell?", "before", "after"), rows))


def _audited(audited: dict[str, Any], limit: float | None) -> str:
    """Return what the gated probes of a task found: all leaking probes, or without a leak the strongest probe only."""
    if "leak" not in audited:
        return f"no verdict: {code(audited.get('absent', 'it says nothing'), LONGEST_REASON)}"
    gated = {name: probe for name, probe in audited["probes"].items() if "corrected_low" in probe}
    leaks = [name for name, probe in gated.items() if probe["leak"]]
    strongest = sorted(gated, key=lambda name: -(gated[name]["roc_auc"]["value"] or 0))[:1]
    probes = ", ".join(
        f"{code(name.replace('_', ' '))} {interval(gated[name]['roc_auc'])}" for name in leaks or strongest
    )
    probes += "" if limit is None else f" (limit {limit:.2f})"
    reasons = [probes] if leaks else []
    if pairs := audited.get("near_duplicates", {}).get("pairs", 0):
        reasons.append(f"{pairs} pairs of near duplicates across the test's border (allowed: 0)")
    passed = f"{len(gated) - len(leaks)} of {len(gated)} gated probes passed"
    return (
        f"**LEAK:** {'; '.join(reasons)}; {passed}" if audited["leak"] else f"no leak: {passed}, the highest {probes}"
    )


def cost(review: Review) -> str:
    """Return the costs of each task's network that differ."""
    rows: Cells = []
    for comparison in review.comparisons:
        costs = [results.scores.get("cost", {}) for results in comparison.sides.values()]
        for name, label in COSTS.items():
            before, after = (cost.get(name) for cost in costs)
            if before != after:
                rows.append((f"{comparison.task}: {label}", _count(before), _count(after, before)))
    return _section("## Cost", _table(("cost", "before", "after"), rows))


def _count(value: int | None, before: int | None = None) -> str:
    """Return a cost as text. A cost of 0 means unknown: older versions did not measure it, and no network is free."""
    if not value:
        return "unknown"
    return f"{value:,} ({value / before - 1:+.0%})" if before else f"{value:,}"


def data(review: Review) -> str:
    """Return the counts of rows that differ."""
    rows: Cells = []
    for comparison in review.comparisons:
        before, after = (
            {
                form.format(code(name)): n
                for group, form in DATA.items()
                for name, n in results.data.get(group, {}).items()
            }
            for results in comparison.sides.values()
        )
        for name in {**before, **after} if before and after else ():
            if change := after.get(name, 0) - before.get(name, 0):
                counts = (f"{side.get(name, 0):,}" for side in (before, after))
                rows.append((f"{comparison.task}: {name}", *counts, f"{change:+,}"))
    return _section("## Data", _table(("rows", "before", "after", "in or out"), rows))


def answers(review: Review) -> str:
    """Return how many answers changed, and which images they belong to."""
    compared = [comparison for comparison in review.comparisons if comparison.differences]
    changed_images = [
        folded(f"Which of {comparison.task}, the largest changes first{_shown(comparison)}", _flipped(comparison))
        for comparison in compared
        if len(comparison.flipped)
    ]
    return _section("## Answers that changed", "\n".join(map(_flips, compared)), *changed_images)


def _flips(comparison: Comparison) -> str:
    flipped, now_right = len(comparison.flipped), int(comparison.flipped["right"].sum())
    # Each side answers yes from a threshold on. There is one threshold per fold.
    tables = [side.predictions for side in comparison.sides.values() if side.predictions is not None]
    form = f".{comparison.decimals}f"
    thresholds = [joined(format(value, form) for value in sorted(table["threshold"].unique())) for table in tables]
    return (
        f"- {comparison.task}: {flipped:,} of {comparison.after.scores['n']:,} test images, "
        f"{now_right:,} now right and {flipped - now_right:,} now wrong; "
        f"*yes* is from {thresholds[0]} before, from {thresholds[1]} after"
    )


def _shown(comparison: Comparison) -> str:
    """Return how many of the changed answers the table shows. The text is empty if it shows all."""
    flipped = len(comparison.flipped)
    return f", {MOST_ANSWERS} of {flipped:,} shown" if flipped > MOST_ANSWERS else ""


def _flipped(comparison: Comparison) -> str:
    """Return the images whose probability changed most, of those whose answer changed."""
    shown = comparison.flipped.head(MOST_ANSWERS)
    cells = pd.DataFrame({"image": shown["path"].map(code)})
    if shown["noaa_ar"].notna().any():
        cells["region"] = [f"AR {number}" for number in shown["noaa_ar"]]
    cells["label"] = shown["label"].astype(str)
    cells[["before", "after"]] = shown[["before", "after"]].map(f"{{:.{comparison.decimals}f}}".format)
    cells["now"] = shown["right"].map({True: "right", False: "wrong"})
    return Table(cells.columns.tolist(), cells.to_numpy().tolist()).markdown()


def curves(review: Review) -> str:
    """Return the curves in numbers, because a comment on a pull request cannot show a figure that is not in Git."""
    rows: Cells = []
    for comparison in review.comparisons:
        if comparison.has_scores:
            before, after = (_points(results.curves) for results in comparison.sides.values())
            points = {name: (before.get(name, "-"), after.get(name, "-")) for name in {**before, **after}}
            rows += [(f"{comparison.task}: {name}", *pair) for name, pair in points.items() if set(pair) != {"-"}]
    table = _table(("curves in numbers", "before", "after"), rows)
    return folded("ROC, precision-recall and reliability in numbers", table) if table else ""


def _points(curves: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Return points of the curves of one side as text, by a name such as ``precision at 50% recall``."""
    points: dict[str, str] = {}
    if (roc := curves.get("roc")) is not None:
        hits = np.interp(FALSE_ALARMS, roc["fpr"], roc["tpr"])
        points |= {f"hits at {x:.0%} false alarms": f"{y:.0%}" for x, y in zip(FALSE_ALARMS, hits, strict=True)}
    if (pr := curves.get("pr")) is not None:
        precision = np.interp(RECALLS, pr["recall"], pr["precision"])
        points |= {f"precision at {x:.0%} recall": f"{y:.0%}" for x, y in zip(RECALLS, precision, strict=True)}
    if (reliability := curves.get("reliability")) is not None:
        bins = np.minimum((reliability["probability"] * BINS).astype(int), BINS - 1)
        names = [
            f"happened where {place / BINS:.0%} to {(place + 1) / BINS:.0%} were forecast" for place in range(BINS)
        ]
        points |= dict.fromkeys(names, "-")
        for place, frequency, n in zip(bins, reliability["frequency"], reliability["n"], strict=True):
            points[names[place]] = f"{frequency:.0%} of {n:,}"
    return points


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown. The text is empty if the table has no rows."""
    return Table(columns, rows).markdown() if rows else ""


def _section(heading: str, *parts: str) -> str:
    """Return a heading and its parts. The text is empty if all parts are."""
    return "\n\n".join([heading, *filter(None, parts)]) if any(parts) else ""


SECTIONS = (scores, parameters, audit, cost, data, answers, curves)
"""The functions that return the sections of the page, in the page's order. Some texts may be empty."""
