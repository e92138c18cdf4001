"""Try to cheat: can anything but the Sun predict the label? ``metrics/audit.json``; the verdict is data."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.console import run
from solarflare.core.files import atomic_directory, atomic_path
from solarflare.core.paths import AUDIT, AUDIT_PLOTS, CONFOUNDERS, RAW, RAW_COVERAGE, RAW_IMAGES
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.reader import Crops
from solarflare.dataset.shards.schema import CropParams
from solarflare.report import figures
from solarflare.sun.images.instruments import InstrumentParams
from solarflare.verification.audit.audit import audit
from solarflare.verification.audit.duplicates import near_duplicates
from solarflare.verification.audit.forecasts import forecasts
from solarflare.verification.audit.probes import labelled_rows, of_crops, of_files, of_tables
from solarflare.verification.audit.schema import AuditParams
from solarflare.verification.audit.table import table


class Chosen(InstrumentParams, CropParams, AuditParams):
    """What the stage reads of params.yaml."""


def main() -> None:
    chosen = params.load(Chosen)
    with atomic_directory(CONFOUNDERS) as folder:
        found = {task: audit_task(task, chosen, folder / task.confounders.name) for task in TASKS}
    with atomic_path(AUDIT) as partial:
        partial.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    with atomic_directory(AUDIT_PLOTS) as partial:
        for task in TASKS:
            if "absent" not in found[task]:
                scores = plot_data(found[task])
                scores.to_csv(partial / f"{task}.csv", index=False, lineterminator="\n")
                figure = figures.probes(scores, chosen.audit.max_probe_auc, f"What tells the label of {task}?")
                figures.save(figure, partial / f"{task}.png")
    print("\n\n".join(table(task, found[task]) for task in TASKS))


def audit_task(task: Task, chosen: Chosen, confounders: Path) -> dict[str, Any]:
    if reason := next(filter(None, map(absent.reason, (task.crops, task.labels, task.splits))), None):
        absent.mark(confounders, reason)
        return {"absent": reason}
    instrument = chosen.instrument.of(task)
    images = tables.read(RAW_IMAGES, tables.IMAGES)
    images = images[images["instrument"] == instrument]
    cut = Crops(task.crops)
    parts = tables.read(task.splits, tables.SPLITS)
    rows = labelled_rows(tables.read(task.labels, tables.LABELS[task]), parts, images, cut.index)
    probes = {
        **of_tables(rows, tables.read(RAW_COVERAGE, tables.COVERAGE)),
        **of_files(rows, RAW, instrument),
        **of_crops(rows, cut, Cutter(task, instrument, RAW, chosen.crop)),
    }
    confounding = {name: probe for name, probe in probes.items() if probe.kind == "confounder"}
    tables.write(forecasts(confounding, rows, parts, chosen.audit.seed), confounders, tables.CONFOUNDERS)
    return audit(probes, rows, chosen.audit, near_duplicates(rows, parts, cut))


def plot_data(found: dict[str, Any]) -> pd.DataFrame:
    rows = [
        (name, *one["roc_auc"].values(), one["kind"], one.get("detectable_roc_auc"))
        for name, one in sorted(found["probes"].items())
    ]
    return pd.DataFrame(rows, columns=["probe", "roc_auc", "low", "high", "kind", "detectable"])


if __name__ == "__main__":
    run(main)
