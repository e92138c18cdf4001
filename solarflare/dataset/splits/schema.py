"""Parameters of the split."""

from typing import Literal

from pydantic import Field, model_validator

from solarflare.core.params import Date, Fraction, Group, Part, Seed
from solarflare.core.tasks import ByTask


class Fractions(Group):
    """Fractions of the labelled rows. Training gets the rest."""

    validation: Fraction
    test: Fraction

    @model_validator(mode="after")
    def _leave_some(self) -> "Fractions":
        if self.validation + self.test >= 1:
            raise ValueError("expected a validation and a test that leave something to train on")
        return self


class Chronological(ByTask[Fractions]):
    """Training, then validation, then test, with gaps between them."""

    gap_days: float = Field(ge=0, le=400)
    test_start: Date | None
    disk: Fractions
    region: Fractions


class BlockedKFold(Group):
    """Folds that consist of whole blocks."""

    folds: int = Field(ge=2, le=20)
    gap_days: float = Field(ge=0, le=400)
    validation: Fraction


class Split(Group):
    """How the labelled rows are divided."""

    method: Literal["chronological", "blocked_kfold", "random"]
    block_days: float = Field(ge=1, le=400)
    seed: Seed
    chronological: Chronological
    blocked_kfold: BlockedKFold
    random: Fractions


class SplitParams(Part):
    """The group `split` of `params.yaml`."""

    split: Split
