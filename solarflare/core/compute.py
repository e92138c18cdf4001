"""The group `compute` of `params.yaml`: on how many threads a network is trained, and where the work of stages runs."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from solarflare.core.params import Group, Part

PROCESSES, THREADS = "processes", "threads"


def _scheduler(value: str) -> str:
    if not re.fullmatch(rf"{PROCESSES}|{THREADS}|tcp://[^\s/]+:\d+", value):
        raise ValueError(f"expected {PROCESSES}, {THREADS} or tcp://HOST:PORT of a Dask scheduler")
    return value


class Compute(Group):
    """How much of the machine a training uses, and where work runs. Only the threads change what is computed."""

    threads: int = Field(ge=1, le=64)
    scheduler: Annotated[str, AfterValidator(_scheduler)]


class ComputeParams(Part):
    """The group `compute`."""

    compute: Compute
