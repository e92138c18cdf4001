"""What the experiments of a profile found: one file of scores in Git, small figures, and the tables of the README."""

import io
import json
import re
import subprocess
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from solarflare import plots, summary
from solarflare.errors import InputError
from solarflare.experiments import Profile
from solarflare.files import atomic_path
from solarflare.params import TASKS, Task
from solarflare.summary import interval

RESULTS = Path("docs/results")
SCORES = {"roc_auc": "ROC-AUC", "tss": "TSS", "hss": "HSS", "brier_skill": "Brier skill"}


def collect(profile: Profile, revisions: dict[str, str]) -> None:
    """Write ``docs/results/<profile>.json`` and a ROC figure a task from the revisions of its experiments.

    Parameters
    ----------
    profile : Profile
        What was run.
    revisions : dict
        By variant, the Git revision that holds its results, as :func:`solarflare.experiments.run` returns them.
    """
    variants = {
        variant: {
            "changes": profile.variants[variant],
            "metrics": {name: json.loads(_show(revision, f"metrics/{name}.json")) for name in (*TASKS, "audit")},
        }
        for variant, revision in revisions.items()
    }
    content = {"profile": profile.name, "overrides": profile.overrides, "variants": variants}
    if profile.published:
        content["published"] = profile.published
    with atomic_path(RESULTS / f"{profile.name}.json") as partial:
        partial.write_text(json.dumps(content, indent=2, sort_keys=True, default=str) + "\n")
    for task in TASKS:
        scored = [variant for variant in variants if "absent" not in variants[variant]["metrics"][task]]
        curves = {
            variant: pd.read_csv(io.StringIO(_show(revisions[variant], f"metrics/plots/{task}/roc.csv")))
            for variant in scored
        }
        if curves:
            plots.save(plots.roc(curves, f"{task}, {profile.name}"), RESULTS / f"{profile.name}-{task}-roc.png")


def table(profile: str) -> str:
    """Return the scores of a profile as a table in Markdown.

    Parameters
    ----------
    profile : str
        Its name.

    Raises
    ------
    InputError
        If :func:`collect` has not written its scores yet.
    """
    path = RESULTS / f"{profile}.json"
    if not path.is_file():
        raise InputError(f"{path} is not there; make it with `make experiment PROFILE={profile}`")
    content = json.loads(path.read_text())
    return _markdown(_comparison(content) if "published" in content else _every_variant(content))


def _every_variant(content: dict[str, Any]) -> list[list[str]]:
    """Return the scores of each variant and of its baselines."""
    heading = [
        content["profile"],
        "task",
        "test rows",
        "positive",
        "forecast",
        *SCORES.values(),
        "network's lead in ROC-AUC",
    ]
    rows = [heading]
    for variant, result in content["variants"].items():
        for task in TASKS:
            if "absent" not in result["metrics"][task]:
                rows += _rows(variant, task, result["metrics"][task])
    return rows


def _comparison(content: dict[str, Any]) -> list[list[str]]:
    """Return the mean accuracy of all repeats beside the published one, and what the audit says of the design."""
    repeats = [result["metrics"] for result in content["variants"].values()]
    rows = [[content["profile"], "repeats", "mean accuracy", "from", "to", "published", "what the audit found"]]
    for task, published in content["published"].items():
        accuracies = [metrics[task]["accuracy"]["value"] for metrics in repeats]
        audited = repeats[0]["audit"][task]
        leaks = [
            f"{name.replace('_', ' ')} {probe['roc_auc']['value']:.2f}"
            for name, probe in audited["probes"].items()
            if probe["leak"]
        ]
        shown = [f"{accuracy:.1%}" for accuracy in (fmean(accuracies), min(accuracies), max(accuracies), published)]
        rows.append([task, str(len(repeats)), *shown, ", ".join(leaks) or "nothing"])
    return rows


def _markdown(rows: list[list[str]]) -> str:
    heading, *others = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, ["---"] * len(heading), *others))


def with_tables(text: str, metrics: Path = Path("metrics")) -> str:
    """Return a page with each table between its markers.

    Parameters
    ----------
    text : str
        A page with markers ``<!-- summary -->``, for what a run prints at its end, and ``<!-- results:<profile> -->``,
        each followed by its end, ``<!-- /summary -->`` and so on.
    metrics : Path, optional
        The folder in which ``evaluate`` wrote the scores of the run.

    Raises
    ------
    InputError
        If a marker names a profile without results.
    """

    def content(name: str) -> str:
        return f"```text\n{summary.render(metrics)}\n```" if name == "summary" else table(name.removeprefix("results:"))

    return re.sub(
        r"(?P<start><!-- (?P<name>summary|results:[\w-]+) -->).*?(?P<end><!-- /(?P=name) -->)",
        lambda match: f"{match['start']}\n{content(match['name'])}\n{match['end']}",
        text,
        flags=re.DOTALL,
    )


def _rows(variant: str, task: Task, metrics: dict[str, Any]) -> list[list[str]]:
    """Return a row for the network and, below it, one for each baseline, the strongest first."""
    trusted = "" if metrics["trusted"] else ", not trusted"
    first = [variant + trusted, task, str(metrics["n"]), f"{metrics['base_rate']['value']:.0%}"]
    rows = [[*first, "network", *(interval(metrics[score]) for score in SCORES), ""]]
    for name, baseline in summary.strongest_first(metrics["baselines"]):
        lead = interval(metrics["differences"][name]["roc_auc"])
        rows.append([*[""] * len(first), name, *(interval(baseline[score]) for score in SCORES), lead])
    return rows


def _show(revision: str, path: str) -> str:
    command = ["git", "show", f"{revision}:{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
