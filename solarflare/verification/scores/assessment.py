"""What `metrics/<task>.json` says: scores with intervals, differences to the baselines, and whether to trust them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast, Ranking

DECIMALS = 4
COMPARED = ("roc_auc", "tss", "brier_skill")
ERRORS = ("brier", "expected_calibration_error")  # scores of which less is better

Values = NDArray[np.float64]


def assess(
    network: Forecast,
    baselines: Mapping[str, Forecast],
    plan: BlockBootstrap,
    true_probability: Values | None = None,
    confounders: Mapping[str, Forecast] | None = None,
    compared: Sequence[str] = COMPARED,
) -> dict[str, Any]:
    """Return the scores of a network and of its baselines on the same rows and the same resamples.

    Parameters
    ----------
    network, baselines
        A forecast of the n test rows, and others of the same rows by name.
    plan : BlockBootstrap
        The resamples of these rows.
    true_probability : (n,) float, optional
        What the simulated Sun knows of each row: nobody can forecast better.
    confounders : mapping, optional
        By name, forecasts of the same rows by what is no picture; names differ from those of the baselines.
    compared : sequence of str, optional
        The scores of which differences are wanted.

    Returns
    -------
    dict
        Ready for JSON, rounded to :data:`DECIMALS`; what is not a number is None. Each score of
        :meth:`Forecast.scores` is ``{"value", "low", "high"}``. Besides: ``n`` and ``blocks``; ``confusion``;
        ``resamples_without_both_classes``, which say nothing of a ROC-AUC and are left out of its interval;
        ``baselines``, their scores by name; ``confounders``, theirs in :data:`COMPARED`, if there are any;
        ``differences``, network less either by name and score, with ``p``, ``verdict`` and what difference is
        ``resolvable``; ``resolvable_difference``, that of the ROC-AUC to the logistic baseline (two networks are more
        alike: it errs on the careful side); and with a true probability ``ceiling``, its ``roc_auc`` and the
        ``difference`` network less ceiling.
    """
    values, draws = _value(network.scores()), _draws(network, plan)
    confusion = _value(network.confusion(np.ones((1, len(network.label)))))
    content: dict[str, Any] = {
        **_intervals(values, draws, plan),
        "n": len(network.label),
        "blocks": plan.blocks,
        "confusion": {name: int(count) for name, count in confusion.items()},
        "resamples_without_both_classes": int(np.isnan(draws["roc_auc"]).sum()),
        "differences": {},
    }
    groups = {"baselines": baselines} | ({"confounders": confounders} if confounders else {})
    for group, others in groups.items():
        content[group] = {}
        for name, other in others.items():
            own, own_draws = _value(other.scores()), _draws(other, plan)
            kept = own if group == "baselines" else {score: own[score] for score in COMPARED}
            content[group][name] = _intervals(kept, own_draws, plan)
            content["differences"][name] = {}
            for score in compared:
                less, less_draws = values[score] - own[score], draws[score] - own_draws[score]
                difference = plan.difference(less, less_draws, lower_is_better=score in ERRORS)
                content["differences"][name][score] = asdict(difference)
    if "logistic" in baselines:
        content["resolvable_difference"] = content["differences"]["logistic"]["roc_auc"]["resolvable"]
    if true_probability is not None:
        content["ceiling"] = _ceiling(network.label, true_probability, values["roc_auc"], draws["roc_auc"], plan)
    return rounded(content)


def untrusted_because(audit: Mapping[str, Any], method: str, metrics: Mapping[str, Any]) -> str | None:
    """Return why the scores of a task prove nothing, or None if nothing speaks against them.

    The audit is what ``metrics/audit.json`` says of the task, the method is ``split.method``, and the metrics are those
    of `assess`.
    """
    reasons = []
    if method == "random":
        reasons.append("split.method is random: rows that resemble each other are on both sides")
    if "leak" not in audit:
        reasons.append(f"the audit has no verdict: {audit.get('absent', 'it did not look at this task')}")
    elif audit["leak"]:
        leaks = [name for name, probe in audit["probes"].items() if probe["leak"]]
        if audit["near_duplicates"]["pairs"]:
            leaks.append("near duplicates across the test's border")
        reasons.append(f"the audit found a leak: {', '.join(leaks)}")
    if metrics.get("ceiling", {}).get("difference", {}).get("verdict") == "better":
        reasons.append("the network scores above the true probability, which only a leak explains")
    return "; ".join(reasons) or None


def rounded(content: Any) -> Any:
    """Return nested groups with their numbers rounded to :data:`DECIMALS`, and None for what is not a number."""
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, float):
        return None if math.isnan(content) else round(content, DECIMALS)
    return content


def _value(scores: Mapping[str, Values]) -> dict[str, float]:
    return {name: float(values[0]) for name, values in scores.items()}


def _draws(forecast: Forecast, plan: BlockBootstrap) -> dict[str, Values]:
    """Return the scores of all the rows of the plan in its resamples."""
    return plan.draws(forecast.grouped(plan.groups).scores, of_blocks=True)


def _intervals(values: Mapping[str, float], draws: Mapping[str, Values], plan: BlockBootstrap) -> dict[str, Any]:
    return {name: asdict(plan.interval(value, draws[name])) for name, value in values.items()}


def _ceiling(
    label: NDArray, true_probability: Values, roc_auc: float, draws: Values, plan: BlockBootstrap
) -> dict[str, Any]:
    """Score the truth by its order alone: in a matched sample positives are more frequent than it says."""
    own = float(Ranking(label, true_probability).roc_auc(np.ones((1, len(label))))[0])
    ranking = Ranking(label, true_probability, plan.groups)
    own_draws = plan.draws(lambda weight: {"roc_auc": ranking.roc_auc(weight)}, of_blocks=True)["roc_auc"]
    return {
        "roc_auc": asdict(plan.interval(own, own_draws)),
        "difference": asdict(plan.difference(roc_auc - own, draws - own_draws)),
    }
