"""Writes the page from the files that the stages wrote. No score is computed here."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from solarflare.core import absent, params, paths
from solarflare.core.files import atomic_path, read_json, sha256
from solarflare.core.tasks import TASKS
from solarflare.report.gallery import CONTRAST
from solarflare.report.page import page_tables
from solarflare.report.page.sections import section
from solarflare.report.page.terms import TERMS, term
from solarflare.report.schema import ReportParams
from solarflare.sun.images.instruments import MAGNETOGRAPHS
from solarflare.verification.results.wording import wording
from solarflare.verification.scores.score_table import SHOWN, interval

# The page lists the versions of these libraries and the hashes of these files.
LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "scikit-learn", "pillow", "sunpy", "astropy")
HASHED = (
    "data/raw/*.csv",
    "data/labels/*.csv",
    "data/splits/*.csv",
    "data/crops/*/index.csv",
    "models/**/*.*",
    "metrics/*.json",
    "metrics/details/*.json",
)

LEFT_OUT = ("scrape.archive.path", "scrape.live.contact", "compute.scheduler")
"""Parameters that the page leaves out: they say where the data are, who fetched them and where the work ran."""

INSTRUMENTS = {
    "gong": "Magnetograms by GONG at Big Bear",
    "hmi": "Magnetograms by HMI on SDO",
    "mdi": "Magnetograms by MDI on SOHO",
    "aia171": "Images by AIA on SDO at 171 Å",
    "aia193": "Images by AIA on SDO at 193 Å",
    "aia211": "Images by AIA on SDO at 211 Å",
}


def write(chosen: ReportParams) -> None:
    """Write ``reports/index.html``: one file. The same outputs of the stages give the same bytes."""
    audit = read_json(paths.AUDIT, "audit")
    reasons = {task: reason for task in TASKS if (reason := absent.reason(task.details))}
    sections = [section(task, chosen, audit.get(task, audit)) for task in TASKS if task not in reasons]
    listed = _parameters(chosen.scrape.origin)
    hashes = {path.as_posix(): sha256(path) for pattern in HASHED for path in sorted(Path().glob(pattern))}
    folder = Path(__file__).parent
    loader = FileSystemLoader(folder)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = environment.get_template("page.html.j2").render(
        style=Markup((folder / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        sections=sections,
        shown=SHOWN,
        interval=interval,
        term=term,
        terms=TERMS,
        absent=reasons,
        questions={task: wording(chosen.label.of(task)).question for task in reasons},
        origin=chosen.scrape.origin,
        matched=listed.get(f"scrape.{chosen.scrape.origin}.sampling") == "matched",
        magnetographs=MAGNETOGRAPHS,
        contrast=CONTRAST,
        instruments=INSTRUMENTS,
        limit=chosen.audit.max_probe_auc,
        block_days=chosen.split.block_days,
        parameters=page_tables.pairs(("parameter", "value"), listed, code=True),
        versions=page_tables.pairs(("library", "version"), {name: version(name) for name in LIBRARIES}),
        hashes=page_tables.pairs(("file", term("sha256")), hashes, code=True),
    )
    with atomic_path(paths.PAGE) as partial:
        partial.write_text(text, encoding="utf-8")


def _parameters(origin: str) -> dict[str, Any]:
    """Return the parameters by dotted key, without other origins' parameters and without `LEFT_OUT`."""
    groups = ("scrape", "calibration.base_rate")
    others = tuple(
        f"{group}.{name}." for group in groups for name in ("simulated", "archive", "live") if name != origin
    )
    content = params.dotted(params.read_yaml(paths.PARAMS))
    return {key: value for key, value in content.items() if key not in LEFT_OUT and not key.startswith(others)}
