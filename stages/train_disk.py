"""Train and calibrate the full-disk network: models/disk/."""

from solarflare.core.console import run
from solarflare.networks.training import train
from solarflare.tracking.mlflow.log_training import log_training, monitored


def main() -> None:
    with monitored("disk"):
        train("disk")
    log_training("disk")


if __name__ == "__main__":
    run(main)
