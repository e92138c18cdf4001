"""The audit's table in the terminal."""

from collections.abc import Mapping
from typing import Any

from solarflare.verification.audit.probes import KINDS
from solarflare.verification.scores.score_table import Table, interval


def table(task: str, audit: Mapping[str, Any]) -> str:
    """Return the table of what the audit of a task found, as text.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    audit : mapping
        What `solarflare.verification.audit.audit.audit` returned.
    """
    if reason := audit.get("absent"):
        return f"{task}: no audit, {reason}"
    probes = sorted(audit["probes"].items(), key=lambda item: (KINDS.index(item[1]["kind"]), item[0]))
    probed = Table((task, "", "ROC-AUC", "corrected", "detectable", ""), [_row(*item) for item in probes])
    pairs = audit["near_duplicates"]["pairs"]
    return f"{probed.text()}\n{pairs} near duplicates across the test's border  {'LEAK' if pairs else 'passed'}"


def _row(name: str, probe: Mapping[str, Any]) -> list[str]:
    row = [name, probe["kind"], interval(probe["roc_auc"])]
    if probe["kind"] == "gated":
        limits = (probe["corrected_low"], probe["detectable_roc_auc"])
        row += ["-" if limit is None else f"{limit:.2f}" for limit in limits]
        row.append("LEAK" if probe["leak"] else "passed")
    return row
