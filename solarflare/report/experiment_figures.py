"""The figures of experiments: accuracies next to the published accuracy, and permutation tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from solarflare.report.figures import FAINT, INK, LEGEND, PROBES, SKY, SUN, WHISKER, panels


def claims(tasks: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the accuracies of repeats next to the published accuracy, and the accuracies of probes without a network.

    Parameters
    ----------
    tasks : mapping
        By task, the results under ``tasks`` in a file of ``docs/results/``.
    """
    lines = {task: 2 + len(results["probes"]) for task, results in tasks.items()}
    options: dict[str, Any] = {"height_ratios": list(lines.values()), "sharex": True, "squeeze": False}
    figure, grid = panels(7.2, 1.3 + 0.34 * sum(lines.values()), len(tasks), **options)
    for axes, (task, results) in zip(grid[:, 0], tasks.items(), strict=True):
        accuracies = [repeat["accuracy"] for repeat in results["repeats"].values()]
        axes.axvline(0.5, color=FAINT, linewidth=1, linestyle="--")
        axes.plot(results["published"], 0, "D", color=INK, markersize=7)
        axes.plot(accuracies, [1] * len(accuracies), "o", color=INK, alpha=0.35, markersize=7)
        axes.plot(np.mean(accuracies), 1, "|", color=INK, markersize=18, markeredgewidth=2)
        probes = sorted(results["probes"].items(), key=lambda named: list(PROBES).index(named[1]["kind"]))
        for line, (_, probe) in enumerate(probes, start=2):
            value, low, high = (probe["balanced_accuracy"][end] for end in ("value", "low", "high"))
            axes.errorbar(value, line, xerr=[[value - low], [high - value]], color=PROBES[probe["kind"]], **WHISKER)
        names = [f"{name.removeprefix('raw_').replace('_', ' ')}, {probe['kind']}" for name, probe in probes]
        axes.set_yticks(range(lines[task]), ["published in 2020", f"{len(accuracies)} repeats", *names])
        axes.set(xlim=(0.4, 1.01), ylim=(lines[task] - 0.5, -0.5))
        axes.set_title(task, loc="left")
    axes.set_xlabel("accuracy; of probes balanced, with 95 % interval")
    return figure


def permutation(tests: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the ROC-AUCs of permutation tests, one line per test: with rotated labels and with the true labels.

    Parameters
    ----------
    tests : mapping
        By name of the test, the result of `solarflare.verification.evaluation.permutation_test.permute`.
    """
    figure, axes = panels(6.4, 1.5 + 0.5 * len(tests))
    axes.axvline(0.5, color=FAINT, linewidth=1, linestyle="--")
    for place, test in enumerate(tests.values()):
        rotated = axes.plot(test["rotated"], [place] * len(test["rotated"]), "o", color=SKY, alpha=0.5, markersize=7)
        true = axes.plot(test["true"], place, "D", color=SUN, markersize=8)
    axes.set(xlabel="ROC-AUC on test", xlim=(0.25, 1.01), ylim=(len(tests) - 0.5, -0.5))
    axes.set_yticks(range(len(tests)), list(tests))
    axes.set_title("What is learned from labels of other days?", loc="left")
    names = ["rotated labels, a training each", "true labels"]
    figure.legend([*rotated, *true], names, loc="outside lower center", ncols=2, **LEGEND)
    return figure
