"""The form of the evaluation's parameters."""

from solarflare.core.params import Group, Part, Resamples, Seed
from solarflare.dataset.splits.schema import SplitParams
from solarflare.networks.schema import TrainingParams


class Evaluate(Group):
    """How scores get their intervals."""

    resamples: Resamples
    seed: Seed


class EvaluateParams(Part):
    """The evaluation."""

    evaluate: Evaluate


class EvaluationParams(TrainingParams, SplitParams, EvaluateParams):
    """The parameters in `params.yaml` that an evaluation reads."""
