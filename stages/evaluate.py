"""Score both networks on test against baselines, say on a page what to make of it, and add it to the runs in MLflow."""

from solarflare.core import params
from solarflare.core.console import run
from solarflare.core.paths import RAW
from solarflare.core.tasks import TASKS
from solarflare.networks.training import configure
from solarflare.report import summary
from solarflare.report.page import page
from solarflare.report.schema import ReportParams
from solarflare.sun.events.records import read_records
from solarflare.tracking.mlflow.log_evaluation import log_evaluation
from solarflare.verification.evaluation.evaluate import evaluate
from solarflare.verification.evaluation.schema import EvaluationParams


def main() -> None:
    chosen = params.load(EvaluationParams)
    configure(chosen.compute.threads)
    records = read_records(RAW)
    for task in TASKS:
        evaluate(task, chosen, records)
    page.write(params.load(ReportParams))
    for task in TASKS:
        log_evaluation(task)
    print(summary.render())


if __name__ == "__main__":
    run(main)
