"""The audit's table in the terminal."""

from collections.abc import Mapping
from typing import Any

from solarflare.verification.audit.probes import KINDS


def table(task: str, result: Mapping[str, Any]) -> str:
    """Return the result of an audit as a text table.

    Parameters
    ----------
    task, result
        The audited task, and what `solarflare.verification.audit.audit.audit` returned for it.
    """
    if reason := result.get("absent"):
        return f"{task}: no audit, {reason}"
    rows = [(task, "", "ROC-AUC", "corrected", "detectable", "")]
    for name, probe in sorted(result["probes"].items(), key=lambda item: (KINDS.index(item[1]["kind"]), item[0])):
        auc = probe["roc_auc"]
        interval = f"{_number(auc['value'])} [{_number(auc['low'])}, {_number(auc['high'])}]"
        limits = (_number(probe.get("corrected_low")), _number(probe.get("detectable_roc_auc")))
        gated = ("LEAK" if probe["leak"] else "passed") if probe["kind"] == "gated" else ""
        rows.append((name, probe["kind"], interval, *(limits if gated else ("", "")), gated))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    pairs = result["near_duplicates"]["pairs"]
    lines.append(f"{pairs} near duplicates across the test's border  {'LEAK' if pairs else 'passed'}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
