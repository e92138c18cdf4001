"""Try to cheat: can anything but the Sun predict the label? The verdict is in ``metrics/audit.json``."""

from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.compute import ComputeParams
from solarflare.core.console import run
from solarflare.core.files import atomic_directory, write_json
from solarflare.core.paths import AUDIT, AUDIT_PLOTS, AUDIT_SUMMARY, CONFOUNDERS, RAW, RAW_COVERAGE, RAW_IMAGES
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.shards.reader import Crops
from solarflare.dataset.shards.schema import CropParams
from solarflare.sun.images.instruments import InstrumentParams
from solarflare.verification.audit.audit import audit, summary
from solarflare.verification.audit.duplicates import near_duplicates
from solarflare.verification.audit.forecasts import forecasts
from solarflare.verification.audit.probes import labelled_rows, of_crops, of_files, of_tables
from solarflare.verification.audit.schema import AuditParams
from solarflare.verification.audit.table import table


class Chosen(InstrumentParams, CropParams, AuditParams, ComputeParams):
    """What the stage reads of params.yaml."""


def main() -> None:
    chosen = params.load(Chosen)
    with atomic_directory(CONFOUNDERS) as folder:
        audits: dict[str, Any] = {task: audit_task(task, chosen, folder / task.confounders.name) for task in TASKS}
    write_json(AUDIT, audits)
    write_json(AUDIT_SUMMARY, {task: summary(audits[task]) for task in TASKS})
    with atomic_directory(AUDIT_PLOTS) as partial:
        for task in TASKS:
            if "absent" not in audits[task]:
                plot_data(audits[task]).to_csv(partial / task.audit_plot.name, index=False, lineterminator="\n")
    print("\n\n".join(table(task, audits[task]) for task in TASKS))


def audit_task(task: Task, chosen: Chosen, confounder_table: Path) -> dict[str, Any]:
    if reason := next(filter(None, map(absent.reason, (task.crops, task.labels, task.splits))), None):
        absent.mark(confounder_table, reason)
        return {"absent": reason}
    instrument = chosen.instrument.of(task)
    images = tables.read(RAW_IMAGES, tables.IMAGES)
    images = images[images["instrument"] == instrument]
    crops = Crops(task.crops)
    parts = tables.read(task.splits, tables.SPLITS)
    rows = labelled_rows(tables.read(task.labels, tables.LABELS[task]), parts, images, crops.index)
    probes = {
        **of_tables(rows, tables.read(RAW_COVERAGE, tables.COVERAGE)),
        **of_files(rows, RAW, instrument, chosen.compute.scheduler),
        **of_crops(rows, crops, Cutter(task, instrument, RAW, chosen.crop), chosen.compute.scheduler),
    }
    confounders = {name: probe for name, probe in probes.items() if probe.kind == "confounder"}
    tables.write(forecasts(confounders, rows, parts, chosen.audit.seed), confounder_table, tables.CONFOUNDERS)
    return audit(probes, rows, chosen.audit, near_duplicates(rows, parts, crops))


def plot_data(audited: dict[str, Any]) -> pd.DataFrame:
    rows = [
        (name, *probe["roc_auc"].values(), probe["kind"], probe.get("detectable_roc_auc"))
        for name, probe in sorted(audited["probes"].items())
    ]
    return pd.DataFrame(rows, columns=["probe", "roc_auc", "low", "high", "kind", "detectable"])


if __name__ == "__main__":
    run(main)
