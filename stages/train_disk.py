"""Train and calibrate the full-disk network: models/disk/."""

from solarflare.console import run
from solarflare.tracking.training import log_training, monitored
from solarflare.training import train


def main() -> None:
    with monitored("disk"):
        train("disk")
    log_training("disk")


if __name__ == "__main__":
    run(main)
