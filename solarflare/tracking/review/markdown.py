"""The page of a review in Markdown that GitHub, GitLab and a terminal show alike: the verdict first, details folded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core.tasks import TASKS
from solarflare.predict.scoring import SCORES
from solarflare.report.summary import interval
from solarflare.tracking.review.revisions import Results, State
from solarflare.tracking.review.score_changes import PAIRED, WITHOUT_SCORES, Comparison
from solarflare.verification.scores.assessment import COMPARED, ERRORS
from solarflare.verification.scores.reliability import BINS
from solarflare.verification.scores.seeds import PATH

MARK = "<!-- solarflare review -->"
"""By which the comment of an earlier review is found, to be replaced."""

FIGURES = "<!-- figures -->"
"""What follows it needs the folder of figures: a comment ends here."""

ABSENT = "not there"
VERDICTS = ("better", "worse", "not distinguishable")
MOST = 10  # names and paths that a list holds
OF_EACH = 5  # images that are right now, and that are wrong now
MOST_PARAMETERS = 40  # rows of their table
NEARLY_NONE = 0.02  # of the test rows: so few alarms, or so few answers without one, are no answer
FALSE_ALARMS = (0.05, 0.1, 0.2)
RECALLS = (0.5, 0.8, 0.95)
COSTS = {
    "parameters": "parameters",
    "flops": "floating-point operations an image",
    "weight_bytes": "bytes of weights",
    "epochs": "epochs trained",
}
DATA = {"labelled": "labelled {}", "unlabelled": "no label: {}", "parts": "{}", "left_out": "left out: {}"}

Table = list[Sequence[str]]


@dataclass(frozen=True)
class Review:
    """All that the page says.

    Attributes
    ----------
    base : str
        What the working folder is compared with.
    before, after : State
        The two sides.
    comparisons : list of Comparison
        One a task.
    code : list of str
        Files of code that differ.
    outdated : dict of list of str
        By stage, what differs from what its results were made of.
    figures : list of (str, list of str)
        A heading, and the paths of the figures that stand side by side below it.
    """

    base: str
    before: State
    after: State
    comparisons: list[Comparison]
    code: list[str]
    outdated: dict[str, list[str]]
    figures: list[tuple[str, list[str]]]

    @property
    def changed(self) -> bool:
        """Whether any file that a review reads differs."""
        return self.before.files != self.after.files

    @property
    def leaking(self) -> list[str]:
        """The tasks in which the audit finds a leak now."""
        return [task for task in TASKS if self.after.tasks[task].audit.get("leak")]


def render(review: Review) -> str:
    """Return the page."""
    if not review.changed:
        trust = " ".join(_trust(review))
        code = f" {len(review.code)} files of code did." if review.code else ""
        return f"{MARK}\nNothing changed in parameters and results since {review.base}.{code} {trust}\n"
    sections = [
        _heading(review),
        _scores(review.comparisons),
        _parameters(review),
        _audit(review),
        _cost(review.comparisons),
        _data(review.comparisons),
        _flips(review.comparisons),
        _curves(review.comparisons),
        _figures(review.figures),
    ]
    return "\n\n".join("\n".join(lines).strip() for lines in map(list, sections) if lines) + "\n"


def headline(review: Review) -> str:
    """Return the verdicts in one line, what stands in their way first."""
    blocks = [
        *([f"NOT TRUSTED: {_and(untrusted)}"] if (untrusted := _audits(review.comparisons)[1]) else []),
        *([f"OUT OF DATE: {_and(review.outdated)}"] if review.outdated else []),
    ]
    verdicts = [
        _verdict(one) + (f", {_text(one.because)}" if one.verdict in ("not comparable", "no verdict") else "")
        for one in review.comparisons
        if one.verdict != "absent"
    ]
    return "; ".join([*blocks, *((verdicts or ["no scores"]) if review.changed else ["nothing changed"])])


def _verdict(one: Comparison) -> str:
    """Return a task's verdict, score by score if they were compared."""
    if one.verdict == "reseeded":
        return f"{one.task}: neither better nor worse, only the seed changed"
    if not one.differences:
        return f"{one.task}: {one.verdict}"
    told = [(verdict, _and(SCORES[name] for name in names)) for verdict in VERDICTS if (names := one.told(verdict))]
    return f"{one.task}: {', '.join(f'{names} {verdict}' for verdict, names in told)}"


def _heading(review: Review) -> Iterator[str]:
    yield MARK
    yield f"# {headline(review)}"
    yield ""
    for sentence in _trust(review):
        yield sentence
        yield ""
    yield f"Before is {review.base}, after is this change."
    yield ""
    for one in review.comparisons:
        yield f"- **{_verdict(one)}**{_explained(one)}"
        yield from (f"- {sentence}" for sentence in _indifferent(one))
    for sentence in _seeds(review.comparisons):
        yield ""
        yield sentence


def _trust(review: Review) -> Iterator[str]:
    """Yield first of all what stands in the way of either side's scores, then what the audit found no leak in."""
    clean, untrusted = _audits(review.comparisons)
    for side, reason in untrusted.items():
        yield f"**NOT TRUSTED: {side}**, {_text(reason)}. Its scores prove nothing, whatever they are."
    if review.outdated:
        names = sorted({name for names in review.outdated.values() for name in names})
        yield (
            f"**OUT OF DATE: {_and(review.outdated)}**, {_listed(names)} changed since the results were made: "
            "what is said here is about older ones. Run `dvc repro` and commit what it writes."
        )
    if clean:
        yield f"No leak found by the audit: {_and(clean)}."


def _audits(comparisons: list[Comparison]) -> tuple[list[str], dict[str, str]]:
    """Return the sides whose scores may be trusted, and why those of the others may not."""
    sides = {
        f"{one.task} {when}": side.scores
        for one in comparisons
        for when, side in (("before", one.before), ("after", one.after))
        if "trusted" in side.scores
    }
    untrusted = {name: scores["untrusted_because"] for name, scores in sides.items() if not scores["trusted"]}
    return [name for name in sides if name not in untrusted], untrusted


def _explained(one: Comparison) -> str:
    if one.because:
        return f", {_text(one.because)}"
    if not one.differences:
        return ", the same probability for every test row"
    before, after = (side.scores["roc_auc"]["value"] for side in (one.before, one.after))
    luck = ", which is luck" if one.verdict == "reseeded" else ""
    return f"; ROC-AUC from {before:.3f} to {after:.3f}, {interval(one.differences['roc_auc'], '+z.3f')}{luck}"


def _indifferent(one: Comparison) -> Iterator[str]:
    """Yield which side gives nearly every row the same answer, whose TSS and flipped answers tell of that alone."""
    if not one.differences:
        return
    for when, side in (("before", one.before), ("after", one.after)):
        counts = side.scores["confusion"]
        alarms = (counts["tp"] + counts["fp"]) / side.scores["n"]
        if not NEARLY_NONE <= alarms <= 1 - NEARLY_NONE:
            answer = "yes" if alarms > NEARLY_NONE else "no"
            yield f"{one.task} {when} answers *{answer}* to {max(alarms, 1 - alarms):.0%} of the test images"


def _seeds(comparisons: list[Comparison]) -> Iterator[str]:
    """Yield whether the verdicts allow for what another seed alone would have done."""
    for one in comparisons:
        if one.spread is None:
            continue
        if one.spread.seeds:
            yield (
                f"What is said of {one.task} allows for the luck of a seed: `make experiment PROFILE=seeds` trained "
                f"the base with {one.spread.seeds} seeds, whose ROC-AUC have a standard deviation of "
                f"{one.spread.deviation['roc_auc']:.3f} (`{PATH}`), so that two trainings of one method differ by "
                f"{one.spread.apart('roc_auc'):.3f} or less 95 times in 100 (Student's t, as these are few seeds)."
            )
        elif one.verdict != "reseeded":
            yield (
                f"The verdict on {one.task} holds for these two trained networks, not for the method: another seed "
                f"alone may move the scores, and {one.spread.because}. "
                "`make experiment PROFILE=seeds` on the base measures by how much."
            )


def _scores(comparisons: list[Comparison]) -> Iterator[str]:
    shown = [one for one in comparisons if one.verdict not in WITHOUT_SCORES]
    if not shown:
        return
    yield "## Scores"
    for one in shown:
        yield ""
        yield from _table(_score_rows(one, COMPARED))
        yield ""
        yield _paired(one)
        yield ""
        yield from _folded(
            f"All scores of {one.task}", _table(_score_rows(one, [name for name in PAIRED if name not in COMPARED]))
        )


def _score_rows(one: Comparison, names: Iterable[str]) -> Table:
    rows: Table = [(one.task, "before", "after", "after - before", "verdict", "smallest difference that would show")]
    for name in names:
        before, after = (side.scores.get(name) for side in (one.before, one.after))
        values = ["-" if score is None else interval(score, "z.3f") for score in (before, after)]
        told = _told(one, name) if one.differences else ("", one.verdict, "")
        rows.append((SCORES[name], *values, *told))
    return rows


def _told(one: Comparison, name: str) -> tuple[str, str, str]:
    """Return a score's difference, the verdict on it, and how great it has to be to count."""
    difference, before = one.differences[name], one.before.scores[name]["value"]
    verdict = "luck" if one.verdict == "reseeded" else difference["verdict"]
    least = difference["resolvable"]
    if least is None:
        return interval(difference, "+z.3f"), verdict, "none: too few blocks"
    best = 0.0 if name in ERRORS else 1.0
    beyond = f", more than a perfect score would gain ({abs(best - before):.3f})" if least > abs(best - before) else ""
    marked = f"**{verdict}**" if verdict in ("better", "worse") else verdict
    return interval(difference, "+z.3f"), marked, f"{least:.3f}{beyond}"


def _paired(one: Comparison) -> str:
    scores = one.before.scores if one.verdict == "gone" else one.after.scores
    rows = f"{scores['n']:,} test rows in {scores['blocks']} blocks of days"
    if not one.differences:
        return f"{rows}; intervals of 95 %."
    seed = ", which allows for the seed" if one.spread and one.spread.seeds else ""
    return (
        f"{rows}, the same before and after; intervals of 95 % from a bootstrap over blocks, "
        f"paired in the difference{seed}."
    )


def _changed_parameters(review: Review) -> list[str]:
    before, after = review.before.parameters, review.after.parameters
    return [key for key in sorted({**before, **after}) if before.get(key, ABSENT) != after.get(key, ABSENT)]


def _parameters(review: Review) -> Iterator[str]:
    changed = _changed_parameters(review)
    if changed or review.code:
        yield "## Parameters and code"
        yield ""
    if changed:
        sides = review.before.parameters, review.after.parameters
        rows = [[_code(name) for name in (key, *(side.get(key, ABSENT) for side in sides))] for key in changed]
        yield from _table([("parameter", "before", "after"), *rows[:MOST_PARAMETERS]])
        yield ""
        if len(rows) > MOST_PARAMETERS:
            yield f"And {len(rows) - MOST_PARAMETERS} more parameters."
            yield ""
    if review.code:
        yield f"Code: {_listed(review.code)}."


def _audit(review: Review) -> Iterator[str]:
    rows: Table = [("can anything but the Sun tell?", "before", "after")]
    for one in review.comparisons:
        if one.verdict != "absent":
            limits = (state.parameters.get("audit.max_probe_auc") for state in (review.before, review.after))
            rows.append((one.task, *map(_audited, (one.before.audit, one.after.audit), limits)))
    if len(rows) > 1:
        yield "## Audit"
        yield ""
        yield from _table(rows)


def _audited(audit: dict[str, Any], limit: float | None) -> str:
    """Return what the gated probes of a task found: all leaks, or the strongest probe alone."""
    if "leak" not in audit:
        return f"no verdict: {audit.get('absent', 'it says nothing')}"
    gated = {name: probe for name, probe in audit["probes"].items() if "corrected_low" in probe}
    leaks = [name for name, probe in gated.items() if probe["leak"]]
    strongest = sorted(gated, key=lambda name: -(gated[name]["roc_auc"]["value"] or 0))[:1]
    probes = ", ".join(f"{name.replace('_', ' ')} {interval(gated[name]['roc_auc'])}" for name in leaks or strongest)
    limited = f" (limit {limit:.2f})" if limit is not None else ""
    pairs = audit.get("near_duplicates", {}).get("pairs", 0)
    found = [
        *([f"{probes}{limited}"] if leaks else []),
        *([f"{pairs} pairs of near duplicates across the test's border (allowed: 0)"] if pairs else []),
    ]
    passed = f"{len(gated) - len(leaks)} of {len(gated)} gated probes passed"
    if audit["leak"]:
        return f"**LEAK:** {'; '.join(found)}; {passed}"
    return f"no leak: {passed}, the highest {probes}{limited}"


def _cost(comparisons: list[Comparison]) -> Iterator[str]:
    rows: Table = [("cost", "before", "after")]
    for one in comparisons:
        before, after = (side.scores.get("cost", {}) for side in (one.before, one.after))
        rows += [
            (f"{one.task}: {called}", _count(before.get(name)), _count(after.get(name), before.get(name)))
            for name, called in COSTS.items()
            if before.get(name) != after.get(name)
        ]
    if len(rows) > 1:
        yield "## Cost"
        yield ""
        yield from _table(rows)


def _data(comparisons: list[Comparison]) -> Iterator[str]:
    rows: Table = [("rows", "before", "after", "in or out")]
    for one in comparisons:
        before, after = (_counts(side.data) for side in (one.before, one.after))
        if not before or not after:
            continue
        rows += [
            (f"{one.task}: {name}", *(f"{side.get(name, 0):,}" for side in (before, after)), f"{change:+,}")
            for name in {**before, **after}
            if (change := after.get(name, 0) - before.get(name, 0))
        ]
    if len(rows) > 1:
        yield "## Data"
        yield ""
        yield from _table(rows)


def _counts(data: dict[str, Any]) -> dict[str, int]:
    return {form.format(name): n for group, form in DATA.items() for name, n in data.get(group, {}).items()}


def _flips(comparisons: list[Comparison]) -> Iterator[str]:
    shown = [one for one in comparisons if one.differences]
    if not shown:
        return
    yield "## Answers that changed"
    yield ""
    for one in shown:
        right = int(one.flipped["right"].sum())
        yield (
            f"- {one.task}: {len(one.flipped):,} of {one.after.scores['n']:,} test images, "
            f"{right:,} now right and {len(one.flipped) - right:,} now wrong; "
            f"*yes* is from {_thresholds(one.before)} before, from {_thresholds(one.after)} after"
        )
    for one in shown:
        if len(one.flipped):
            yield ""
            yield from _folded(f"Which of {one.task}, the largest changes first", _table(_flipped_rows(one.flipped)))


def _thresholds(results: Results) -> str:
    """Return the probabilities from which a network answers yes: one for each fold."""
    assert results.predictions is not None
    return _and(f"{one:.2f}" for one in sorted(results.predictions["threshold"].unique()))


def _flipped_rows(flipped: pd.DataFrame) -> Table:
    """Return as many that are right now as are wrong now, if there are."""
    shown = pd.concat(rows.head(OF_EACH) for _, rows in flipped.groupby(~flipped["right"]))
    regions = shown["noaa_ar"].notna().any()
    rows: Table = [("image", *(["region"] if regions else []), "label", "before", "after", "now")]
    for row in shown.to_dict("records"):
        region = [f"AR {row['noaa_ar']}"] if regions else []
        probabilities = [f"{row[when]:.2f}" for when in ("before", "after")]
        now = "right" if row["right"] else "wrong"
        rows.append((_code(row["path"]), *region, str(row["label"]), *probabilities, now))
    return rows


def _curves(comparisons: list[Comparison]) -> Iterator[str]:
    """Yield the curves in numbers: a comment shows no figure that is not in Git."""
    rows: Table = [("curves in numbers", "before", "after")]
    for one in comparisons:
        if one.verdict in WITHOUT_SCORES:
            continue
        before, after = (_points(side.curves) for side in (one.before, one.after))
        told = {name: (before.get(name, "-"), after.get(name, "-")) for name in {**before, **after}}
        rows += [(f"{one.task}: {name}", *sides) for name, sides in told.items() if set(sides) != {"-"}]
    if len(rows) > 1:
        yield from _folded("ROC, precision-recall and reliability in numbers", _table(rows))


def _points(curves: dict[str, pd.DataFrame]) -> dict[str, str]:
    points: dict[str, str] = {}
    if (roc := curves.get("roc")) is not None:
        hits = np.interp(FALSE_ALARMS, roc["fpr"], roc["tpr"])
        points |= {f"hits at {x:.0%} false alarms": f"{y:.0%}" for x, y in zip(FALSE_ALARMS, hits, strict=True)}
    if (pr := curves.get("pr")) is not None:
        precision = np.interp(RECALLS, pr["recall"], pr["precision"])
        points |= {f"precision at {x:.0%} recall": f"{y:.0%}" for x, y in zip(RECALLS, precision, strict=True)}
    if (reliability := curves.get("reliability")) is not None:
        bins = np.minimum((reliability["probability"] * BINS).astype(int), BINS - 1)
        happened = dict.fromkeys(range(BINS), "-")
        happened |= {
            place: f"{y:.0%} of {n:,}"
            for place, y, n in zip(bins, reliability["frequency"], reliability["n"], strict=True)
        }
        points |= {
            f"happened where {place / BINS:.0%} to {(place + 1) / BINS:.0%} were forecast": told
            for place, told in happened.items()
        }
    return points


def _figures(figures: list[tuple[str, list[str]]]) -> Iterator[str]:
    if not figures:
        return
    yield FIGURES
    yield "## Figures"
    for heading, paths in figures:
        yield ""
        if len(paths) == 1:
            yield f"![{heading}]({paths[0]})"
        else:
            yield from _table([(f"{heading}, before", "after"), [f"![{heading}]({path})" for path in paths]])


def _table(rows: Table) -> Iterator[str]:
    heading, *others = rows
    for row in (heading, ["---"] * len(heading), *others):
        yield f"| {' | '.join(map(_text, row))} |"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def _text(cell: str) -> str:
    """Return a cell that cannot end its row."""
    return " ".join(cell.split()).replace("|", "\\|")


def _code(value: Any) -> str:
    """Return a value between backticks, where Markdown has no other meaning."""
    text = " ".join(str(value).split()).replace("`", "'")
    return f"`{text if len(text) <= 100 else text[:97] + '...'}`"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(_code, names[:MOST])) + more


def _and(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _count(value: int | None, before: int | None = None) -> str:
    """Return a cost; no network costs nothing, so that 0 is what an older version did not know."""
    if not value:
        return "unknown"
    return f"{value:,} ({value / before - 1:+.0%})" if before else f"{value:,}"
