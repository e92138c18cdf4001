"""Try to cheat: can anything but the Sun predict the label? ``metrics/audit.json``; the verdict is data."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.console import run
from solarflare.core.files import atomic_directory, atomic_path
from solarflare.core.params import TASKS, Params, Task
from solarflare.dataset.crops import crops
from solarflare.report import figures
from solarflare.verification.audit.audit import audit, forecasts, table
from solarflare.verification.audit.duplicates import near_duplicates
from solarflare.verification.audit.probes import labelled_rows, of_crops, of_files, of_tables

RAW = Path("data/raw")


def main() -> None:
    chosen = params.load()
    with atomic_directory(Path("data/confounders")) as folder:
        found = {task: audit_task(task, chosen, folder / f"{task}.csv") for task in TASKS}
    with atomic_path(Path("metrics/audit.json")) as partial:
        partial.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    with atomic_directory(Path("metrics/plots/audit")) as partial:
        for task in TASKS:
            if "absent" not in found[task]:
                scores = plot_data(found[task])
                scores.to_csv(partial / f"{task}.csv", index=False, lineterminator="\n")
                figure = figures.probes(scores, chosen.audit.max_probe_auc, f"What tells the label of {task}?")
                figures.save(figure, partial / f"{task}.png")
    print("\n\n".join(table(task, found[task]) for task in TASKS))


def audit_task(task: Task, chosen: Params, confounders: Path) -> dict[str, Any]:
    folder, labels, splits = (
        Path(f"data/{name}") for name in (f"crops/{task}", f"labels/{task}.csv", f"splits/{task}.csv")
    )
    if reason := next(filter(None, map(absent.reason, (folder, labels, splits))), None):
        absent.mark(confounders, reason)
        return {"absent": reason}
    instrument = getattr(chosen.instrument, task)
    images = tables.read(RAW / "images.csv", tables.IMAGES)
    images = images[images["instrument"] == instrument]
    cut = crops.Crops(folder)
    parts = tables.read(splits, tables.SPLITS)
    rows = labelled_rows(tables.read(labels, tables.LABELS[task]), parts, images, cut.index)
    probes = {
        **of_tables(rows, tables.read(RAW / "coverage.csv", tables.COVERAGE)),
        **of_files(rows, RAW, instrument),
        **of_crops(rows, cut, crops.Cutter(task, instrument, RAW, chosen.crop)),
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
