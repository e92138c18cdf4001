"""Is a run better than another? A paired comparison of their forecasts of the same test rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core.tasks import Task
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores import seeds, trust
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.seeds import Spread

EVEN_ODDS = 0.5  # a threshold that `Forecast` asks for. ROC-AUC, the score compared here, does not depend on it.
KEY = ["path", "noaa_ar", "label"]


@dataclass(frozen=True)
class RunComparison:
    """Another run, and the result of the paired comparison with it."""

    name: str
    link: str  # address of its page
    champion: bool
    trusted: trust.Verdict  # the verdict on its scores
    same_training: bool  # True if both are evaluations of one training: the network is the same
    reseeded: bool  # True if the training seed is the only difference: scores differ by the noise of seeds
    difference: dict[str, Any] | None  # from `differences`; None if the test rows are not the same
    spread: Spread | None  # how much scores vary from seed to seed. `difference` allows for it. None without one.

    @property
    def counts(self) -> bool:
        """True if a verdict against this run counts: another training, trusted, with the same test rows."""
        return self.trusted == "yes" and self.difference is not None and not self.same_training

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``not distinguishable``, ``reseeded``, ``not comparable`` or a word of `trust.WORDS`.

        If both runs are evaluations of one training, it is ``same training``.
        """
        if self.same_training:
            return "same training"
        if self.trusted != "yes":
            return trust.WORDS[self.trusted]
        if self.difference is None:
            return "not comparable"
        return "reseeded" if self.reseeded else str(self.difference["verdict"])


def digest(predictions: pd.DataFrame) -> str:
    """Return a hash of the test rows and their labels. Two runs are comparable if their hashes are equal."""
    text = _ordered(predictions)[KEY].to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def spreads(task: Task, own: Mapping[str, str], others: Mapping[str, Mapping[str, str]]) -> dict[str, Spread]:
    """Return, for each other run, how much its scores vary from seed to seed.

    If that is unknown but known for the run itself, the run's own spread stands in. `own` has the parameters of the
    run, and `others` has the parameters of each other run, by any key.
    """
    path = Path(seeds.PATH)
    text = path.read_text(encoding="utf-8") if path.exists() else None
    own_spread = seeds.read(task, text, own)
    measured = {key: seeds.read(task, text, parameters) for key, parameters in others.items()}
    return {key: own_spread if own_spread.seeds and not spread.seeds else spread for key, spread in measured.items()}


def differences(
    predictions: pd.DataFrame,
    others: Mapping[str, pd.DataFrame],
    settings: Evaluate,
    seed_spreads: Mapping[str, Spread],
) -> dict[str, dict[str, Any]]:
    """Return, for each other table of predictions, the ROC-AUC of `predictions` minus the ROC-AUC of that table.

    `others` are tables by any key. All have the same `digest` as `predictions`. `seed_spreads` says, by the same keys,
    how much scores vary from seed to seed. Each difference is what `Spread.widen` returns: it has an interval of 95 %
    and a verdict, and both allow for the seed.
    """
    rows = _ordered(predictions)
    plan = BlockBootstrap(rows["block"].to_numpy(), settings.resamples, settings.seed)
    forecasts = {name: _forecast(_ordered(other)) for name, other in others.items()}
    paired = assess(_forecast(rows), forecasts, plan)["differences"]
    return {
        name: seed_spreads[name].widen("roc_auc", paired[name]["roc_auc"], lower_is_better=False) for name in others
    }


def _ordered(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.sort_values(KEY, ignore_index=True)


def _forecast(rows: pd.DataFrame) -> Forecast:
    label = rows["label"].to_numpy(int)
    return Forecast(label, rows["probability"].to_numpy(float), EVEN_ODDS, float(label.mean()))
