"""Score both networks on test against baselines, say on a page what to make of it, and add it to the runs in MLflow."""

from pathlib import Path

from solarflare import params, summary
from solarflare.console import run
from solarflare.evaluation import evaluate
from solarflare.history import read_records
from solarflare.report import page
from solarflare.tracking.evaluation import log_evaluation
from solarflare.training import configure

RAW = Path("data/raw")


def main() -> None:
    chosen = params.load()
    configure(chosen.compute.threads)
    records = read_records(RAW)
    for task in params.TASKS:
        evaluate(task, chosen, records)
    page.write(chosen)
    for task in params.TASKS:
        log_evaluation(task)
    print(summary.render())


if __name__ == "__main__":
    run(main)
