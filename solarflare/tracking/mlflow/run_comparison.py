"""Is a run better than another? A paired comparison of their forecasts of the same test rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core.tasks import Task
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores import seeds
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.seeds import Spread

EVEN_ODDS = 0.5  # ROC-AUC and the Brier skill have no threshold
KEY = ["path", "noaa_ar", "label"]


@dataclass(frozen=True)
class RunComparison:
    """Another run, and what a paired comparison with it says."""

    name: str
    link: str  # to its page
    champion: bool
    trusted: bool
    reseeded: bool  # whether only the seed of the training differs, so that a difference is luck
    difference: dict[str, Any] | None  # of `differences`; None if the test rows are not the same
    spread: Spread | None  # what another seed alone changes, which the difference allows for; None without a difference

    @property
    def counts(self) -> bool:
        """Whether a verdict against this run counts."""
        return self.trusted and self.difference is not None

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``not distinguishable``, ``reseeded``, ``not comparable`` or ``not trusted``."""
        if not self.trusted:
            return "not trusted"
        if self.difference is None:
            return "not comparable"
        return "reseeded" if self.reseeded else str(self.difference["verdict"])


def digest(predictions: pd.DataFrame) -> str:
    """Return what identifies the test rows and their labels: runs are comparable where this is the same."""
    text = _ordered(predictions)[KEY].to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def spreads(task: Task, own: Mapping[str, str], others: Mapping[str, Mapping[str, str]]) -> dict[str, Spread]:
    """Return how much another seed alone changes the scores of each of other runs, or else those of the run itself.

    `own` are the parameters of the run, and `others` those of the others, by any key.
    """
    path = Path(seeds.PATH)
    text = path.read_text() if path.exists() else None
    known = seeds.read(task, text, own)
    measured = {key: seeds.read(task, text, parameters) for key, parameters in others.items()}
    return {key: known if known.seeds and not spread.seeds else spread for key, spread in measured.items()}


def differences(
    predictions: pd.DataFrame, others: Mapping[str, pd.DataFrame], settings: Evaluate, known: Mapping[str, Spread]
) -> dict[str, dict[str, Any]]:
    """Return the differences of forecasts from others in ROC-AUC, with intervals of 95 % and verdicts.

    `others` are tables of predictions by any key, with the same `digest`. By key, `known` has what another seed alone
    would have done, for which interval and verdict allow: each is what `Spread.widen` returns.
    """
    rows = _ordered(predictions)
    plan = BlockBootstrap(rows["block"].to_numpy(), settings.resamples, settings.seed)
    forecasts = {name: _forecast(_ordered(other)) for name, other in others.items()}
    paired = assess(_forecast(rows), forecasts, plan)["differences"]
    return {name: known[name].widen("roc_auc", paired[name]["roc_auc"], lower_is_better=False) for name in others}


def _ordered(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.sort_values(KEY, ignore_index=True)


def _forecast(rows: pd.DataFrame) -> Forecast:
    label = rows["label"].to_numpy(int)
    return Forecast(label, rows["probability"].to_numpy(float), EVEN_ODDS, float(label.mean()))
