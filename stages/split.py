"""Divide the labelled rows into training, validation and test: ``data/splits/``."""

from pathlib import Path

from solarflare import absence, params, tables
from solarflare.console import log, run
from solarflare.files import atomic_directory
from solarflare.params import TASKS
from solarflare.splits import split


def main() -> None:
    settings = params.load().split
    with atomic_directory(Path("data/splits")) as splits:
        for task in TASKS:
            source = Path(f"data/labels/{task}.csv")
            if reason := absence.reason(source):
                absence.mark(splits / source.name, reason)
                continue
            table = split(tables.read(source, tables.LABELS[task]), settings, task)
            tables.write(table, splits / source.name, tables.SPLITS)
            counts = table.assign(part=table["part"].mask(table["part"] == "", table["reason"]))
            for row in counts.groupby(["fold", "part"]).size().reset_index(name="rows").itertuples():
                log.info("%s, fold %d: %6d rows %s", task, row.fold, row.rows, row.part)


if __name__ == "__main__":
    run(main)
