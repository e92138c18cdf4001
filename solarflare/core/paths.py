"""Every path of `data/`, `models/`, `metrics/` and `reports/`, relative to the project's folder.

The paths of each task are attributes of `solarflare.core.tasks.Task`.
"""

from pathlib import Path

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")

RAW = Path("data/raw")
RAW_IMAGES = RAW / "images.csv"
RAW_FLARES = RAW / "flares.csv"
RAW_REGIONS = RAW / "regions.csv"
RAW_COVERAGE = RAW / "coverage.csv"
RAW_TRUTH = RAW / "truth.csv"
LABELS = Path("data/labels")
SPLITS = Path("data/splits")
CROPS = Path("data/crops")
CONFOUNDERS = Path("data/confounders")
ATTRIBUTIONS = Path("data/attributions")

DOWNLOADS = Path("data/cache")
"""Downloaded files, in the main checkout and outside of DVC's outputs."""

EXPERIMENT_MODELS = DOWNLOADS / "models"
"""Models restored from DVC experiments."""

CUT_BEFORE = DOWNLOADS / "crops"
"""Crops that earlier runs cut, so that a run cuts new images only. Deleting the folder loses nothing but time."""

MODELS = Path("models")

METRICS = Path("metrics")
"""Small files of numbers that DVC shows as metrics. What they summarise is in `DETAILS`."""

AUDIT_SUMMARY = METRICS / "audit.json"
DATA_SUMMARY = METRICS / "data.json"
DETAILS = METRICS / "details"
AUDIT = DETAILS / "audit.json"
DATA_COUNTS = DETAILS / "data.json"
PREDICTIONS = METRICS / "predictions"
PLOTS = METRICS / "plots"
AUDIT_PLOTS = PLOTS / "audit"

REPORTS = Path("reports")
AUDIT_FIGURES = REPORTS / "audit"
PAGE = REPORTS / "index.html"
