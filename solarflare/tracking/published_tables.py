"""Results of experiments: files of scores in Git, small figures, and tables in Markdown."""

import io
import json
import subprocess
from pathlib import Path
from statistics import fmean, pstdev, stdev
from typing import Any

import pandas as pd

from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.core.tasks import TASKS, Task
from solarflare.report import figures, summary
from solarflare.report.summary import interval
from solarflare.tracking.profiles import Profile
from solarflare.verification.audit.schema import AuditParams

RESULTS = Path("docs/results")
SEED = "seed-"  # how variants begin that differ in their seeds alone
THEIRS = "-2020"  # how variants end that ask the network of 2020 what another variant asks ours
PERMUTATION = RESULTS / "permutation.json"
OVERVIEW = ("forecast", "sdo-euv", "sdo-magnetogram")  # profiles that `overview` shows below the default one
SCORES = {"roc_auc": "ROC-AUC", "tss": "TSS", "hss": "HSS", "brier_skill": "Brier skill"}


def collect(profile: Profile, revisions: dict[str, str]) -> None:
    """Write ``docs/results/<profile>.json`` and figures from the revisions of its experiments.

    Of a profile whose accuracy others published: the accuracies of its repeats, what the audit says of the design, and
    one figure, ``<profile>.png``. Of others: all scores of each variant, the parameters that they share, and
    ``<profile>-<task>-roc.png``.

    Parameters
    ----------
    profile : Profile
        What was run.
    revisions : dict
        By variant, the Git revision that holds its results, as :func:`solarflare.tracking.profiles.run` returns them.
    """
    metrics = {
        variant: {name: json.loads(_show(revision, f"metrics/{name}.json")) for name in (*TASKS, "audit")}
        for variant, revision in revisions.items()
    }
    content: dict[str, Any] = {"profile": profile.name, "overrides": profile.overrides}
    if profile.published:
        content |= _repeats(profile, metrics)
        figures.save(figures.claims(content["tasks"]), RESULTS / f"{profile.name}.png")
    else:
        content["parameters"] = _common(profile, revisions)
        content["variants"] = {
            variant: {"changes": profile.variants[variant], "metrics": found} for variant, found in metrics.items()
        }
        _draw_roc(profile.name, revisions, metrics)
    with atomic_path(RESULTS / f"{profile.name}.json") as partial:
        partial.write_text(json.dumps(content, indent=2, sort_keys=True, default=str) + "\n")


def keep_permutation(name: str, tests: dict[Task, dict[str, Any]]) -> None:
    """Add permutation tests to ``docs/results/permutation.json``, and draw all that are there.

    Parameters
    ----------
    name : str
        Of the data; former tests of the same data and task are replaced.
    tests : dict
        By task, what `solarflare.verification.evaluation.permutation_test.permute` returned.
    """
    content = json.loads(PERMUTATION.read_text()) if PERMUTATION.is_file() else {}
    content[name] = content.get(name, {}) | tests
    with atomic_path(PERMUTATION) as partial:
        partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    named = {
        f"{task}, {data}": test for data, by_task in sorted(content.items()) for task, test in sorted(by_task.items())
    }
    figures.save(figures.permutation(named), PERMUTATION.with_suffix(".png"))


def _common(profile: Profile, revisions: dict[str, str]) -> dict[str, Any]:
    """Return the parameters that all variants share, by dotted key."""
    revision = next(iter(revisions.values()))
    chosen = params.dotted(params.parse_yaml(_show(revision, paths.PARAMS.name), paths.PARAMS))
    varied = {key for changes in profile.variants.values() for key in changes}
    return {key: value for key, value in chosen.items() if key not in varied}


def _repeats(profile: Profile, metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return, for each task whose accuracy was published, that of each repeat, and the probes that tell the label.

    Probes look at all rows, whatever their part: the audit of one repeat stands for all.
    """
    limit = profile.overrides.get("audit.max_probe_auc", params.load(AuditParams).audit.max_probe_auc)
    audited = next(iter(metrics.values()))["audit"]
    tasks = {
        task: {
            "published": published,
            "repeats": {variant: _in_short(found[task]) for variant, found in metrics.items()},
            "probes": {
                name: {key: probe[key] for key in ("kind", "roc_auc", "balanced_accuracy", "leak")}
                for name, probe in audited[task]["probes"].items()
                if (probe["roc_auc"]["low"] or 0) > limit
            },
        }
        for task, published in profile.published.items()
    }
    return {"variants": profile.variants, "tasks": tasks}


def _in_short(metrics: dict[str, Any]) -> dict[str, Any]:
    return {"n": metrics["n"], **{score: metrics[score]["value"] for score in ("accuracy", "roc_auc")}}


def _draw_roc(name: str, revisions: dict[str, str], metrics: dict[str, dict[str, Any]]) -> None:
    for task in TASKS:
        curves = {
            variant: pd.read_csv(io.StringIO(_show(revisions[variant], f"metrics/plots/{task}/roc.csv")))
            for variant, found in metrics.items()
            if "absent" not in found[task]
        }
        if curves:
            figures.save(figures.roc(curves, f"{task}, {name}"), RESULTS / f"{name}-{task}-roc.png")


def table(name: str) -> str:
    """Return what was found as a table in Markdown.

    Parameters
    ----------
    name : str
        Of a profile, or ``permutation``.

    Raises
    ------
    InputError
        If it was not run yet.
    """
    content = _read(name)
    if name == PERMUTATION.stem:
        return _markdown(_permutations(content))
    if "tasks" in content:
        return f"{_markdown(_comparison(content))}\n\n{_markdown(_probes(content['tasks']))}"
    seeded = all(name.startswith(SEED) for name in content["variants"])
    return _markdown(_spread(content) if seeded else _every_variant(content))


def _read(name: str) -> dict[str, Any]:
    """Return what is in a file of results; the name is that of `table`."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        command = "solarflare permutation" if path == PERMUTATION else f"make experiment PROFILE={name}"
        raise InputError(f"{path} is not there; make it with `{command}`")
    content: dict[str, Any] = json.loads(path.read_text())
    return content


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


def scored(content: dict[str, Any], task: Task) -> list[dict[str, Any]]:
    """Return the metrics of a task in each variant of a file of results that has them, in the file's order."""
    metrics = [variant["metrics"][task] for variant in content["variants"].values()]
    return [found for found in metrics if "absent" not in found]


def _spread(content: dict[str, Any]) -> list[list[str]]:
    """Return, for each task, the mean of each score over the seeds, and how far they are apart."""
    rows = [[content["profile"], "task", "test rows", "seeds", *SCORES.values(), "ROC-AUC, seed by seed"]]
    for task in TASKS:
        if found := scored(content, task):
            values = {score: [metrics[score]["value"] for metrics in found] for score in SCORES}
            scores = [f"{fmean(values[score]):.3f} ± {stdev(values[score]):.3f}" for score in SCORES]
            each = " ".join(f"{value:.3f}" for value in values["roc_auc"])
            rows.append(["", task, str(found[0]["n"]), str(len(found)), *scores, each])
    return rows


def _comparison(content: dict[str, Any]) -> list[list[str]]:
    """Return the mean accuracy of all repeats beside the published one."""
    rows = [
        [content["profile"], "repeats", "test rows", "mean accuracy", "standard deviation", "from", "to", "published"]
    ]
    for task, found in content["tasks"].items():
        repeats = found["repeats"].values()
        accuracies = [repeat["accuracy"] for repeat in repeats]
        shown = (fmean(accuracies), pstdev(accuracies), min(accuracies), max(accuracies), found["published"])
        tested = sorted({repeat["n"] for repeat in repeats})
        rows.append([task, str(len(repeats)), " to ".join(map(str, tested)), *(f"{value:.1%}" for value in shown)])
    return rows


def _probes(tasks: dict[str, Any]) -> list[list[str]]:
    """Return what tells the label of each task without a picture of the Sun, the best first."""
    rows = [["what tells the label", "task", "kind", "ROC-AUC", "balanced accuracy", "verdict"]]
    for task, found in tasks.items():
        for name, probe in sorted(found["probes"].items(), key=lambda named: -named[1]["roc_auc"]["value"]):
            scores = interval(probe["roc_auc"]), f"{probe['balanced_accuracy']['value']:.0%}"
            rows.append([name.replace("_", " "), task, probe["kind"], *scores, "leak" if probe["leak"] else ""])
    return rows


def _permutations(content: dict[str, Any]) -> list[list[str]]:
    """Return a row for each permutation test: what true labels taught, and what those of other days did."""
    rows = [
        ["data", "task", "test rows", "true labels", "rotated labels, ROC-AUC", "mean", "around 0.5", "true beyond"]
    ]
    for data, tests in content.items():
        for task, test in tests.items():
            rotated = sorted(test["rotated"])
            rows.append(
                [
                    data,
                    task,
                    str(test["n"]),
                    f"**{test['true']:.2f}**",
                    " ".join(f"{one:.2f}" for one in rotated),
                    f"{fmean(rotated):.2f}",
                    f"p = {test['wilcoxon_p']:.2f}",
                    f"p = {test['p']:.3f}",
                ]
            )
    return rows


def _markdown(rows: list[list[str]]) -> str:
    heading, *others = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, ["---"] * len(heading), *others))


def overview(metrics: Path = Path("metrics")) -> str:
    """Return the network's lead over its best baseline, for each profile and task, as a table in Markdown.

    Variants that train the network of 2020 are left out, and so are those that repeat the results of one above.

    Parameters
    ----------
    metrics : Path, optional
        The folder in which ``evaluate`` wrote the scores of the default profile.

    Raises
    ------
    InputError
        If a profile of `OVERVIEW` has no results yet.
    """
    default = {task: json.loads((metrics / f"{task}.json").read_text()) for task in TASKS}
    variants = {("default", "chronological"): default}
    for profile in OVERVIEW:
        for variant, content in _read(profile)["variants"].items():
            if not variant.endswith(THEIRS):
                variants[profile, variant] = content["metrics"]
    rows = [["profile, test", "task", "rows", "network", "best baseline", "lead", "verdict"]]
    shown = []
    for name, results in variants.items():
        for task in TASKS:
            metrics_of_task = results[task]
            if "absent" not in metrics_of_task and (name[0], metrics_of_task) not in shown:
                shown.append((name[0], metrics_of_task))
                rows.append([", ".join(name), task, *_against_the_best(metrics_of_task)])
    return _markdown(rows)


def _against_the_best(metrics: dict[str, Any]) -> list[str]:
    """Return the cells of `overview` that hold scores."""
    name, baseline = summary.strongest_first(metrics["baselines"])[0]
    lead = metrics["differences"][name]["roc_auc"]
    scores = interval(metrics["roc_auc"]), f"{name} {interval(baseline['roc_auc'])}", interval(lead)
    return [str(metrics["n"]), *scores, lead["verdict"] if metrics["trusted"] else "not trusted"]


def _rows(variant: str, task: Task, metrics: dict[str, Any]) -> list[list[str]]:
    """Return a row for the network and, below it, one for each baseline, the strongest first."""
    trusted = "" if metrics["trusted"] else ", not trusted"
    first = [variant + trusted, task, str(metrics["n"]), f"{metrics['base_rate']['value']:.0%}"]
    own = [interval(metrics[score]) for score in SCORES]
    if variant.endswith(THEIRS):  # The baselines are those of ours, on the same rows.
        return [[*first, "network of 2020", *own, ""]]
    rows = [[*first, "network", *own, ""]]
    for name, baseline in summary.strongest_first(metrics["baselines"]):
        lead = interval(metrics["differences"][name]["roc_auc"])
        rows.append([*[""] * len(first), name, *(interval(baseline[score]) for score in SCORES), lead])
    return rows


def _show(revision: str, path: str) -> str:
    command = ["git", "show", f"{revision}:{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
