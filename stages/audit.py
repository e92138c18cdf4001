"""Try to cheat: can anything but the Sun predict the label? Writes ``metrics/audit.json``; the verdict is data."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare import absence, params, tables
from solarflare.console import log, run
from solarflare.crops import Crops
from solarflare.files import atomic_directory, atomic_path
from solarflare.params import TASKS, Params, Task
from solarflare.verification.audit import audit
from solarflare.verification.probes import probes

RAW = Path("data/raw")


def main() -> None:
    chosen = params.load()
    images = tables.read(RAW / "images.csv", tables.IMAGES)
    found = {task: _audit(task, images, chosen) for task in TASKS}
    with atomic_path(Path("metrics/audit.json")) as partial:
        partial.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    with atomic_directory(Path("metrics/plots/audit")) as folder:
        for task in TASKS:
            probed = found[task].get("probes", {})
            rows = [{"probe": name, "kind": one["kind"], **one["roc_auc"]} for name, one in sorted(probed.items())]
            columns = ["probe", "kind", "value", "low", "high"]
            pd.DataFrame(rows, columns=columns).to_csv(folder / f"{task}.csv", index=False, lineterminator="\n")


def _audit(task: Task, images: pd.DataFrame, chosen: Params) -> dict[str, Any]:
    folder, labels, splits = (
        Path(f"data/crops/{task}"),
        Path(f"data/labels/{task}.csv"),
        Path(f"data/splits/{task}.csv"),
    )
    if reason := next(filter(None, map(absence.reason, (folder, labels, splits))), None):
        return {"absent": reason}
    crops = Crops(folder)
    key = ["path"] if task == "disk" else ["path", "noaa_ar"]
    schema = tables.DISK_LABELS if task == "disk" else tables.REGION_LABELS
    rows = tables.read(labels, schema).dropna(subset="label")
    blocks = tables.read(splits, tables.SPLITS).drop_duplicates(["path", "noaa_ar"])
    rows = rows.merge(blocks[[*key, "block"]], on=key)
    rows = rows.merge(crops.index[key].reset_index(names="position"), on=key)
    seen = probes(task, rows, images, crops, RAW, getattr(chosen.instrument, task), chosen.crop)
    found = audit(seen, rows, chosen.audit)
    for name, one in found["probes"].items():
        auc, verdict = one["roc_auc"], "LEAK" if one["leak"] else "passed" if one["kind"] == "gated" else ""
        log.info("%s: %-18s %-10s ROC-AUC %.2f [%.2f, %.2f] %s", task, name, one["kind"], *auc.values(), verdict)
    return found


if __name__ == "__main__":
    run(main)
