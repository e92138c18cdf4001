"""Train and calibrate the full-disk network: ``models/disk/``."""

from solarflare.core.console import run
from solarflare.core.tasks import Task
from solarflare.networks.folds import train
from solarflare.tracking.mlflow.log_training import log_training, monitored


def main() -> None:
    with monitored(Task.DISK):
        train(Task.DISK)
    log_training(Task.DISK)


if __name__ == "__main__":
    run(main)
