"""Train and calibrate the region network: models/region/."""

from solarflare.console import run
from solarflare.tracking import log_training
from solarflare.training import train


def main() -> None:
    train("region")
    log_training("region")


if __name__ == "__main__":
    run(main)
