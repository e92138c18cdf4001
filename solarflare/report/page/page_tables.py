"""The tables of the page, made of the scores and counts that the stages wrote."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from solarflare.report.page.terms import TERMS, term
from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, SHOWN, Table, Verdict, compared, interval, lead

PLACES = {
    "inside_disk": "on the disk",
    "printed_boxes": "where date and name were printed",
    "near_regions": "within 10° of a region with spots",
    "near_centre": "within 5° of the region in question",
}

DRIFT = {
    "mean_brightness": "mean brightness",
    "brightest": "99th percentile",
    "observed_minus_forecast": "observed minus forecast",
    "calibration_intercept": "intercept",
    "calibration_slope": "slope",
}
"""Headings of the kinds of drift."""


def scores(metrics: dict[str, Any]) -> Table:
    """Return the scores of a task's network, its baselines, what combines it with others, and the ceiling."""
    rows: list[tuple[str, ...]] = [("network", *(interval(metrics[score]) for score in SHOWN), "")]
    rows += _compared(metrics, "baselines", SHOWN)
    rows += _compared(metrics, "combinations", SHOWN)
    if ceiling := metrics.get("ceiling"):
        blank = [""] * len(SHOWN[1:])
        rows.append(
            (term("ceiling", "ceiling"), interval(ceiling["roc_auc"]), *blank, _with_verdict(ceiling["difference"]))
        )
    return Table(_headings(SHOWN), rows)


def confounders(metrics: dict[str, Any]) -> Table:
    """Return the scores of the audit's confounders."""
    return Table(_headings(COMPARED), list(_compared(metrics, "confounders", COMPARED)))


def gated_probes(probes: Mapping[str, dict[str, Any]]) -> Table:
    """Return the verdict on each gated probe of the audit."""
    columns = ("probe", term("roc_auc"), term("corrected", "corrected lower end"), term("detectable"), "verdict")
    rows = [
        (
            _with_note(name, probe["question"]),
            interval(probe["roc_auc"]),
            "-" if probe["corrected_low"] is None else f"{probe['corrected_low']:.2f}",
            f"{probe['detectable_roc_auc']:.2f}",
            Verdict("leak" if probe["leak"] else "passed"),
        )
        for name, probe in probes.items()
        if probe["kind"] == "gated"
    ]
    return Table(columns, rows)


def other_probes(probes: Mapping[str, dict[str, Any]]) -> Table:
    """Return the scores of the audit's confounders and raw probes."""
    rows = [
        (_with_note(name, probe["question"]), kind, interval(probe["roc_auc"]))
        for kind in ("confounder", "raw")
        for name, probe in probes.items()
        if probe["kind"] == kind
    ]
    return Table(("probe", "kind", term("roc_auc")), rows)


def slices(parts: Mapping[str, dict[str, Any]], shown: Mapping[str, str], answer: str) -> Table:
    """Return the scores of parts of the rows. `shown` has the headings of scores. `answer` is the name of label 1."""
    rows = []
    for name, part in parts.items():
        rows.append((name, f"{part['n']}", f"{part['positive']}", *(interval(part[score]) for score in shown)))
    return Table(("part", "rows", answer, *shown.values()), rows)


def drift(years: Mapping[str, dict[str, Any]]) -> Table:
    """Return how inputs and calibration drift. `years` is ``drift`` of the task's details."""
    columns = ("year", "rows", *DRIFT.values())
    rows = [
        (
            name.removeprefix("year_"),
            f"{year['n']}",
            *(interval(year[key], "z.2f" if key == "calibration_slope" else "+z.2f") for key in DRIFT),
        )
        for name, year in years.items()
    ]
    return Table(columns, rows)


def attribution(shares: dict[str, Any]) -> Table:
    """Return how much of the attribution lies in each place. `shares` is ``attribution`` of the task's details."""
    rows = [
        (label, share["absent"]) if "absent" in share else (label, interval(share["mass"]), f"{share['area']:.3f}")
        for label, share in ((label, shares[key]) for key, label in PLACES.items() if key in shares)
    ]
    return Table(("place", "share of the attribution", "share of the area"), rows)


def counts(frame: pd.DataFrame) -> Table:
    """Return a table of counts. The first column of the frame has names."""
    cells = [
        (str(name), *(f"{cell:,}" if isinstance(cell, int) else cell for cell in others))
        for name, *others in frame.astype(object).to_numpy().tolist()
    ]
    return Table(frame.columns.tolist(), cells)


def pairs(columns: tuple[str, str], values: Mapping[str, Any], code: bool = False) -> Table:
    """Return a table of names and values. With `code`, the names are set as code."""
    form = Markup("<code>{}</code>") if code else Markup("{}")
    texts = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}
    return Table(columns, [(form.format(name), f"{text}") for name, text in texts.items()])


def _headings(scores: Sequence[str]) -> tuple[str, ...]:
    return "forecast", *(term(score, SCORES[score]) for score in scores), term("lead", "the network's lead in ROC-AUC")


def _compared(metrics: dict[str, Any], group: str, scores: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each forecast that the network is compared with."""
    for name, cells, difference in compared(metrics, group, scores):
        key = name.replace(" ", "_")
        yield term(key, name) if key in TERMS else name, *cells, _with_verdict(difference)


def _with_note(name: str, note: str) -> str:
    return Markup('{} <span class="note">{}</span>').format(name.replace("_", " "), note)


def _with_verdict(difference: dict[str, Any]) -> str:
    return Markup("{} {}").format(lead(difference), Verdict(difference["verdict"]))
