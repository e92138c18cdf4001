"""All of `params.yaml` as one typed object, for tests and benchmarks that need more than one stage's part of it."""

from pathlib import Path
from typing import Any

from solarflare.core import params, paths
from solarflare.predict.schema import PredictParams
from solarflare.report.schema import ReportParams
from solarflare.sources.archive.schema import ArchiveParams, ArchiveScrape
from solarflare.sources.live.schema import LiveParams, LiveScrape
from solarflare.sources.simulated.schema import SimulatedParams, SimulatedScrape
from solarflare.verification.evaluation.schema import EvaluationParams

FIXED = Path(__file__).with_name("params.yaml")
"""Parameters of the tests' own: a change of the project's must not fail a test."""


class AllScrape(SimulatedScrape, ArchiveScrape, LiveScrape):
    """The parameters of all origins."""


class AllParams(SimulatedParams, ArchiveParams, LiveParams, EvaluationParams, ReportParams, PredictParams):
    """All parameters."""

    scrape: AllScrape


def load(path: Path = paths.PARAMS) -> AllParams:
    """Read a file of parameters."""
    return params.load(AllParams, path)


def parse(content: dict[str, Any], path: Path = paths.PARAMS) -> AllParams:
    """Check parameters that were changed."""
    return params.parse(content, path, AllParams)
