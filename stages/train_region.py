"""Train and calibrate the region network: models/region/."""

from solarflare.console import run
from solarflare.tracking.training import log_training, monitored
from solarflare.training import train


def main() -> None:
    with monitored("region"):
        train("region")
    log_training("region")


if __name__ == "__main__":
    run(main)
