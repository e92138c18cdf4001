"""Makes the content of `metrics/details/<task>.json`: scores with intervals and differences to baselines."""

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
ERRORS = ("brier", "expected_calibration_error")  # scores that are better if they are lower

Values = NDArray[np.float64]


def assess(
    network: Forecast,
    baselines: Mapping[str, Forecast],
    plan: BlockBootstrap,
    true_probability: Values | None = None,
    confounders: Mapping[str, Forecast] | None = None,
    compared: Sequence[str] = COMPARED,
    combinations: Mapping[str, Forecast] | None = None,
) -> dict[str, Any]:
    """Return the scores of a network and of its baselines on the same rows and the same resamples.

    Parameters
    ----------
    network, baselines
        The network's forecast of the n test rows, and by name the baselines' forecasts of the same rows.
    plan : BlockBootstrap
        The resamples of these rows.
    true_probability : (n,) float, optional
        The simulated Sun's own probability of label 1 for each row. No forecast can be better.
    confounders : mapping, optional
        By name, the confounders' forecasts of the same rows. No name is a baseline's name too.
    compared : sequence of str, optional
        The scores whose differences are wanted.
    combinations : mapping, optional
        By name, the forecasts that combine the networks with each other or with records. No name occurs twice.

    Returns
    -------
    dict
        Ready for JSON, rounded to :data:`DECIMALS`; NaN becomes None. Each score of :meth:`Forecast.scores` is
        ``{"value", "low", "high"}``. The other keys are:

        * ``n``, ``blocks`` and ``confusion``: the numbers of rows and of blocks, and the confusion matrix;
        * ``resamples_without_both_classes``: their number. They have no ROC-AUC, and its interval leaves them out;
        * ``baselines``: their scores by name. ``combinations``, if there are any: theirs. ``confounders``, if there
          are any: their scores in :data:`COMPARED`;
        * ``differences``, by name and score: the network's score minus the other's, as a `Difference`;
        * ``image_adds``, if there are the forecasts ``fusion`` and ``records``: by score, the fusion's minus that of
          the records, as a `Difference`. ``records_add``: the fusion's minus the network's;
        * ``combination_leads``, if there are combinations: for each of them, by baseline and score, its score minus the
          baseline's, as a `Difference`;
        * ``resolvable_difference``: the ``resolvable`` ROC-AUC difference to the logistic baseline. Two networks
          resemble each other more, so that between them a smaller difference can be resolved;
        * ``ceiling``, if there is a true probability: its ``roc_auc``, and the ``difference`` network minus ceiling.
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
    scored = {"network": (values, draws)}
    groups = {"baselines": baselines, "combinations": combinations, "confounders": confounders}
    for group, others in groups.items():
        if others or group == "baselines":
            content[group] = {}
        for name, other in (others or {}).items():
            scored[name] = other_values, other_draws = _value(other.scores()), _draws(other, plan)
            listed = COMPARED if group == "confounders" else tuple(other_values)
            content[group][name] = _intervals({score: other_values[score] for score in listed}, other_draws, plan)
            content["differences"][name] = _differences(scored["network"], scored[name], plan, compared)
    if combinations:
        content["combination_leads"] = {
            name: {other: _differences(scored[name], scored[other], plan, compared) for other in baselines}
            for name in combinations
        }
    if {"fusion", "records"} <= scored.keys():
        content["image_adds"] = content["combination_leads"]["fusion"]["records"]
        content["records_add"] = _differences(scored["fusion"], scored["network"], plan, compared)
    if "logistic" in baselines:
        content["resolvable_difference"] = content["differences"]["logistic"]["roc_auc"]["resolvable"]
    if true_probability is not None:
        content["ceiling"] = _ceiling(network.label, true_probability, values["roc_auc"], draws["roc_auc"], plan)
    return rounded(content)


def rounded(content: Any) -> Any:
    """Return nested mappings with all floats rounded to :data:`DECIMALS`, and None instead of NaN and infinity."""
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, float):
        return round(content, DECIMALS) if math.isfinite(content) else None
    return content


def _differences(
    first: tuple[dict[str, float], dict[str, Values]],
    second: tuple[dict[str, float], dict[str, Values]],
    plan: BlockBootstrap,
    compared: Sequence[str],
) -> dict[str, Any]:
    """Return the scores of one forecast minus those of another; each has its values and its draws by score."""
    return {
        score: asdict(
            plan.difference(
                first[0][score] - second[0][score], first[1][score] - second[1][score], lower_is_better=score in ERRORS
            )
        )
        for score in compared
    }


def _value(scores: Mapping[str, Values]) -> dict[str, float]:
    return {name: float(values[0]) for name, values in scores.items()}


def _draws(forecast: Forecast, plan: BlockBootstrap) -> dict[str, Values]:
    """Return the scores of a forecast in every resample. The forecast has all rows of the plan."""
    return plan.draws(forecast.grouped(plan.groups).scores, of_blocks=True)


def _intervals(values: Mapping[str, float], draws: Mapping[str, Values], plan: BlockBootstrap) -> dict[str, Any]:
    return {name: asdict(plan.interval(value, draws[name])) for name, value in values.items()}


def _ceiling(
    label: NDArray, true_probability: Values, roc_auc: float, draws: Values, plan: BlockBootstrap
) -> dict[str, Any]:
    """Score the order of the true probabilities. In a matched sample their values are too low, and are not scored."""
    ceiling = float(Ranking(label, true_probability).roc_auc(np.ones((1, len(label))))[0])
    ranking = Ranking(label, true_probability, plan.groups)
    ceiling_draws = plan.draws(lambda weight: {"roc_auc": ranking.roc_auc(weight)}, of_blocks=True)["roc_auc"]
    return {
        "roc_auc": asdict(plan.interval(ceiling, ceiling_draws)),
        "difference": asdict(plan.difference(roc_auc - ceiling, draws - ceiling_draws)),
    }
