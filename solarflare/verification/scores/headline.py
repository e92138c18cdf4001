"""Chooses the few numbers that DVC shows as metrics from all scores of a task."""

from collections.abc import Mapping
from typing import Any

from solarflare.verification.scores import trust
from solarflare.verification.scores.score_table import best_lead

Number = float | int | None


def headline(scores: Mapping[str, Any]) -> dict[str, Number]:
    """Return the numbers that reviewers compare: at most fourteen, on one level.

    Parameters
    ----------
    scores : mapping
        The content of ``metrics/details/<task>.json``.

    Returns
    -------
    dict
        ``roc_auc`` with the ends of its interval, ``roc_auc_low`` and ``roc_auc_high``; ``tss``, ``brier_skill``,
        ``accuracy``, ``recall`` and ``specificity``; ``lead`` and ``lead_low``: the network's ROC-AUC minus that of the
        best baseline, and the lower end of its interval; ``n``, the number of test rows; ``trusted``: 1 for yes, 0
        for no, -1 if the test rows are insufficient. A score that does not exist is None.
        If there is a fusion, ``fusion_roc_auc``, and ``image_adds``: its ROC-AUC minus that of the records alone.
    """
    values: dict[str, Number] = {
        name: scores[name]["value"] for name in ("roc_auc", "tss", "brier_skill", "accuracy", "recall", "specificity")
    }
    fusion = {}
    if "image_adds" in scores:
        fusion["fusion_roc_auc"] = scores["combinations"]["fusion"]["roc_auc"]["value"]
        fusion["image_adds"] = scores["image_adds"]["roc_auc"]["value"]
    lead = best_lead(scores) or {"value": None, "low": None}
    return {
        **values,
        "roc_auc_low": scores["roc_auc"]["low"],
        "roc_auc_high": scores["roc_auc"]["high"],
        "lead": lead["value"],
        "lead_low": lead["low"],
        "n": scores["n"],
        "trusted": trust.NUMBERS[trust.read(scores).verdict],
        **fusion,
    }
