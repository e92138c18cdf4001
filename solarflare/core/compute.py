"""The group `compute` of `params.yaml`: on what a network is trained, and where the work of stages runs."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from solarflare.core.params import Group, Part

PROCESSES, THREADS = "processes", "threads"
GPU = "gpu"
MOST_PORTS = 65_535


def _scheduler(value: str) -> str:
    match = re.fullmatch(rf"{PROCESSES}|{THREADS}|tcp://[^\s/]+:([0-9]{{1,5}})", value)
    if not match or (match[1] and not 1 <= int(match[1]) <= MOST_PORTS):
        raise ValueError(
            f"expected {PROCESSES}, {THREADS} or tcp://HOST:PORT of a Dask scheduler, "
            f"with a port from 1 to {MOST_PORTS}"
        )
    return value


class Compute(Group):
    """What a training uses of the machine, and where work runs. The scheduler does not change what is computed."""

    threads: int = Field(ge=1, le=64)
    device: Literal["cpu", "gpu"]
    scheduler: Annotated[str, AfterValidator(_scheduler)]


class ComputeParams(Part):
    """The group `compute`."""

    compute: Compute
