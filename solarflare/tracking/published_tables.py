"""Makes the tables of the README and of ``docs/`` in Markdown, from the results in ``docs/results/``."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, pstdev, stdev
from typing import Any

from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.paths import DETAILS
from solarflare.core.tasks import TASKS, Task
from solarflare.tracking.published_results import PERMUTATION, RESULTS
from solarflare.verification.scores.score_table import SCORES, Table, compared, interval, strongest_first
from solarflare.verification.scores.seeds import Spread
from solarflare.verification.scores.seeds import read as read_seeds
from solarflare.verification.scores.trust import read as read_trust

SEED = "seed-"  # the names of variants that differ only in their seed begin with it
NETWORK_OF_2020 = "-2020"  # names end with it if the variant trains the network of 2020 in the way of another variant
OVERVIEW = (
    "forecast",
    "sdo-euv",
    "sdo-euv-fusion",
    "sdo-magnetogram",
)  # profiles that `overview` shows below the default one
SHOWN = ("roc_auc", "tss", "hss", "brier_skill")
LABELS = [SCORES[score] for score in SHOWN]


def table(name: str) -> str:
    """Return the results of a profile, or of the permutation tests, as tables in Markdown.

    Parameters
    ----------
    name : str
        The name of a profile, or ``permutation``.

    Raises
    ------
    InputError
        If there are no results of this name yet.
    """
    content = _read(name)
    if name == PERMUTATION.stem:
        tables = [_permutations(content)]
    elif "tasks" in content:
        tables = [_accuracies(content), _probes(content["tasks"])]
    elif all(name.startswith(SEED) for name in content["variants"]):
        tables = [_spread(content)]
    else:
        tables = [_every_variant(content), _combination_leads(content)]
    return "\n\n".join(table.markdown() for table in tables if table.rows)


def _read(name: str) -> dict[str, Any]:
    """Return the content of ``docs/results/<name>.json``."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        command = "solarflare permutation" if path == PERMUTATION else f"make experiment PROFILE={name}"
        raise InputError(f"{path} is not there; make it with `{command}`")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _every_variant(content: dict[str, Any]) -> Table:
    """Return the scores of each variant and of its baselines."""
    rows: list[list[str]] = []
    for variant, results in content["variants"].items():
        for task in TASKS:
            if "absent" not in results["metrics"][task]:
                rows += _rows(variant, task, results["metrics"][task])
    columns = ("task", "test rows", "positive", "forecast", *LABELS, "network's lead in ROC-AUC")
    return Table((content["profile"], *columns), rows)


def _rows(variant: str, task: Task, metrics: dict[str, Any]) -> Iterator[list[str]]:
    """Yield one row for the network, then one row per baseline and per combination, the strongest first."""
    of_2020 = variant.endswith(NETWORK_OF_2020)
    first = [_with_trust(variant, metrics), task, str(metrics["n"]), f"{metrics['base_rate']['value']:.0%}"]
    yield [*first, "network of 2020" if of_2020 else "network", *(interval(metrics[score]) for score in SHOWN), ""]
    if not of_2020:  # The rows of our network have the same baselines already.
        for group in ("baselines", "combinations"):
            for name, scores, difference in compared(metrics, group, SHOWN):
                yield [*[""] * len(first), name, *scores, interval(difference)]


def _with_trust(variant: str, metrics: dict[str, Any]) -> str:
    """Return the name of a variant and, unless its scores are trusted, why no verdict counts."""
    trust = read_trust(metrics)
    return variant if trust else f"{variant}, {trust.words}"


def _combination_leads(content: dict[str, Any]) -> Table:
    """Return what each combination, such as the fusion, leads by over the best baseline; no rows if there are none."""
    rows = []
    for variant, results in content["variants"].items():
        for task in TASKS:
            metrics = results["metrics"][task]
            for name, leads in (metrics.get("combination_leads") or {}).items():
                best = next(baseline for baseline, _ in strongest_first(metrics["baselines"]) if baseline in leads)
                cells = [leads[best][score] for score in ("roc_auc", "brier_skill")]
                shown = (interval(cell, "+z.3f") for cell in cells)
                rows.append(
                    [_with_trust(variant, metrics), task, name.replace("_", " "), best, *shown, cells[0]["verdict"]]
                )
    columns = ("task", "combination", "best baseline", "lead in ROC-AUC", "lead in Brier skill", "in ROC-AUC")
    return Table((content["profile"], *columns), rows)


def _spread(content: dict[str, Any]) -> Table:
    """Return, for each task, the mean and the standard deviation of each score over the seeds."""
    rows = []
    for task in TASKS:
        every = [variant["metrics"][task] for variant in content["variants"].values()]
        if metrics := [of_seed for of_seed in every if "absent" not in of_seed]:
            values = {score: [of_seed[score]["value"] for of_seed in metrics] for score in SHOWN}
            means = [f"{fmean(of_score):.3f} ± {stdev(of_score):.3f}" for of_score in values.values()]
            each = " ".join(f"{value:.3f}" for value in values["roc_auc"])
            rows.append(["", task, str(metrics[0]["n"]), str(len(metrics)), *means, each])
    return Table((content["profile"], "task", "test rows", "seeds", *LABELS, "ROC-AUC, seed by seed"), rows)


def _accuracies(content: dict[str, Any]) -> Table:
    """Return, for each task, the mean accuracy of all repeats next to the published accuracy."""
    rows = []
    for task, results in content["tasks"].items():
        repeats = results["repeats"].values()
        accuracies = [repeat["accuracy"] for repeat in repeats]
        shown = (fmean(accuracies), pstdev(accuracies), min(accuracies), max(accuracies), results["published"])
        tested = " to ".join(map(str, sorted({repeat["n"] for repeat in repeats})))
        rows.append([task, str(len(repeats)), tested, *(f"{value:.1%}" for value in shown)])
    columns = ("repeats", "test rows", "mean accuracy", "standard deviation", "from", "to", "published")
    return Table((content["profile"], *columns), rows)


def _probes(tasks: dict[str, Any]) -> Table:
    """Return, for each task, the probes that tell the label without a picture of the Sun, the best probe first."""
    rows = []
    for task, results in tasks.items():
        for name, probe in sorted(results["probes"].items(), key=lambda named: -named[1]["roc_auc"]["value"]):
            scores = interval(probe["roc_auc"]), f"{probe['balanced_accuracy']['value']:.0%}"
            rows.append([name.replace("_", " "), task, probe["kind"], *scores, "leak" if probe["leak"] else ""])
    return Table(("what tells the label", "task", "kind", "ROC-AUC", "balanced accuracy", "verdict"), rows)


def _permutations(content: dict[str, Any]) -> Table:
    """Return, for each permutation test, the scores after training on true labels and on labels of other days."""
    rows = []
    for data, tests in content.items():
        for task, test in tests.items():
            rotated = sorted(test["rotated"])
            cells = (f"**{test['true']:.2f}**", " ".join(f"{value:.2f}" for value in rotated), f"{fmean(rotated):.2f}")
            p_values = (f"p = {test['wilcoxon_p']:.2f}", f"p = {test['p']:.3f}")
            rows.append([data, task, str(test["n"]), *cells, *p_values])
    columns = ("true labels", "rotated labels, ROC-AUC", "mean", "around 0.5", "true beyond")
    return Table(("data", "task", "test rows", *columns), rows)


def overview(details: Path = DETAILS) -> str:
    """Return the network's lead over its best baseline, for each profile and task, as a table in Markdown.

    The interval of a lead, and the verdict, allow for the training seed where ``docs/results/*seeds.json`` measured it
    with the same parameters. The column ``seeds`` says with how many, or that there is one seed and rows alone count.
    Variants that train the network of 2020 are left out, and so are tests that are insufficient, and a variant with the
    same results as one above.
    The scores of the default profile come from the folder `details`, where ``evaluate`` wrote them.

    Raises
    ------
    InputError
        If a profile of `OVERVIEW` has no results yet.
    """
    default = {task: json.loads((details / f"{task}.json").read_text(encoding="utf-8")) for task in TASKS}
    variants = {("default", "chronological"): default}
    own = params.dotted(params.read_yaml(paths.PARAMS))
    parameters = {("default", "chronological"): own}
    for profile in OVERVIEW:
        published = _read(profile)
        # The file's parameters lack the keys that a variant changes.
        varied = {key for content in published["variants"].values() for key in content.get("changes", {})}
        usual = {key: value for key, value in own.items() if key in varied}
        shared = usual | published.get("overrides", {}) | published.get("parameters", {})
        for variant, content in published["variants"].items():
            if not variant.endswith(NETWORK_OF_2020):
                variants[profile, variant] = content["metrics"]
                parameters[profile, variant] = shared | content.get("changes", {})
    rows: list[list[str]] = []
    shown = []
    for name, results in variants.items():
        for task in TASKS:
            scores = results[task]
            if "absent" not in scores and (name[0], scores) not in shown:
                shown.append((name[0], scores))
                trust = read_trust(scores)
                if trust.verdict == "insufficient":
                    continue
                baseline, (best,), difference = next(compared(scores, scores=["roc_auc"]))
                spread = _spread_of_seeds(task, parameters[name])
                lead = spread.widen("roc_auc", difference, lower_is_better=False, networks=1)
                verdict = lead["verdict"] if trust else trust.words
                cells = (
                    interval(scores["roc_auc"]),
                    f"{baseline} {best}",
                    interval(lead),
                    verdict,
                    str(spread.seeds or "one"),
                )
                rows.append([", ".join(name), task, str(scores["n"]), *cells])
    return Table(
        ("profile, test", "task", "rows", "network", "best baseline", "lead", "verdict", "seeds"), rows
    ).markdown()


def _spread_of_seeds(task: Task, parameters: dict[str, Any]) -> Spread:
    """Return how much a task's scores vary from seed to seed, if any file measured it with these parameters.

    Seeds are measured with single networks. An ensemble varies less, so that their spread is more than enough for it.
    """
    single = parameters | {f"train_{task}.ensemble": 1}
    spreads = [
        read_seeds(task, path.read_text(encoding="utf-8"), single) for path in sorted(RESULTS.glob("*seeds.json"))
    ]
    return next((spread for spread in spreads if spread.seeds), Spread(0, {}))
