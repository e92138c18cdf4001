"""Train and calibrate the region network: ``models/region/``."""

from solarflare.core.console import run
from solarflare.core.tasks import Task
from solarflare.networks.folds import train
from solarflare.tracking.mlflow.log_training import log_training, monitored


def main() -> None:
    with monitored(Task.REGION):
        train(Task.REGION)
    log_training(Task.REGION)


if __name__ == "__main__":
    run(main)
