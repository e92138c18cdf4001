"""The form of the audit's parameters."""

from typing import Literal

from pydantic import Field

from solarflare.core.params import Group, Part, Resamples, Seed


class Audit(Group):
    """When a probe counts as a leak, and what happens then."""

    max_probe_auc: float = Field(ge=0.5, le=1)
    on_leak: Literal["fail", "warn"]
    resamples: Resamples
    seed: Seed


class AuditParams(Part):
    """The audit."""

    audit: Audit
