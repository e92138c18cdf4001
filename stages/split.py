"""Divide the labelled rows into training, validation and test, and count them: ``data/splits/``, ``metrics/``."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.console import log, run
from solarflare.core.files import atomic_directory, write_json
from solarflare.core.paths import DATA_COUNTS, DATA_SUMMARY, SPLITS
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.splits.schema import SplitParams
from solarflare.dataset.splits.splits import counts, split


def main() -> None:
    settings = params.load(SplitParams).split
    rows: dict[str, dict[str, Any]] = {}
    with atomic_directory(SPLITS) as splits:
        for task in TASKS:
            source = task.labels
            if reason := absent.reason(source):
                absent.mark(splits / source.name, reason)
                rows[task] = {"absent": reason}
                continue
            labels = tables.read(source, tables.LABELS[task])
            table = split(labels, settings, task)
            tables.write(table, splits / source.name, tables.SPLITS)
            _report(task, table, labels["label"].dropna().to_numpy())
            rows[task] = counts(labels, table)
    write_json(DATA_COUNTS, rows)
    write_json(DATA_SUMMARY, {task: {"train": rows[task].get("parts", {}).get("train", 0)} for task in TASKS})


def _report(task: Task, table: pd.DataFrame, label: npt.NDArray[np.int64]) -> None:
    what = table["part"].where(table["part"] != "", "left out: " + table["reason"])
    # A split holds the labelled rows once per fold, in the order of the labels.
    known = table[["fold"]].assign(what=what, label=np.tile(label, table["fold"].nunique()))
    for (fold, part), labels in known.groupby(["fold", "what"])["label"]:
        log.info("%s, fold %d: %6d rows, %6d of them 1, %s", task, fold, len(labels), labels.sum(), part)


if __name__ == "__main__":
    run(main)
