"""Reads the files that stages wrote: counts of rows, scores of the audit, and the rows of the data set."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import paths
from solarflare.core.tasks import Task

RAW = ("images", "flares", "regions")


def numbers(stage: str, task: Task) -> dict[str, float]:
    """Return the counts of rows of a data stage, or the scores of the audit. Other stages have no numbers."""
    match stage:
        case "scrape":
            return {name: len(pd.read_csv(paths.RAW / f"{name}.csv", usecols=[0])) for name in RAW}
        case "label":
            return _counts(task.labels, "label", {1: "positive", 0: "negative"})
        case "split":
            return _counts(task.splits, "part")
        case "crop":
            return _counts(task.crops / "index.csv", "fitted", {"yes": "disk_found", "no": "disk_not_found"})
        case "audit":
            return _audit(task)
    return {}


def rows_by_part(task: Task) -> dict[str, pd.DataFrame]:
    """Return the rows of each part of the split, with their labels, by name of the part."""
    splits, labels = map(pd.read_csv, (task.splits, task.labels))
    key = [name for name in ("path", "noaa_ar") if name in labels]
    rows = splits[[*key, "fold", "part"]].merge(labels[[*key, "time", "label"]], on=key)
    return {str(part): of_part.drop(columns="part") for part, of_part in rows.dropna(subset="part").groupby("part")}


def _counts(path: Path, column: str, names: dict[Any, str] | None = None) -> dict[str, float]:
    values = pd.read_csv(path, usecols=[column])[column]
    named = values.map(names) if names else values
    return {str(name): count for name, count in named.fillna("left_out").value_counts().items()}


def _audit(task: Task) -> dict[str, float]:
    audit = json.loads(paths.AUDIT.read_text(encoding="utf-8"))[task]
    scores = {f"roc_auc/{name}": probe["roc_auc"]["value"] for name, probe in audit.get("probes", {}).items()}
    return {"leak": float(audit.get("leak", False)), **scores}
