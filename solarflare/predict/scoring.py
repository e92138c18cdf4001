"""How good anybody's forecasts are, and whether they are better than somebody else's: numbers, a table, figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core.files import atomic_directory
from solarflare.predict import forecast_files
from solarflare.predict.forecast_files import Forecasts
from solarflare.report import figures
from solarflare.report.summary import interval
from solarflare.verification.scores import curves
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import FEWEST_BLOCKS, BlockBootstrap
from solarflare.verification.scores.scores import Forecast

SCORES = {
    "base_rate": "base rate",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "tss": "TSS",
    "hss": "HSS",
    "css": "CSS",
    "recall": "recall",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "expected_calibration_error": "calibration error",
}
SEED = 1


class Scorer:
    """Scores files of forecasts, all in the same way.

    Parameters
    ----------
    threshold : float
        A probability at or above it is an alarm, 0 to 1.
    block_days : float
        Length of the blocks that the bootstrap draws whole.
    resamples : int
        How many it draws.
    base_rate : float, optional
        The reference of the Brier skill, 0 to 1; by default the share of label 1 in the rows that are scored.
    """

    def __init__(self, threshold: float, block_days: float, resamples: int, base_rate: float | None = None) -> None:
        self._threshold, self._block_days, self._resamples = threshold, block_days, resamples
        self._base_rate = base_rate

    def score(self, given: Forecasts) -> dict[str, Any]:
        """Return the scores of a file's rows, as of `assess`, and its ``warnings``."""
        plan = self._plan(given.rows)
        content = assess(self._forecast(given.rows), {}, plan)
        del content["baselines"], content["differences"]
        return {"columns": given.columns, **content, "warnings": [*given.warnings, *_few(plan)]}

    def compare(self, one: Forecasts, other: Forecasts) -> dict[str, Any]:
        """Return the scores of the rows that two files have in common, those of the second under ``against``.

        ``differences`` are the first less the second, on the same resamples.
        """
        first, second = forecast_files.common(one, other)
        plan = self._plan(first)
        content = assess(self._forecast(first), {"against": self._forecast(second)}, plan)
        content["against"] = content.pop("baselines")["against"]
        content["differences"] = content["differences"]["against"]
        left = [
            f"{len(of.rows) - len(first):,} of {len(of.rows):,} rows of the {which} file are not in the other"
            for which, of in (("first", one), ("second", other))
            if len(of.rows) > len(first)
        ]
        return {"columns": one.columns, **content, "warnings": [*one.warnings, *other.warnings, *left, *_few(plan)]}

    def draw(self, given: dict[str, Forecasts], folder: Path) -> None:
        """Draw ``roc.png``, with all of some forecasts by name, and ``reliability.png``, with the first."""
        plans = {name: self._plan(of.rows) for name, of in given.items()}
        drawn = {name: self._forecast(of.rows) for name, of in given.items()}
        first = next(iter(given))
        title = f"{len(given[first].rows):,} forecasts"
        with atomic_directory(folder) as partial:
            roc = {name: curves.roc(forecast, plans[name]) for name, forecast in drawn.items()}
            figures.save(figures.roc(roc, title), partial / "roc.png")
            reliability = curves.calibration(drawn[first], plans[first])
            figures.save(
                figures.reliability(reliability, drawn[first].label.mean(), title), partial / "reliability.png"
            )

    def _forecast(self, rows: pd.DataFrame) -> Forecast:
        label = rows["label"].to_numpy()
        base_rate = float(label.mean()) if self._base_rate is None else self._base_rate
        return Forecast(label, rows["probability"].to_numpy(), self._threshold, base_rate)

    def _plan(self, rows: pd.DataFrame) -> BlockBootstrap:
        seconds = rows["time"].to_numpy("datetime64[s]").astype(np.int64)
        return BlockBootstrap(seconds // round(self._block_days * 86_400), self._resamples, SEED)


def _few(plan: BlockBootstrap) -> list[str]:
    if plan.blocks >= FEWEST_BLOCKS:
        return []
    return [f"{plan.blocks} blocks allow no interval; shorten them with --block-days if the rows are less alike"]


def table(content: dict[str, Any]) -> str:
    """Return scores as a table of three digits, beside another's if there are any.

    Parameters
    ----------
    content : dict
        Of :meth:`Scorer.score` or :meth:`Scorer.compare`.
    """
    differences = content.get("differences", {})
    against = content.get("against")
    rows = [["score", "value", *(["against", "difference"] if against else [])]]
    for name, called in SCORES.items():
        row = [called, interval(content[name], "z.3f")]
        if against:
            difference = differences.get(name)
            lead = f"{interval(difference, '.3f')} {difference['verdict']}" if difference else ""
            row += [interval(against[name], "z.3f"), lead]
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    counts = ", ".join(f"{name} {count:,}" for name, count in content["confusion"].items())
    return "\n".join([*lines, f"{content['n']:,} rows in {content['blocks']} blocks; {counts}"])
