"""Writes the page from what the stages wrote: nothing is computed here that is not in a file beside it."""

import importlib.metadata
import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from solarflare import absence, params, plots, summary, tables
from solarflare.files import atomic_path, sha256
from solarflare.gallery import GROUPS
from solarflare.params import TASKS, Params, Task
from solarflare.report import charts
from solarflare.report.charts import Row
from solarflare.report.timeline import Timeline, timeline
from solarflare.verification.assessment import COMPARED
from solarflare.wording import Wording, wording

Named = dict[str, dict[str, Any]]
Scored = list[tuple[str, dict[str, Any]]]

PAGE = Path("reports/index.html")
RAW = Path("data/raw")
TABLES = ("images", "flares", "regions", "coverage")
LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "scikit-learn", "pillow", "sunpy", "astropy")

UNTOLD = ("scrape.archive.path", "scrape.live.contact")
"""Parameters that say where something was and whose it is, not what it is."""

BASELINES = {
    "climatology": "the base rate of the training rows",
    "persistence": "what was before goes on",
    "logistic": "a regression on seven statistics of the image",
    "history": "past flares",
    "catalogue": "what NOAA noted of the regions",
}
NO_SKILL = {"roc_auc": 0.5, "tss": 0.0, "brier_skill": 0.0}
SLICED = {"recall": "Recall", "specificity": "Specificity", "roc_auc": "ROC-AUC"}
SLICES = {
    "_degrees": "By longitude",
    "year_": "By year",
    "class_": "By the flare's GOES class",
    "_before": "By what was before",
}
PLACES = {
    "inside_disk": "on the disk",
    "printed_boxes": "where date and name were printed",
    "near_regions": "within 10° of a region with spots",
    "near_centre": "within 5° of the region in question",
}


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
    words : Wording
        Its question and answers.
    scores : dict
        ``metrics/<task>.json``.
    standing : list of str
        How the network compares with the baselines, and with what is no picture, in a few words each.
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
    words: Wording
    scores: dict[str, Any]
    standing: list[str]
    compared: dict[str, Scored]
    forests: dict[str, Markup]
    curves: dict[str, Markup]
    audit: dict[str, Any]
    probes: dict[str, Named]
    probed: Markup | None
    slices: list[Slices]
    gallery: dict[str, list[Any]]
    timeline: Timeline


def write(chosen: Params) -> None:
    """Write ``reports/index.html``: one file, the same bytes for the same outputs.

    Parameters
    ----------
    chosen : Params
        All parameters.
    """
    audit = json.loads(Path("metrics/audit.json").read_text())
    absent = {task: reason for task in TASKS if (reason := absence.reason(Path(f"metrics/{task}.json")))}
    sections = [section(task, chosen, audit.get(task, audit)) for task in TASKS if task not in absent]
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"interval": summary.interval, "named": lambda name: name.replace("_", " ")}
    text = environment.get_template("page.html.j2").render(
        style=Markup((Path(__file__).parent / "style.css").read_text()),  # noqa: S704 - our own file
        sections=sections,
        absent=absent,
        questions={task: wording(getattr(chosen.label, task)).question for task in absent},
        origin=chosen.scrape.origin,
        score_names=summary.SCORES,
        baselines=BASELINES,
        places=PLACES,
        sliced=SLICED,
        limit=chosen.audit.max_probe_auc,
        block_days=chosen.split.block_days,
        parameters=parameters(chosen),
        versions={name: importlib.metadata.version(name) for name in LIBRARIES},
        hashes=hashes(),
    )
    with atomic_path(PAGE) as partial:
        partial.write_text(text)


def section(task: Task, chosen: Params, audit: dict[str, Any]) -> Section:
    """Read what the stages wrote of a task, and draw it."""
    scores = json.loads(Path(f"metrics/{task}.json").read_text())
    words = wording(getattr(chosen.label, task))
    baselines = summary.strongest_first(scores["baselines"])
    confounders = summary.strongest_first(scores.get("confounders", {}))
    probes = {
        kind: {name: one for name, one in audit.get("probes", {}).items() if one["kind"] == kind}
        for kind in plots.PROBES
    }
    read = {name: tables.read(Path(f"data/{name}/{task}.csv"), schema) for name, schema in _schemas(task).items()}
    return Section(
        task,
        words,
        scores,
        [
            standing({name: scores["differences"][name]["roc_auc"]["verdict"] for name, _ in forecasts}, together)
            for forecasts, together in ((baselines, "every baseline"), (confounders, "every confounder of the audit"))
            if forecasts
        ],
        {"Baselines": baselines, "Confounders, no picture of the Sun": confounders},
        {score: _forest([("network", scores), *baselines], score, words.question) for score in COMPARED},
        _curves(task, scores, words.question),
        audit,
        probes,
        _probed(probes, chosen.audit.max_probe_auc, words.question) if "probes" in audit else None,
        [found for mark, heading in SLICES.items() if (found := _slices(mark, heading, scores["slices"]))],
        _gallery(task),
        timeline(task, read["labels"], read["splits"], tables.read(RAW / "coverage.csv", tables.COVERAGE)),
    )


def standing(verdicts: dict[str, str], together: str) -> str:
    """Say how a network compares with the forecasts that it is held against, the bad news first.

    Parameters
    ----------
    verdicts : dict of str
        By forecast, as of `bootstrap.Difference`.
    together : str
        What all of them are called.
    """
    if set(verdicts.values()) == {"better"}:
        return f"better than {together}"
    phrases = {"worse": "worse than", "not distinguishable": "no better than", "better": "better than"}
    named = {verdict: [name for name, found in verdicts.items() if found == verdict] for verdict in phrases}
    return "; ".join(f"{phrase} {_listed(named[verdict])}" for verdict, phrase in phrases.items() if named[verdict])


def parameters(chosen: Params) -> dict[str, Any]:
    """Return the parameters by dotted key, without other origins' and what is `UNTOLD`."""
    content = chosen.model_dump(mode="json")
    content["scrape"] = {key: content["scrape"][key] for key in ("origin", chosen.scrape.origin)}
    return {key: value for key, value in params.dotted(content).items() if key not in UNTOLD}


def hashes() -> dict[str, str]:
    """Return the SHA-256 of what went in and came out, by path."""
    found = [RAW / f"{name}.csv" for name in TABLES]
    for folder in ("data/labels", "data/splits", "data/crops", "models", "metrics"):
        found += sorted(path for path in Path(folder).rglob("*") if path.suffix in (".csv", ".json", ".h5"))
    plot_data = Path("metrics/plots")
    return {path.as_posix(): sha256(path) for path in found if plot_data not in path.parents}


def _schemas(task: Task) -> dict[str, Any]:
    return {"labels": tables.LABELS[task], "splits": tables.SPLITS}


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


def _slices(mark: str, heading: str, found: dict[str, Any]) -> Slices | None:
    parts = [(name, part) for name, part in found.items() if mark in name and "absent" not in part]
    if not parts:
        return None

    drawn = {
        score: charts.forest(
            [_row(_part(name), part[score]) for name, part in parts],
            f"{heading}, {score} with its interval; the table below has the numbers",
            shown=(0.0, 1.0),
        )
        for score in SLICED
    }
    return Slices(heading, [(_part(name), part) for name, part in parts], drawn)


def _part(name: str) -> str:
    """Return what a part of the rows is called: ``beyond_60_degrees`` is "beyond 60°", ``year_2014`` is "2014"."""
    return name.removeprefix("year_").removeprefix("class_").replace("_degrees", "°").replace("_", " ")


def _gallery(task: Task) -> dict[str, list[Any]]:
    folder = Path(f"reports/{task}/gallery")
    listed = pd.read_csv(folder / "index.csv", parse_dates=["time"], dtype={"noaa_ar": str}, keep_default_na=False)
    for kind in ("image", "map"):
        listed[kind] = [_data_url(folder / f"{place:02}-{kind}.jpg") for place in range(len(listed))]
    return {heading: list(listed[listed["group"] == group].itertuples()) for group, heading in GROUPS.items()}


def _data_url(path: Path) -> str:
    return f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}"
