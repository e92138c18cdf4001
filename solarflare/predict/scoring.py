"""Score anybody's forecasts and compare two files of them: numbers, a table, figures."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from solarflare.core.files import OutputFolder
from solarflare.core.printable import in_figures, one_line
from solarflare.predict import forecast_files, own_predictions
from solarflare.predict.forecast_cells import BLOCK
from solarflare.predict.forecast_files import ForecastFile
from solarflare.predict.suspicions import suspicions
from solarflare.report import figures
from solarflare.verification.scores import curves
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import FEWEST_BLOCKS, BlockBootstrap
from solarflare.verification.scores.score_table import SCORES, Table, interval, lead
from solarflare.verification.scores.scores import Forecast

RESAMPLES, SEED = 2000, 1
BLOCK_DAYS = 27
"""A solar rotation: rows that are closer resemble each other."""

EVEN_ODDS = 0.5


@dataclass(frozen=True)
class Scorer:
    """Scores files of forecasts with the same threshold and the same bootstrap.

    Attributes
    ----------
    threshold : float or None
        A probability at or above it is an alarm, 0 to 1. If it is None, each row has that of the file's own column
        ``threshold``, and 0.5 without such a column.
    block_days : float or None
        Length in days of the bootstrap's blocks, above 0. If it is None, the blocks are those of the file's own column
        ``block``, and of :data:`BLOCK_DAYS` days without such a column.
    resamples, seed : int
        Number of the bootstrap's resamples, and its seed.
    base_rate : float, optional
        The reference of the Brier skill, 0 to 1. If it is None, each row has that of the file's own column
        ``base_rate``, and the share of label 1 in the scored rows without such a column.
    """

    threshold: float | None
    block_days: float | None = None
    resamples: int = RESAMPLES
    seed: int = SEED
    base_rate: float | None = None

    def read(
        self, path: Path, named: Mapping[str, str | None], strict: bool, missing: Collection[float] = ()
    ) -> ForecastFile:
        """Read a file with those of its own thresholds, base rates and blocks that this scorer uses."""
        stated = {"threshold": self.threshold, "base_rate": self.base_rate, BLOCK: self.block_days}
        optional = [name for name, value in stated.items() if value is None]
        return forecast_files.read(path, named, strict=strict, optional=optional, missing=missing)

    def score(self, file: ForecastFile) -> dict[str, Any]:
        """Return the scores of a file, as from `assess`, and the file's ``columns`` and ``warnings``.

        ``threshold`` and ``intervals`` say in words which threshold was used, and how rows were resampled.
        """
        plan = self._plan(file.rows)
        content = assess(self._forecast(file.rows), {}, plan)
        del content["baselines"], content["differences"]
        warnings = [*file.warnings, *suspicions(file.rows, content), *_too_few_blocks(plan)]
        return {"columns": file.columns, **content, **self._choices(file.rows), "warnings": warnings}

    def compare(self, first: ForecastFile, second: ForecastFile) -> dict[str, Any]:
        """Return the scores of two files on their common rows.

        The scores of the second file are under ``against``. ``differences`` are first minus second, on the same
        resamples. If the files have a column ``block``, the blocks are those of the first file.
        """
        rows, rows_of_second = forecast_files.common_rows(first, second)
        plan = self._plan(rows)
        content = assess(self._forecast(rows), {"against": self._forecast(rows_of_second)}, plan)
        content |= self._choices(rows)
        content["against"] = content.pop("baselines")["against"] | {"threshold": self._threshold(rows_of_second)}
        content["differences"] = content["differences"]["against"]
        unmatched = [
            f"{len(file.rows) - len(rows):,} of {len(file.rows):,} rows of the {which} file are not in the other"
            for which, file in (("first", first), ("second", second))
            if len(file.rows) > len(rows)
        ]
        doubts = [*suspicions(rows, content), *suspicions(rows_of_second, content["against"])]
        warnings = [*first.warnings, *second.warnings, *doubts, *unmatched, *_too_few_blocks(plan)]
        return {"columns": first.columns, **content, "warnings": warnings}

    def draw(self, files: dict[str, ForecastFile], folder: OutputFolder) -> None:
        """Draw ``roc.png`` with all files, each with its name, and ``reliability.png`` with the first file."""
        inputs = {name: (self._forecast(file.rows), self._plan(file.rows)) for name, file in files.items()}
        forecast, plan = next(iter(inputs.values()))
        title = f"{len(forecast.label):,} forecasts"
        roc = figures.roc({in_figures(name): curves.roc(*pair) for name, pair in inputs.items()}, title)
        reliability = figures.reliability(curves.calibration(forecast, plan), forecast.label.mean(), title)
        with folder.replaced() as partial:
            figures.save(roc, partial / "roc.png")
            figures.save(reliability, partial / "reliability.png")

    def _forecast(self, rows: pd.DataFrame) -> Forecast:
        label = rows["label"].to_numpy()
        threshold = rows.get("threshold", EVEN_ODDS) if self.threshold is None else self.threshold
        base_rate = rows.get("base_rate", float(label.mean())) if self.base_rate is None else self.base_rate
        return Forecast(label, rows["probability"].to_numpy(), np.asarray(threshold), np.asarray(base_rate))

    def _choices(self, rows: pd.DataFrame) -> dict[str, str]:
        """Return in words which threshold is used for some rows, and how they are resampled."""
        resampled = f"{self.resamples:,} resamples of blocks with seed {self.seed}"
        return {"threshold": self._threshold(rows), "intervals": f"{resampled}; {self._blocks(rows)}"}

    def _threshold(self, rows: pd.DataFrame) -> str:
        """Return the threshold of some rows, or the lowest and the highest one, and where it comes from."""
        if self.threshold is not None:
            return f"{self.threshold:.3g} (--threshold)"
        if "threshold" not in rows:
            return f"{EVEN_ODDS:g} (the file has no column threshold; set another with --threshold)"
        ends = dict.fromkeys(f"{end:.3g}" for end in (rows["threshold"].min(), rows["threshold"].max()))
        return f"{' to '.join(ends)} (the file's column threshold)"

    def _blocks(self, rows: pd.DataFrame) -> str:
        """Return where the blocks of some rows come from."""
        if self.block_days is not None:
            return f"blocks of {self.block_days:g} days (--block-days)"
        if BLOCK in rows:
            return "blocks of the file's column block"
        return f"blocks of {BLOCK_DAYS} days (the file has no column block; set others with --block-days)"

    def _plan(self, rows: pd.DataFrame) -> BlockBootstrap:
        if self.block_days is None and BLOCK in rows:
            blocks = rows[BLOCK].to_numpy()
        else:
            seconds = rows["time"].to_numpy("datetime64[s]").astype(np.int64)
            blocks = seconds // round((self.block_days or BLOCK_DAYS) * 86_400)
        return BlockBootstrap(blocks, self.resamples, self.seed)


def resampling(file: Path) -> tuple[int, int]:
    """Return how many resamples a file's scores get, and their seed.

    Predictions in the project that made them get those of their evaluation, so that their intervals are the same. Other
    files get :data:`RESAMPLES` and :data:`SEED`.
    """
    if own_predictions.task_of(file) is None:
        return RESAMPLES, SEED
    evaluated = own_predictions.parameters(file, "evaluate")
    try:
        return int(evaluated["evaluate"]["resamples"]), int(evaluated["evaluate"]["seed"])
    except (KeyError, TypeError, ValueError):
        raise own_predictions.no_record(file) from None


def _too_few_blocks(plan: BlockBootstrap) -> list[str]:
    remedy = "if rows far apart are independent, set a smaller --block-days"
    return [f"{plan.blocks} blocks are too few for intervals; {remedy}"] if plan.blocks < FEWEST_BLOCKS else []


def table(content: dict[str, Any]) -> str:
    """Return the result of `Scorer.score` or `Scorer.compare` as a table of three digits."""
    against, differences = content.get("against", {}), content.get("differences", {})
    columns = ("score", "value", "against", "difference", "verdict") if against else ("score", "value")
    rows = []
    for name, label in SCORES.items():
        scores = [interval(of_file[name], "z.3f") for of_file in (content, against) if of_file]
        difference = differences.get(name)
        rows.append([label, *scores, *([lead(difference), difference["verdict"]] if difference else [])])
    counts = ", ".join(f"{name} {count:,}" for name, count in content["confusion"].items())
    columns_read = ", ".join(f"{role} from {one_line(column)}" for role, column in content["columns"].items())
    lines = [
        Table(columns, rows).text(),
        f"columns: {columns_read}",
        f"{content['n']:,} rows in {content['blocks']} blocks; {counts}",
    ]
    lines += [f"intervals: {content['intervals']}", f"threshold: {content['threshold']}"]
    if against:
        lines.append(f"threshold of the other file: {against['threshold']}")
    return "\n".join(lines)
