"""The group `compute` of `params.yaml`: on what a network is trained, and where the work of stages runs."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from solarflare.core.params import Group, Part

PROCESSES, THREADS = "processes", "threads"
GPU = "gpu"


def _scheduler(value: str) -> str:
    if not re.fullmatch(rf"{PROCESSES}|{THREADS}|tcp://[^\s/]+:\d+", value):
        raise ValueError(f"expected {PROCESSES}, {THREADS} or tcp://HOST:PORT of a Dask scheduler")
    return value


class Compute(Group):
    """What a training uses of the machine, and where work runs. The scheduler does not change what is computed."""

    threads: int = Field(ge=1, le=64)
    device: Literal["cpu", "gpu"]
    scheduler: Annotated[str, AfterValidator(_scheduler)]


class ComputeParams(Part):
    """The group `compute`."""

    compute: Compute
