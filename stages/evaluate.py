"""Score both networks on test against baselines, say on a page what to make of it, and add it to the runs in MLflow."""

from pathlib import Path

from solarflare import flares, params, summary, tables
from solarflare.console import run
from solarflare.evaluation import evaluate
from solarflare.history import Records
from solarflare.report import page
from solarflare.tracking.evaluation import log_evaluation
from solarflare.training import configure

RAW = Path("data/raw")


def main() -> None:
    chosen = params.load()
    configure(chosen.compute.threads)
    listed, _ = flares.clean(tables.read(RAW / "flares.csv", tables.FLARES))
    records = Records(listed, tables.read(RAW / "regions.csv", tables.REGIONS))
    for task in params.TASKS:
        evaluate(task, chosen, records)
    page.write(chosen)
    for task in params.TASKS:
        log_evaluation(task)
    print(summary.render())


if __name__ == "__main__":
    run(main)
