"""Phrases and numbers about a network: better or worse than other forecasts, and how often it is right."""

from typing import Any

from solarflare.verification.scores.assessment import COMPARED
from solarflare.verification.scores.score_table import SCORES, joined, strongest_first


def verdicts(metrics: dict[str, Any]) -> list[str]:
    """Return phrases on how a network compares with baselines and confounders, from ``metrics/details/<task>.json``."""
    differences = metrics["differences"]
    groups = {"baselines": "every baseline", "confounders": "every confounder of the audit"}
    names = {label: [name for name, _ in strongest_first(metrics.get(group, {}))] for group, label in groups.items()}
    phrases = [compared(of_group, differences, label) for label, of_group in names.items() if of_group]
    return phrases + worse_in_other_scores(names["every baseline"], differences)


def compared(names: list[str], differences: dict[str, Any], together: str) -> str:
    """Return a phrase on how a network compares with other forecasts in ROC-AUC, the bad news first.

    `together` is the name of all these forecasts together, such as "every baseline".
    """
    by_verdict: dict[str, list[str]] = {"worse": [], "not distinguishable": [], "better": []}
    for name in names:
        by_verdict[differences[name]["roc_auc"]["verdict"]].append(name.replace("_", " "))
    if len(by_verdict["better"]) == len(names):
        return f"better than {together} in ROC-AUC"
    phrases = zip(("worse than", "not distinguishable from", "better than"), by_verdict.values(), strict=True)
    return "; ".join(f"{phrase} {joined(others)}" for phrase, others in phrases if others) + ", in ROC-AUC"


def worse_in_other_scores(names: list[str], differences: dict[str, Any]) -> list[str]:
    """Return one phrase per score, other than ROC-AUC, in which the network is worse than other forecasts."""
    worse = {
        SCORES[score]: [name.replace("_", " ") for name in names if differences[name][score]["verdict"] == "worse"]
        for score in COMPARED[1:]
    }
    return [f"worse than {joined(others)} in {score}" for score, others in worse.items() if others]


def changed_answers(slices: dict[str, Any], answers: tuple[str, str]) -> list[tuple[str, int, dict[str, Any]]]:
    """Return how well a network recognises rows whose answer has just changed. Persistence is always wrong on them.

    Each item is the new answer, the number of rows with this change, and the share of them that was recognised.
    """
    changes = []
    for name, score, label in (("quiet_before", "recall", 1), ("active_before", "specificity", 0)):
        part = slices.get(name, {})
        if score in part and part[score]["value"] is not None:
            rows = part["positive"] if label else part["n"] - part["positive"]
            changes.append((answers[label], rows, part[score]))
    return changes


def precision_at(base_rate: float, scores: dict[str, Any]) -> float | None:
    """Return the precision, 0 to 1, at another base rate. Bayes' rule gives it from recall and specificity.

    The result is None if no row would be called positive.
    """
    hits = base_rate * scores["recall"]["value"]
    alarms = hits + (1 - base_rate) * (1 - scores["specificity"]["value"])
    return hits / alarms if alarms else None
