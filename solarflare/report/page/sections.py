"""What the page says of a task, read from what the stages wrote, and drawn."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from solarflare.core import tables
from solarflare.core.files import read_json
from solarflare.core.tasks import Task
from solarflare.report import figures, summary
from solarflare.report.gallery import GROUPS
from solarflare.report.page import charts
from solarflare.report.page.charts import Row
from solarflare.report.page.timeline import Timeline, timeline
from solarflare.report.schema import ReportParams
from solarflare.verification.results.wording import Wording, wording
from solarflare.verification.scores.assessment import COMPARED

Named = dict[str, dict[str, Any]]
Scored = list[tuple[str, dict[str, Any]]]

NO_SKILL = {"roc_auc": 0.5, "tss": 0.0, "brier_skill": 0.0}
SLICED = {"recall": "Recall", "specificity": "Specificity", "roc_auc": "ROC-AUC"}
SLICES = {
    "_degrees": "By longitude",
    "year_": "By year",
    "class_": "By the flare's GOES class",
    "_before": "By what was before",
}
SAME = {"class_": "specificity"}
"""Scores in which such parts cannot differ: each class of flares is held against all rows without a flare."""


@dataclass(frozen=True)
class Slices:
    """Parts of the test rows by one property: their names and scores, and charts of the scores."""

    heading: str
    parts: Scored
    charts: dict[str, Markup]


@dataclass(frozen=True)
class Section:
    """All that the page says of one task.

    Attributes
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    instrument : str
        Whose images it is about.
    words : Wording
        Its question and answers.
    scores : dict
        ``metrics/<task>.json``.
    standing : list of str
        How the network compares with the baselines, and with what is no picture, in a few words each.
    turned : list of (str, int, dict)
        Of `turned`.
    called_rightly : float or None
        Of `called_rightly`, at regular times; None if their base rate is not known.
    compared : dict of list of (str, dict)
        By heading, the scores of what the network is held against, the strongest first.
    forests : dict of Markup
        By score, the network beside the baselines.
    curves : dict of Markup
        ``roc``, ``pr`` and ``reliability``.
    audit : dict
        What ``metrics/audit.json`` says of the task.
    probes : dict of dict of dict
        By kind and name, what it says of each probe.
    probed : Markup or None
        A chart of them; None without an audit.
    slices : list of Slices
        By property.
    gallery : dict of list of tuple
        By heading, what ``gallery/index.csv`` says of each image, and ``image`` and ``map`` as data URLs.
    timeline : Timeline
        Of its images.
    """

    task: Task
    instrument: str
    words: Wording
    scores: dict[str, Any]
    standing: list[str]
    turned: list[tuple[str, int, dict[str, Any]]]
    called_rightly: float | None
    compared: dict[str, Scored]
    forests: dict[str, Markup]
    curves: dict[str, Markup]
    audit: dict[str, Any]
    probes: dict[str, Named]
    probed: Markup | None
    slices: list[Slices]
    gallery: dict[str, list[Any]]
    timeline: Timeline


def section(task: Task, chosen: ReportParams, audit: dict[str, Any]) -> Section:
    """Read what the stages wrote of a task, and draw it.

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
    baselines = summary.strongest_first(scores["baselines"])
    confounders = summary.strongest_first(scores.get("confounders", {}))
    probes = {
        kind: {name: one for name, one in audit.get("probes", {}).items() if one["kind"] == kind}
        for kind in figures.PROBES
    }
    labels = tables.read(task.labels, tables.LABELS[task])
    splits = tables.read(task.splits, tables.SPLITS)
    return Section(
        task=task,
        instrument=chosen.instrument.of(task),
        words=words,
        scores=scores,
        standing=[
            standing(forecasts, scores["differences"], together)
            for forecasts, together in ((baselines, "every baseline"), (confounders, "every confounder of the audit"))
            if forecasts
        ]
        + worse_elsewhere(baselines, scores["differences"]),
        turned=turned(scores["slices"], words.answers),
        called_rightly=None if base_rate is None else called_rightly(scores, base_rate),
        compared={"Baselines": baselines, "Confounders, no picture of the Sun": confounders},
        forests={score: _forest([("network", scores), *baselines], score, words.question) for score in COMPARED},
        curves=_curves(task, scores, words.question),
        audit=audit,
        probes=probes,
        probed=_probed(probes, chosen.audit.max_probe_auc, words.question) if "probes" in audit else None,
        slices=[
            found for mark, heading in SLICES.items() if (found := slices_by(mark, heading, scores, words.answers[1]))
        ],
        gallery=_gallery(task),
        timeline=timeline(task, labels, splits, tables.read(Path("data/raw/coverage.csv"), tables.COVERAGE)),
    )


def standing(forecasts: Scored, differences: dict[str, Any], together: str) -> str:
    """Say how a network compares with other forecasts in ROC-AUC, the bad news first.

    Parameters
    ----------
    forecasts : list of (str, dict)
        The others.
    differences : dict
        Of ``metrics/<task>.json``.
    together : str
        What all of them are called.
    """
    named: dict[str, list[str]] = {"worse": [], "not distinguishable": [], "better": []}
    for name, _ in forecasts:
        named[differences[name]["roc_auc"]["verdict"]].append(name)
    if len(named["better"]) == len(forecasts):
        return f"better than {together} in ROC-AUC"
    phrases = zip(("worse than", "not told apart from", "better than"), named.values(), strict=True)
    return "; ".join(f"{phrase} {_listed(names)}" for phrase, names in phrases if names) + ", in ROC-AUC"


def worse_elsewhere(forecasts: Scored, differences: dict[str, Any]) -> list[str]:
    """Say in which scores but the ROC-AUC a network is worse than others, a sentence's end a score."""
    worse = {
        score: [name for name, _ in forecasts if differences[name][score]["verdict"] == "worse"]
        for score in COMPARED[1:]
    }
    return [f"worse than {_listed(names)} in {summary.SCORES[score]}" for score, names in worse.items() if names]


def turned(slices: Named, answers: tuple[str, str]) -> list[tuple[str, int, dict[str, Any]]]:
    """Return how a network does where the answer is not what it was before: there persistence is wrong each time.

    Parameters
    ----------
    slices : dict
        Of ``metrics/<task>.json``.
    answers : (str, str)
        What labels 0 and 1 are called.

    Returns
    -------
    list of (str, int, dict)
        To which answer it turned, how many rows did, and which share of these was recognised.
    """
    found = []
    for name, score, label in (("quiet_before", "recall", 1), ("active_before", "specificity", 0)):
        part = slices.get(name, {})
        if score in part and part[score]["value"] is not None:
            rows = part["positive"] if label else part["n"] - part["positive"]
            found.append((answers[label], rows, part[score]))
    return found


def called_rightly(scores: dict[str, Any], base_rate: float) -> float | None:
    """Return the precision, 0 to 1, that a recall and a specificity give at another base rate, by Bayes' rule.

    Parameters
    ----------
    scores : dict
        ``metrics/<task>.json``.
    base_rate : float
        The share of positives there, 0 to 1.

    Returns
    -------
    float or None
        None if nothing would be called positive.
    """
    hits = base_rate * scores["recall"]["value"]
    alarms = hits + (1 - base_rate) * (1 - scores["specificity"]["value"])
    return hits / alarms if alarms else None


def _listed(names: list[str]) -> str:
    names = [name.replace("_", " ") for name in names]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _row(name: str, score: dict[str, Any], kind: str = "") -> Row:
    return Row(name.replace("_", " "), score["value"], score["low"], score["high"], kind)


def _forest(forecasts: Scored, score: str, question: str) -> Markup:
    rows = [_row(name, of[score], "own" if name == "network" else "") for name, of in forecasts]
    label = f"{question} {summary.SCORES[score]} of each forecast with its interval; the table below has the numbers"
    return charts.forest(rows, label, NO_SKILL[score])


def _curves(task: Task, scores: dict[str, Any], question: str) -> dict[str, Markup]:
    roc, pr, reliability = (pd.read_csv(f"metrics/plots/{task}/{name}.csv") for name in ("roc", "pr", "reliability"))
    rate, area = scores["base_rate"]["value"], {name: summary.interval(scores[name]) for name in ("roc_auc", "pr_auc")}
    return {
        "roc": charts.curve(
            roc,
            ("false positive rate", "true positive rate"),
            ((0, 0), (1, 1)),
            f"{question} ROC curve, area {area['roc_auc']}",
        ),
        "pr": charts.curve(
            pr,
            ("recall", "precision"),
            ((0, rate), (1, rate)),
            f"{question} Precision and recall, area {area['pr_auc']}",
        ),
        "reliability": charts.reliability(
            reliability,
            f"{question} Observed frequency against forecast probability, expected calibration error "
            f"{summary.interval(scores['expected_calibration_error'])}",
        ),
    }


def _probed(probes: dict[str, Named], limit: float, question: str) -> Markup:
    rows = [
        _row(name, one["roc_auc"], "leak" if one["leak"] else kind)
        for kind, of_kind in probes.items()
        for name, one in of_kind.items()
    ]
    label = f"{question} ROC-AUC of every probe of the audit with its interval; the tables below have the numbers"
    return charts.forest(rows, label, NO_SKILL["roc_auc"], limit)


def slices_by(mark: str, heading: str, scores: dict[str, Any], answer: str) -> Slices | None:
    """Return the parts of the rows by one property; None if there are none.

    Parameters
    ----------
    mark : str
        What the names of these parts have in them, a key of `SLICES`.
    heading : str
        What stands above.
    scores : dict
        ``metrics/<task>.json``. A part that has all rows says nothing beside it, and is left out.
    answer : str
        What label 1 is called.
    """
    found = scores["slices"].items()
    parts = [(name, part) for name, part in found if mark in name and 0 < part.get("n", 0) < scores["n"]]
    if not parts:
        return None

    drawn = {
        score: charts.forest(
            [_row(_part(name, answer), part[score]) for name, part in parts],
            f"{heading}, {score} with its interval; the table below has the numbers",
            shown=(0.0, 1.0),
        )
        for score in SLICED
        if score != SAME.get(mark)
    }
    return Slices(heading, [(_part(name, answer), part) for name, part in parts], drawn)


def _part(name: str, answer: str) -> str:
    """Return what a part of the rows is called: ``beyond_60_degrees`` is "beyond 60°", ``year_2014`` is "2014"."""
    name = name.replace("active_before", f"{answer}_before")
    return name.removeprefix("year_").removeprefix("class_").replace("_degrees", "°").replace("_", " ")


def _gallery(task: Task) -> dict[str, list[Any]]:
    folder = Path(f"reports/{task}/gallery")
    listed = pd.read_csv(folder / "index.csv", parse_dates=["time"], dtype={"noaa_ar": str}, keep_default_na=False)
    for kind in ("image", "map"):
        listed[kind] = [_data_url(folder / f"{place:02}-{kind}.jpg") for place in range(len(listed))]
    return {heading: list(listed[listed["group"] == group].itertuples()) for group, heading in GROUPS.items()}


def _data_url(path: Path) -> str:
    return f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
