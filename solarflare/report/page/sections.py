"""What the page shows of a task, read from what the stages wrote."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from solarflare.core import paths, tables
from solarflare.core.files import read_json
from solarflare.core.tasks import Task
from solarflare.report import figures, svg
from solarflare.report.gallery import GROUPS
from solarflare.report.page import page_tables, phrases
from solarflare.report.page.timeline import Timeline, timeline
from solarflare.report.schema import ReportParams
from solarflare.verification.results.wording import Wording, wording
from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, Table, interval, strongest_first

NO_SKILL = {"roc_auc": 0.5, "tss": 0.0, "brier_skill": 0.0}
SLICED = {"recall": "Recall", "specificity": "Specificity", "roc_auc": "ROC-AUC"}
SLICES = {
    "_degrees": "By longitude",
    "year_": "By year",
    "class_": "By the flare's GOES class",
    "_before": "By what was before",
}
SAME = {"class_": "specificity"}
"""Scores in which such parts cannot differ: each class of flares is compared with all rows without a flare."""


@dataclass(frozen=True)
class Slices:
    """Parts of the test rows by one property: a chart of each score, and a table."""

    heading: str
    charts: dict[str, Markup]
    table: Table


@dataclass(frozen=True)
class Section:
    """All that the page shows of one task.

    Attributes
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    instrument : str
        Whose images it is about.
    words : Wording
        Its question and answers.
    scores : dict
        Of ``metrics/<task>.json``.
    verdicts : list of str
        Of `phrases.verdicts`.
    changed_answers : list of (str, int, dict)
        Of `phrases.changed_answers`.
    precision : float or None
        Of `phrases.precision_at`, at the base rate of regular times; None if that is not known.
    forests : dict of Markup
        By score, a chart of the network and the baselines.
    curves : dict of Markup
        By figure, its caption and its chart: ``roc``, ``pr`` and ``reliability``.
    audit : dict
        What ``metrics/audit.json`` says of the task.
    probed : Markup or None
        A chart of the audit's probes; None without an audit.
    tables : dict of Table
        By name: ``scores``, ``gated``, ``other_probes`` and ``attribution``.
    slices : list of Slices
        By property.
    gallery : dict of list of tuple
        By heading, the rows of ``gallery/index.csv``, with ``image`` and ``map`` as data URLs.
    timeline : Timeline
        Of its images.
    """

    task: Task
    instrument: str
    words: Wording
    scores: dict[str, Any]
    verdicts: list[str]
    changed_answers: list[tuple[str, int, dict[str, Any]]]
    precision: float | None
    forests: dict[str, Markup]
    curves: dict[str, Markup]
    audit: dict[str, Any]
    probed: Markup | None
    tables: dict[str, Table]
    slices: list[Slices]
    gallery: dict[str, list[Any]]
    timeline: Timeline

    @property
    def detectable(self) -> float | None:
        """The greatest ROC-AUC of a leak that a gated probe could have missed."""
        return max((probe["detectable_roc_auc"] for probe in _gated(self.audit)), default=None)


def section(task: Task, chosen: ReportParams, audit: dict[str, Any]) -> Section:
    """Read what the stages wrote about a task, and draw it.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``, which is not absent.
    chosen : ReportParams
        All parameters.
    audit : dict
        What ``metrics/audit.json`` says of the task.
    """
    scores = read_json(task.metrics, "evaluate")
    words = wording(chosen.label.of(task))
    base_rate = chosen.calibration.base_rate.of(task)
    probes = audit.get("probes", {})
    labels = tables.read(task.labels, tables.LABELS[task])
    splits = tables.read(task.splits, tables.SPLITS)
    sliced = (slices_by(mark, heading, scores, words.answers[1]) for mark, heading in SLICES.items())
    return Section(
        task=task,
        instrument=chosen.instrument.of(task),
        words=words,
        scores=scores,
        verdicts=phrases.verdicts(scores),
        changed_answers=phrases.changed_answers(scores["slices"], words.answers),
        precision=None if base_rate is None else phrases.precision_at(base_rate, scores),
        forests=_forests(scores, words.question),
        curves=_curves(task, scores, words.question),
        audit=audit,
        probed=_probed(task, chosen.audit.max_probe_auc, words.question) if probes else None,
        tables={
            "scores": page_tables.scores(scores),
            "gated": page_tables.gated_probes(probes),
            "other_probes": page_tables.other_probes(probes),
            "attribution": page_tables.attribution(scores["attribution"]),
        },
        slices=[slices for slices in sliced if slices],
        gallery=_gallery(task),
        timeline=timeline(task, labels, splits, tables.read(paths.RAW_COVERAGE, tables.COVERAGE)),
    )


def slices_by(mark: str, heading: str, scores: dict[str, Any], answer: str) -> Slices | None:
    """Return the parts of the rows by one property; None if there are none.

    Parameters
    ----------
    mark : str
        A key of `SLICES`: what the names of these parts have in them.
    heading : str
        What the page calls the property.
    scores : dict
        Of ``metrics/<task>.json``. A part that has all rows is left out, as it repeats their scores.
    answer : str
        What label 1 is called.
    """
    parts = {
        _part(name, answer): part
        for name, part in scores["slices"].items()
        if mark in name and 0 < part.get("n", 0) < scores["n"]
    }
    if not parts:
        return None
    shown = {score: label for score, label in SLICED.items() if score != SAME.get(mark)}
    charts = {
        label: svg.inline(
            figures.forest(_scores({name: part[score] for name, part in parts.items()}), limits=(-0.02, 1.02)),
            f"{heading}, {label} with its interval; the table below has the numbers",
        )
        for score, label in shown.items()
    }
    return Slices(heading, charts, page_tables.slices(parts, shown, answer))


def _gated(audit: dict[str, Any]) -> list[dict[str, Any]]:
    return [probe for probe in audit.get("probes", {}).values() if probe["kind"] == "gated"]


def _scores(scores: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return scores by name as `figures.forest` takes them."""
    rows = [(name, score["value"], score["low"], score["high"]) for name, score in scores.items()]
    return pd.DataFrame(rows, columns=["name", "value", "low", "high"]).astype(
        dict.fromkeys(("value", "low", "high"), float)
    )


def _forests(scores: dict[str, Any], question: str) -> dict[str, Markup]:
    forecasts = {"network": scores, **dict(strongest_first(scores["baselines"]))}
    return {
        SCORES[score]: svg.inline(
            figures.forest(_scores({name: of[score] for name, of in forecasts.items()}), NO_SKILL[score]),
            f"{question} {SCORES[score]} of each forecast with its interval; the table below has the numbers",
        )
        for score in COMPARED
    }


def _curves(task: Task, scores: dict[str, Any], question: str) -> dict[str, Markup]:
    roc, pr, reliability = (pd.read_csv(task.plots / f"{name}.csv") for name in ("roc", "pr", "reliability"))
    base_rate = scores["base_rate"]["value"]
    drawings = {
        f"ROC, area {interval(scores['roc_auc'])}": figures.roc({"network": roc}, ""),
        f"Precision and recall, area {interval(scores['pr_auc'])}": figures.precision_recall(
            {"network": pr}, base_rate, ""
        ),
        f"Reliability, calibration error {interval(scores['expected_calibration_error'])}": figures.reliability(
            reliability, base_rate, ""
        ),
    }
    return {caption: svg.inline(figure, f"{question} {caption}") for caption, figure in drawings.items()}


def _probed(task: Task, limit: float, question: str) -> Markup:
    label = f"{question} ROC-AUC of every probe of the audit with its interval; the tables below have the numbers"
    return svg.inline(figures.probes(pd.read_csv(task.audit_plot), limit, "", width=4.6), label)


def _part(name: str, answer: str) -> str:
    """Return what a part of the rows is called: ``beyond_60_degrees`` is "beyond 60°", ``year_2014`` is "2014"."""
    name = name.replace("active_before", f"{answer}_before")
    return name.removeprefix("year_").removeprefix("class_").replace("_degrees", "°").replace("_", " ")


def _gallery(task: Task) -> dict[str, list[Any]]:
    folder = task.figures / "gallery"
    listed = pd.read_csv(folder / "index.csv", parse_dates=["time"], dtype={"noaa_ar": str}, keep_default_na=False)
    for kind in ("image", "map"):
        listed[kind] = [_data_url(folder / f"{place:02}-{kind}.jpg") for place in range(len(listed))]
    return {heading: list(listed[listed["group"] == group].itertuples()) for group, heading in GROUPS.items()}


def _data_url(path: Path) -> str:
    return f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
