"""The audit's table in the terminal."""

from collections.abc import Mapping
from typing import Any

from solarflare.verification.audit.probes import KINDS


def table(task: str, found: Mapping[str, Any]) -> str:
    """Return what the audit found as a table.

    Parameters
    ----------
    task : str
        Whose audit it is.
    found : mapping
        What `audit` returned.
    """
    if reason := found.get("absent"):
        return f"{task}: no audit, {reason}"
    rows = [(task, "", "ROC-AUC", "corrected", "detectable", "")]
    for name, one in sorted(found["probes"].items(), key=lambda item: (KINDS.index(item[1]["kind"]), item[0])):
        auc = one["roc_auc"]
        interval = f"{_number(auc['value'])} [{_number(auc['low'])}, {_number(auc['high'])}]"
        limits = (_number(one.get("corrected_low")), _number(one.get("detectable_roc_auc")))
        gated = ("LEAK" if one["leak"] else "passed") if one["kind"] == "gated" else ""
        rows.append((name, one["kind"], interval, *(limits if gated else ("", "")), gated))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    pairs = found["near_duplicates"]["pairs"]
    lines.append(f"{pairs} near duplicates across the test's border  {'LEAK' if pairs else 'passed'}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
