"""Collects what the page shows of a task from the files that the stages wrote."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from solarflare.core import paths, tables
from solarflare.core.tasks import Task
from solarflare.report import figures, results_form, svg
from solarflare.report.gallery import GROUPS
from solarflare.report.page import page_tables, phrases
from solarflare.report.page.terms import TERMS, term
from solarflare.report.page.timeline import timeline
from solarflare.report.schema import ReportParams
from solarflare.verification.results.wording import wording
from solarflare.verification.scores import trust
from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, Table, added, interval, strongest_first

NO_SKILL = {"roc_auc": 0.5, "tss": 0.0, "brier_skill": 0.0}
SLICED = {"recall": "Recall", "specificity": "Specificity", "roc_auc": "ROC-AUC"}
SLICES = {
    "_degrees": "By longitude",
    "year_": "By year",
    "class_": "By the flare's GOES class",
    "_before": "By what was before",
}
"""Headings of the properties that divide the test rows, by a piece of text in the names of the parts."""
SAME_IN_ALL_PARTS = {"class_": "specificity"}
"""The score that is the same in all parts: each class of flares is compared with all rows without a flare."""


@dataclass(frozen=True)
class Slices:
    """The parts into which one property divides the test rows: one chart per score, and a table."""

    heading: str
    charts: dict[str, Markup]
    table: Table


def section(task: Task, chosen: ReportParams, audit: dict[str, Any]) -> dict[str, Any]:
    """Return all that the template shows of a task. `audit` is the task's part of ``metrics/details/audit.json``."""
    scores = results_form.read_evaluation(task.details)
    words = wording(chosen.label.of(task))
    base_rate = chosen.calibration.base_rate.of(chosen.scrape.origin, task)
    probes = audit.get("probes", {})
    labels = tables.read(task.labels, tables.LABELS[task])
    splits = tables.read(task.splits, tables.SPLITS)
    sliced = (slices_by(mark, heading, scores, words.answers[1]) for mark, heading in SLICES.items())
    return {
        "task": task,
        "instrument": chosen.instrument.of(task),
        "words": words,
        "scores": scores,
        "trust": trust.read(scores),
        "verdicts": phrases.verdicts(scores),
        "added": list(added(scores)),
        "changed_answers": phrases.changed_answers(scores["slices"], words.answers),
        "base_rate": base_rate,
        # The precision at the base rate of regular times. None if that rate is not stated.
        "precision": None if base_rate is None else phrases.precision_at(base_rate, scores),
        "forests": _forests(scores, words.question),
        "curves": _curves(task, scores, words.question),
        "training": _training(task, words.question),
        "audit": audit,
        # The greatest ROC-AUC of a leak that a gated probe could have missed.
        "detectable": max((p["detectable_roc_auc"] for p in probes.values() if p["kind"] == "gated"), default=None),
        "probed": _probed(task, chosen.audit.max_probe_auc, words.question) if probes else None,
        "tables": {
            "scores": page_tables.scores(scores),
            "confounders": page_tables.confounders(scores),
            "gated": page_tables.gated_probes(probes),
            "other_probes": page_tables.other_probes(probes),
            "drift": page_tables.drift(scores.get("drift", {})),
            "attribution": page_tables.attribution(scores["attribution"]),
        },
        "slices": [slices for slices in sliced if slices],
        "gallery": _gallery(task),
        "timeline": timeline(task, labels, splits, tables.read(paths.RAW_COVERAGE, tables.COVERAGE)),
    }


def slices_by(mark: str, heading: str, scores: dict[str, Any], answer: str) -> Slices | None:
    """Return the parts into which a property divides the rows. None if there are none.

    `mark` and `heading` are a key of `SLICES` and its value. A part with all rows is left out, because it repeats the
    scores of all rows. `answer` is the name of label 1.
    """
    parts = {
        _part(name, answer): part
        for name, part in scores["slices"].items()
        if mark in name and 0 < part.get("n", 0) < scores["n"]
    }
    if not parts:
        return None
    headings = {score: label for score, label in SLICED.items() if score != SAME_IN_ALL_PARTS.get(mark)}
    charts = {}
    for score, label in headings.items():
        chart = figures.forest(_scores({name: part[score] for name, part in parts.items()}), limits=(-0.02, 1.02))
        charts[label] = svg.inline(chart, f"{heading}, {label} with its interval; the table below has the numbers")
    return Slices(heading, charts, page_tables.slices(parts, headings, answer))


def _scores(scores: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the scores as the table that `figures.forest` takes."""
    frame = pd.DataFrame.from_dict(scores, orient="index", columns=["value", "low", "high"]).astype(float)
    return frame.rename_axis("name").reset_index()


def _forests(scores: dict[str, Any], question: str) -> dict[str, Markup]:
    """Return one chart per score of the network and the baselines, by key of the score."""
    others = scores["baselines"] | scores.get("combinations", {})
    forecasts = {"network": scores, **dict(strongest_first(others))}
    return {
        score: svg.inline(
            figures.forest(_scores({name: of[score] for name, of in forecasts.items()}), NO_SKILL[score]),
            f"{question} {SCORES[score]} of each forecast with its interval; the table below has the numbers",
        )
        for score in COMPARED
    }


def _curves(task: Task, scores: dict[str, Any], question: str) -> dict[Markup, Markup]:
    """Return the charts of the network's curves, by caption."""
    roc, pr, reliability = (pd.read_csv(task.plots / f"{name}.csv") for name in ("roc", "pr", "reliability"))
    base_rate, error = scores["base_rate"]["value"], interval(scores["expected_calibration_error"])
    drawings = {
        "roc": (f"area {interval(scores['roc_auc'])}", figures.roc({"network": roc}, "")),
        "pr": (f"area {interval(scores['pr_auc'])}", figures.precision_recall({"network": pr}, base_rate, "")),
        "reliability": (f"calibration error {error}", figures.reliability(reliability, base_rate, "")),
    }
    return _captioned(drawings, question)


def _training(task: Task, question: str) -> dict[Markup, Markup]:
    """Return the charts of the training, by caption."""
    history = pd.read_csv(task.plots / "training.csv")
    drawings = {key: ("by epoch", figures.training(history, key, TERMS[key].name)) for key in ("loss", "roc_auc")}
    return _captioned(drawings, question)


def _captioned(drawings: dict[str, tuple[str, Figure]], question: str) -> dict[Markup, Markup]:
    """Return charts by their caption: the term that they are about, and a text."""
    return {
        term(key) + escape(f", {text}"): svg.inline(figure, f"{question} {TERMS[key].name}, {text}")
        for key, (text, figure) in drawings.items()
    }


def _probed(task: Task, limit: float, question: str) -> Markup:
    label = f"{question} ROC-AUC of every probe of the audit with its interval; the tables below have the numbers"
    return svg.inline(figures.probes(pd.read_csv(task.audit_plot), limit, "", width=4.6), label)


def _part(name: str, answer: str) -> str:
    """Return the name of a part on the page: ``beyond_60_degrees`` is "beyond 60°", ``year_2014`` is "2014"."""
    name = name.replace("active_before", f"{answer}_before")
    return name.removeprefix("year_").removeprefix("class_").replace("_degrees", "°").replace("_", " ")


def _gallery(task: Task) -> dict[str, list[Any]]:
    """Return the rows of ``gallery/index.csv`` by heading. The columns ``image`` and ``map`` are data URLs."""
    folder = task.figures / "gallery"
    listed = pd.read_csv(folder / "index.csv", parse_dates=["time"], dtype={"noaa_ar": str}, keep_default_na=False)
    for kind in ("image", "map"):
        files = [(folder / f"{place:02}-{kind}.jpg").read_bytes() for place in range(len(listed))]
        listed[kind] = [f"data:image/jpeg;base64,{b64encode(content).decode()}" for content in files]
    return {heading: list(listed[listed["group"] == group].itertuples()) for group, heading in GROUPS.items()}
