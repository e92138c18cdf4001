"""The leaderboard of several forecasts: scores, ranks and differences to the best, on the rows that all have."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solarflare.core.printable import one_line
from solarflare.predict.leaderboard import common, corp
from solarflare.predict.leaderboard.elementary import logarithmic_losses
from solarflare.predict.leaderboard.entries import Entry
from solarflare.predict.leaderboard.ranks import ranks
from solarflare.predict.suspicions import suspicions
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.weighting import Groups, totals

Values = NDArray[np.float64]

SCORES = ("brier", "roc_auc", "brier_skill")
LOG_SCORE = "log_score"
ERRORS = ("brier", LOG_SCORE)  # scores that are better if they are lower
RANKED_BY = "brier"
EVEN_ODDS = 0.5  # no score of a leaderboard depends on a threshold


@dataclass(frozen=True)
class Rules:
    """How rows are resampled, and the reference of the Brier skill.

    Attributes
    ----------
    block_days : float
        Length in days of the bootstrap's blocks.
    resamples, seed : int
        Number of the bootstrap's resamples, and its seed.
    base_rate : float or None
        The reference of the Brier skill, 0 to 1. If it is None: the share of label 1 in the scored rows.
    """

    block_days: float
    resamples: int
    seed: int
    base_rate: float | None = None

    def plan(self, time: pd.Series) -> BlockBootstrap:
        """Return the resamples of rows with these times."""
        seconds = time.to_numpy("datetime64[s]").astype(np.int64)
        return BlockBootstrap(seconds // round(self.block_days * 86_400), self.resamples, self.seed)


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    `content` is ready for JSON once it is rounded. `label`, (n,), and the `probabilities` of each forecast by its name,
    (n,) each, are those of the common rows, for figures. `plan` holds their resamples.
    """

    content: dict[str, Any]
    label: NDArray
    probabilities: dict[str, Values]
    plan: BlockBootstrap


def make(entries: Sequence[Entry], rules: Rules) -> Board:
    """Return the leaderboard of some forecasts.

    The keys of its `content`:

    * ``n``, ``base_rate``, ``blocks``: the common rows, their share of label 1, and the number of blocks;
    * ``rows_of_any``: the number of rows that at least one forecast has;
    * ``forecasts``, by name, the best first: ``file``, ``column``, ``rank``, the scores ``brier``, ``log_score``,
      ``roc_auc`` and ``brier_skill``, each ``{"value", "low", "high"}``, the decomposition ``corp``, and in
      ``difference`` for each score the forecast minus the best, as a `Difference`; None for the best itself. ``rows``
      and ``blank`` are the numbers of rows with and without a probability, and ``own_rows`` the scores on the former;
    * ``intervals`` says how rows were resampled. ``warnings`` is a list of sentences.

    A logarithmic score that is infinite is None and has ``absent``, a reason. So has a difference to such a score.

    Raises
    ------
    InputError
        If the forecasts have no rows in common that can be scored: see `common.join`.
    """
    joined = common.join(entries)
    rows, label = joined.rows, joined.rows["label"].to_numpy()
    plan = rules.plan(rows["time"])
    probabilities = [rows[position].to_numpy(float) for position in range(len(entries))]
    scored = [_Scored(label, probability, plan, rules.base_rate) for probability in probabilities]
    by_rank = np.array([scores.value[RANKED_BY] for scores in scored])
    places = ranks(by_rank, np.column_stack([scores.draws[RANKED_BY] for scores in scored]), plan.blocks)
    order = sorted(range(len(entries)), key=lambda position: (by_rank[position], entries[position].name))
    best = order[0]
    forecasts = {
        entries[position].name: _described(entries[position], scored[position], rules)
        | {"rank": asdict(places[position]), **scored[position].intervals()}
        | {"corp": asdict(corp.decompose(label, probabilities[position]))}
        | {"difference": None if position == best else scored[position].minus(scored[best])}
        for position in order
    }
    content = {
        "n": len(rows),
        "rows_of_any": joined.total,
        "base_rate": float(label.mean()),
        "blocks": plan.blocks,
        "ranked_by": RANKED_BY,
        "intervals": f"{rules.resamples:,} resamples of blocks of {rules.block_days:g} days with seed {rules.seed}",
        "forecasts": forecasts,
        "warnings": [
            f"{entries[position].name}: {doubt}"
            for position in order
            for doubt in suspicions(rows.assign(probability=rows[position]), scored[position].intervals())
        ],
    }
    return Board(content, label, {entries[position].name: probabilities[position] for position in order}, plan)


class _Scored:
    """The scores of a forecast: their `value`, and their `draws` in the resamples, by name."""

    def __init__(self, label: NDArray, probability: Values, plan: BlockBootstrap, base_rate: float | None) -> None:
        reference = float(label.mean()) if base_rate is None else base_rate
        forecast = Forecast(label, probability, EVEN_ODDS, reference)
        values, draws = forecast.scores(), plan.draws(forecast.grouped(plan.groups).scores, of_blocks=True)
        self.value = {name: float(values[name][0]) for name in SCORES}
        self.draws = {name: draws[name] for name in SCORES}
        losses = logarithmic_losses(label, probability)
        self.impossible = int(np.isinf(losses).sum())
        self.n, self._plan = len(label), plan
        if not self.impossible:
            self.value[LOG_SCORE] = float(losses.mean())
            self.draws |= plan.draws(lambda weight: {LOG_SCORE: _means(losses, weight, plan.groups)}, of_blocks=True)

    def intervals(self) -> dict[str, Any]:
        """Return each score with its interval."""
        scores = {name: asdict(self._plan.interval(self.value[name], self.draws[name])) for name in self.value}
        return {LOG_SCORE: self._infinite(), **scores}

    def minus(self, other: "_Scored") -> dict[str, Any]:
        """Return the difference of each score to that of another forecast of the same rows."""
        differences = {
            name: asdict(
                self._plan.difference(
                    self.value[name] - other.value[name], self.draws[name] - other.draws[name], name in ERRORS
                )
            )
            for name in self.value
            if name in other.value
        }
        return {LOG_SCORE: (self if self.impossible else other)._infinite(), **differences}

    def _infinite(self) -> dict[str, Any]:
        reason = f"infinite: {self.impossible:,} of {self.n:,} rows were forecast as impossible and happened"
        return {"value": None, "low": None, "high": None, "absent": reason}


def _means(values: Values, weight: Values, groups: Groups) -> Values:
    """Return the weighted mean of the rows' values for each resample, (resamples,). `weight` is that of the groups."""
    line = np.repeat([0, 1], len(values))
    twice = Groups(np.tile(groups.number, 2), groups.count)
    total, count = totals(weight, twice.table(line, np.concatenate([values, np.ones(len(values))]), 2)).T
    return total / count


def _described(entry: Entry, on_common_rows: _Scored, rules: Rules) -> dict[str, Any]:
    """Return what a forecast is, and its scores on all rows that it has."""
    label, scored = entry.rows["label"].to_numpy(), on_common_rows
    if len(label) > scored.n:
        probability = entry.rows["probability"].to_numpy(float)
        scored = _Scored(label, probability, rules.plan(entry.rows["time"]), rules.base_rate)
    own_rows = {"n": len(label), "base_rate": float(label.mean()), **scored.intervals()}
    return {
        "file": one_line(str(entry.path)),
        "column": one_line(entry.column),
        "rows": len(label),
        "blank": entry.blank,
        "own_rows": own_rows,
    }
