"""Score both networks on test against baselines, say what to make of it, and add it to the runs in MLflow."""

from solarflare import params, summary
from solarflare.console import run
from solarflare.evaluation import evaluate
from solarflare.tracking import log_evaluation
from solarflare.training import configure


def main() -> None:
    chosen = params.load()
    configure(chosen.compute.threads)
    for task in params.TASKS:
        evaluate(task, chosen)
    for task in params.TASKS:
        log_evaluation(task)
    print(summary.render())


if __name__ == "__main__":
    run(main)
