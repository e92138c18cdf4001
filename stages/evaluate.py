"""Score both networks and the baselines on the test rows: ``metrics/``. Explain answers: ``data/attributions/``."""

from solarflare.core import params
from solarflare.core.console import run
from solarflare.core.paths import RAW
from solarflare.core.tasks import TASKS
from solarflare.networks.training import configure
from solarflare.sun.events.records import read_records
from solarflare.verification.evaluation.evaluate import evaluate
from solarflare.verification.evaluation.schema import EvaluationParams


def main() -> None:
    chosen = params.load(EvaluationParams)
    configure(chosen.compute)
    records = read_records(RAW)
    for task in TASKS:
        evaluate(task, chosen, records)


if __name__ == "__main__":
    run(main)
