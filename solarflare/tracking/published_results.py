"""Writes the results of experiments that Git keeps: files of scores in ``docs/results/``, and their figures."""

import io
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import params, paths, strict_json
from solarflare.core.files import atomic_path
from solarflare.core.tasks import TASKS, Task
from solarflare.report import experiment_figures, figures
from solarflare.tracking import git
from solarflare.tracking.profiles import Profile
from solarflare.verification.audit.schema import AuditParams

RESULTS = Path("docs/results")
PERMUTATION = RESULTS / "permutation.json"


def collect(profile: Profile, revisions: dict[str, str]) -> None:
    """Write ``docs/results/<profile>.json`` and its figures from the commits of its experiments.

    If others published an accuracy for the profile, the file has the accuracies of the repeats and what the audit says
    of the design. The figure is ``<profile>.png``. For any other profile, the file has all scores of each variant and
    the parameters that all variants share. The figures are ``<profile>-<task>-roc.png``.

    Parameters
    ----------
    profile : Profile
    revisions : dict
        By name of the variant, the commit that holds its results. :func:`solarflare.tracking.profiles.run` returns it.
    """
    metrics = {
        variant: {
            name: strict_json.parse(_show(revision, f"metrics/details/{name}.json")) for name in (*TASKS, "audit")
        }
        for variant, revision in revisions.items()
    }
    content: dict[str, Any] = {"profile": profile.name, "overrides": profile.overrides}
    if profile.published:
        content |= _repeats(profile, metrics)
        figures.save(experiment_figures.claims(content["tasks"]), RESULTS / f"{profile.name}.png")
    else:
        content["parameters"] = _common(profile, revisions)
        changes = profile.variants
        content["variants"] = {name: {"changes": changes[name], "metrics": scores} for name, scores in metrics.items()}
        _draw_roc(profile.name, revisions, metrics)
    _write(RESULTS / f"{profile.name}.json", content)


def keep_permutation(name: str, tests: dict[Task, dict[str, Any]]) -> None:
    """Add permutation tests to ``docs/results/permutation.json``, and draw all tests in that file.

    Parameters
    ----------
    name : str
        The name of the data. Earlier tests of the same data and task are replaced.
    tests : dict
        By task, the result of `solarflare.verification.evaluation.permutation_test.permute`.
    """
    content = strict_json.parse(PERMUTATION.read_text(encoding="utf-8")) if PERMUTATION.is_file() else {}
    content[name] = content.get(name, {}) | tests
    _write(PERMUTATION, content)
    named = {f"{task}, {data}": test for data, tests in sorted(content.items()) for task, test in sorted(tests.items())}
    figures.save(experiment_figures.permutation(named), PERMUTATION.with_suffix(".png"))


def _write(path: Path, content: dict[str, Any]) -> None:
    with atomic_path(path) as partial:
        partial.write_text(strict_json.dumps(content, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8")


def _common(profile: Profile, revisions: dict[str, str]) -> dict[str, Any]:
    """Return the parameters that all variants share, by dotted key, without the scheduler, which changes no byte."""
    revision = next(iter(revisions.values()))
    chosen = params.dotted(params.parse_yaml(_show(revision, paths.PARAMS.name), paths.PARAMS))
    varied = {key for changes in profile.variants.values() for key in changes} | {"compute.scheduler"}
    return {key: value for key, value in chosen.items() if key not in varied}


def _repeats(profile: Profile, metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return, for each task with a published accuracy, the scores of each repeat and the probes that tell the label.

    Probes look at all rows, of every part of the split. The audit of one repeat therefore stands for all repeats.
    """
    limit = profile.overrides.get("audit.max_probe_auc", params.load(AuditParams).audit.max_probe_auc)
    audited = next(iter(metrics.values()))["audit"]
    tasks = {
        task: {
            "published": published,
            "repeats": {
                variant: {
                    "n": scores[task]["n"],
                    **{key: scores[task][key]["value"] for key in ("accuracy", "roc_auc")},
                }
                for variant, scores in metrics.items()
            },
            "probes": {
                name: {key: probe[key] for key in ("kind", "roc_auc", "balanced_accuracy", "leak")}
                for name, probe in audited[task]["probes"].items()
                if (probe["roc_auc"]["low"] or 0) > limit
            },
        }
        for task, published in profile.published.items()
    }
    return {"variants": profile.variants, "tasks": tasks}


def _draw_roc(name: str, revisions: dict[str, str], metrics: dict[str, dict[str, Any]]) -> None:
    for task in TASKS:
        curves = {
            variant: pd.read_csv(io.StringIO(_show(revisions[variant], f"metrics/plots/{task}/roc.csv")))
            for variant, scores in metrics.items()
            if "absent" not in scores[task]
        }
        if curves:
            figures.save(figures.roc(curves, f"{task}, {name}"), RESULTS / f"{name}-{task}-roc.png")


def _show(revision: str, path: str) -> str:
    return git.output("show", f"{revision}:{path}")
