"""Train and calibrate the full-disk network: models/disk/."""

from solarflare.console import run
from solarflare.tracking import log_training
from solarflare.training import train


def main() -> None:
    train("disk")
    log_training("disk")


if __name__ == "__main__":
    run(main)
