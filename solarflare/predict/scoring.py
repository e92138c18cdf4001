"""Score anybody's forecasts and compare two files of them: numbers, a table, figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core.files import atomic_directory
from solarflare.predict import forecast_files
from solarflare.predict.forecast_files import ForecastFile
from solarflare.report import figures
from solarflare.verification.scores import curves
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import FEWEST_BLOCKS, BlockBootstrap
from solarflare.verification.scores.score_table import SCORES, Table, interval, lead
from solarflare.verification.scores.scores import Forecast

SEED = 1


class Scorer:
    """Scores files of forecasts with the same threshold and the same bootstrap.

    Parameters
    ----------
    threshold : float
        A probability at or above it is an alarm, 0 to 1.
    block_days : float
        Length in days of the bootstrap's blocks.
    resamples : int
        Number of bootstrap resamples.
    base_rate : float, optional
        The reference of the Brier skill, 0 to 1; by default the share of label 1 in the scored rows.
    """

    def __init__(self, threshold: float, block_days: float, resamples: int, base_rate: float | None = None) -> None:
        self._threshold, self._block_days, self._resamples = threshold, block_days, resamples
        self._base_rate = base_rate

    def score(self, file: ForecastFile) -> dict[str, Any]:
        """Return the scores of a file, see `assess`, with its ``columns`` and ``warnings``."""
        plan = self._plan(file.rows)
        content = assess(self._forecast(file.rows), {}, plan)
        del content["baselines"], content["differences"]
        return {"columns": file.columns, **content, "warnings": [*file.warnings, *_too_few_blocks(plan)]}

    def compare(self, first: ForecastFile, second: ForecastFile) -> dict[str, Any]:
        """Return the scores of two files on their common rows; those of the second are under ``against``.

        ``differences`` are first minus second, on the same resamples.
        """
        rows, rows_of_second = forecast_files.common_rows(first, second)
        plan = self._plan(rows)
        content = assess(self._forecast(rows), {"against": self._forecast(rows_of_second)}, plan)
        content["against"] = content.pop("baselines")["against"]
        content["differences"] = content["differences"]["against"]
        unmatched = [
            f"{len(file.rows) - len(rows):,} of {len(file.rows):,} rows of the {which} file are not in the other"
            for which, file in (("first", first), ("second", second))
            if len(file.rows) > len(rows)
        ]
        warnings = [*first.warnings, *second.warnings, *unmatched, *_too_few_blocks(plan)]
        return {"columns": first.columns, **content, "warnings": warnings}

    def draw(self, files: dict[str, ForecastFile], folder: Path) -> None:
        """Draw ``roc.png`` with all files, by name, and ``reliability.png`` with the first."""
        plans = {name: self._plan(file.rows) for name, file in files.items()}
        forecasts = {name: self._forecast(file.rows) for name, file in files.items()}
        first = next(iter(files))
        title = f"{len(files[first].rows):,} forecasts"
        with atomic_directory(folder) as partial:
            roc = {name: curves.roc(forecast, plans[name]) for name, forecast in forecasts.items()}
            figures.save(figures.roc(roc, title), partial / "roc.png")
            reliability = curves.calibration(forecasts[first], plans[first])
            label_rate = forecasts[first].label.mean()
            figures.save(figures.reliability(reliability, label_rate, title), partial / "reliability.png")

    def _forecast(self, rows: pd.DataFrame) -> Forecast:
        label = rows["label"].to_numpy()
        base_rate = float(label.mean()) if self._base_rate is None else self._base_rate
        return Forecast(label, rows["probability"].to_numpy(), self._threshold, base_rate)

    def _plan(self, rows: pd.DataFrame) -> BlockBootstrap:
        seconds = rows["time"].to_numpy("datetime64[s]").astype(np.int64)
        return BlockBootstrap(seconds // round(self._block_days * 86_400), self._resamples, SEED)


def _too_few_blocks(plan: BlockBootstrap) -> list[str]:
    if plan.blocks >= FEWEST_BLOCKS:
        return []
    return [
        f"{plan.blocks} blocks are too few for intervals; if rows far apart are independent, set a smaller --block-days"
    ]


def table(content: dict[str, Any]) -> str:
    """Return scores as a table of three digits, with those of the second file if there is one.

    Parameters
    ----------
    content : dict
        Of :meth:`Scorer.score` or :meth:`Scorer.compare`.
    """
    against, differences = content.get("against", {}), content.get("differences", {})
    columns = ("score", "value", "against", "difference", "verdict") if against else ("score", "value")
    rows = []
    for name, label in SCORES.items():
        scores = [interval(of_file[name], "z.3f") for of_file in (content, against) if of_file]
        difference = differences.get(name)
        rows.append([label, *scores, *([lead(difference), difference["verdict"]] if difference else [])])
    counts = ", ".join(f"{name} {count:,}" for name, count in content["confusion"].items())
    return f"{Table(columns, rows).text()}\n{content['n']:,} rows in {content['blocks']} blocks; {counts}"
