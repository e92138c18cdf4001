"""Label each image and region 1, 0 or unknown, by flares and reports around its time: ``data/labels/``."""

import pandas as pd

from solarflare.core import absent, params, tables
from solarflare.core.console import log, run
from solarflare.core.files import atomic_directory
from solarflare.core.paths import LABELS, RAW, RAW_TRUTH
from solarflare.core.tasks import TASKS, Task, TaskParams
from solarflare.sun.events import flares
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import InstrumentParams
from solarflare.sun.labels.labels import label_images


class Chosen(TaskParams, InstrumentParams, LabelParams):
    """What the stage reads of params.yaml."""


def main() -> None:
    chosen = params.load(Chosen)
    raw = {
        schema.name: tables.read(RAW / f"{schema.name}.csv", schema)
        for schema in (tables.IMAGES, tables.FLARES, tables.REGIONS, tables.COVERAGE)
    }
    truth = tables.read(RAW_TRUTH, tables.TRUTH) if RAW_TRUTH.is_file() else None
    for repair, count in flares.clean(raw["flares"])[1].items():
        log.info("flares: %6d %s", count, repair)
    with atomic_directory(LABELS) as labels:
        for task in TASKS:
            path = labels / task.labels.name
            if reason := _absent(chosen, task, raw["regions"]):
                absent.mark(path, reason)
                log.info("%s: absent, %s", task, reason)
                continue
            images = raw["images"][raw["images"]["instrument"] == chosen.instrument.of(task)]
            table = label_images(images, raw["flares"], raw["regions"], raw["coverage"], truth, chosen.label.of(task))
            tables.write(table, path, tables.LABELS[task])
            _report(task, table)


def _absent(chosen: Chosen, task: Task, regions: pd.DataFrame) -> str | None:
    if task not in chosen.tasks:
        return f"{task} is not among the tasks in params.yaml"
    needs_regions = task == Task.REGION or chosen.label.disk.target == "active_region"
    return "the origin has no region reports" if needs_regions and regions.empty else None


def _report(task: Task, table: pd.DataFrame) -> None:
    for label, count in table["label"].value_counts().sort_index().items():
        log.info("%s: %6d labelled %d", task, count, label)
    for reason, count in table.loc[table["label"].isna(), "reason"].value_counts().items():
        log.info("%s: %6d left out: %s", task, count, reason)


if __name__ == "__main__":
    run(main)
