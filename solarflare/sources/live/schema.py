"""The form of the parameters of the origin `live`; `registry.check_sources` checks the names of the sources."""

from typing import Annotated, Literal

from pydantic import Field

from solarflare.core.errors import InputError
from solarflare.core.params import Group, Seed
from solarflare.core.tasks import Origin, TaskParams
from solarflare.sources.common.schema import Sampled
from solarflare.sun.events.questions import LabelParams
from solarflare.sun.images.instruments import Instrument, InstrumentParams

# At least one, the preferred one first.
Names = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]


class Pace(Group):
    """How often requests may be sent to a host."""

    delay: float = Field(ge=0, le=3600)
    jitter: float = Field(ge=0, le=3600)
    concurrency: int = Field(ge=1, le=16)
    daily_cap: int = Field(ge=1, le=1_000_000)

    @property
    def mean_delay(self) -> float:
        """The mean time between two requests, in seconds."""
        return self.delay + self.jitter / 2


class RequestLimits(Pace):
    """The pace of requests to a host, their retries, and the limits of waits and sizes."""

    timeout: float = Field(ge=0.1, le=600)
    min_speed: float = Field(1000, ge=0, le=1e9)
    max_seconds: float = Field(900, ge=0.1, le=86_400)
    retries: int = Field(ge=0, le=20)
    backoff: float = Field(ge=0, le=600)
    max_wait: float = Field(ge=0, le=86_400)
    max_bytes: int = Field(ge=1024, le=1_000_000_000)

    def slowed(self, pace: Pace | None) -> "RequestLimits":
        """Return the same limits at the slower of two paces: of each setting, the slower value."""
        if pace is None:
            return self
        waits = {"delay": max(self.delay, pace.delay), "jitter": max(self.jitter, pace.jitter)}
        concurrency, daily_cap = min(self.concurrency, pace.concurrency), min(self.daily_cap, pace.daily_cap)
        return self.model_copy(update=waits | {"concurrency": concurrency, "daily_cap": daily_cap})


class ImageSources(Group):
    """The archives of each instrument's images, best first."""

    gong: Names
    hmi: Names
    aia171: Names
    aia193: Names
    aia211: Names

    def of(self, instrument: Instrument) -> tuple[str, ...]:
        """Return the archives of an instrument; raise an InputError if none is asked for its images."""
        if instrument not in type(self).model_fields:
            raise InputError(
                f"params.yaml: scrape.origin live has no archive of {instrument}; "
                "download its images and import them with scrape.origin archive"
            )
        return getattr(self, instrument)


class Live(Sampled):
    """The observatories' own sites."""

    sampling: Literal["matched", "cadence", "manifest"]
    manifest: str
    mismatch: Literal["drop", "use"]
    cadence: float = Field(ge=0.25, le=720)
    hour: float = Field(ge=0, lt=24)
    tolerance: float = Field(ge=0, le=720)
    seed: Seed
    img_width: Literal[512, 1024, 4096]
    sources: ImageSources
    flares: Names
    regions: Names
    positions: str
    browser: Literal["auto", "always", "never"]
    contact: str | None
    urls: dict[str, Names]
    give_up_after: int = Field(3, ge=1, le=100)
    extra_hosts: tuple[str, ...] = Field(strict=False)
    manners: RequestLimits
    slower: dict[str, Pace]


class LiveScrape(Origin):
    """What this origin reads of `scrape`."""

    live: Live


class LiveParams(TaskParams, InstrumentParams, LabelParams):
    """What this origin reads of `params.yaml`. The questions decide which images are positive."""

    scrape: LiveScrape
