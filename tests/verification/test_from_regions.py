"""The disk's forecast from its regions."""

import numpy as np
import pandas as pd
import pytest

from solarflare.core.params import load
from solarflare.sun.events.records import ANSWER_ITSELF
from solarflare.verification.evaluation import from_regions
from solarflare.verification.evaluation.from_regions import expected
from solarflare.verification.evaluation.schema import EvaluationParams
from tests import parameters


def test_the_probabilities_of_an_image_add_up() -> None:
    paths = pd.Series(["a", "a", "b"])
    disks = pd.Series({5: "b", 3: "a", 4: "none"})
    numbers = expected(paths, np.array([0.5, 0.2, 0.3]), disks)
    assert numbers["expected"].to_dict() == pytest.approx({5: 0.3, 3: 0.7, 4: 0.0})


@pytest.fixture
def chosen(tmp_path, monkeypatch: pytest.MonkeyPatch) -> EvaluationParams:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    return load(EvaluationParams, parameters.FIXED)


def test_regions_say_nothing_where_the_reports_are_the_answer(chosen: EvaluationParams) -> None:
    assert from_regions.reason_for_none(chosen) == ANSWER_ITSELF


def test_regions_say_nothing_of_images_of_another_instrument(chosen: EvaluationParams) -> None:
    disk = chosen.label.disk.model_copy(update={"target": "flare"})
    flares = chosen.model_copy(update={"label": chosen.label.model_copy(update={"disk": disk})})
    assert from_regions.reason_for_none(flares) == "disks are images of gong, and regions of aia211"


def test_regions_say_nothing_without_out_of_fold_logits(chosen: EvaluationParams) -> None:
    disk = chosen.label.disk.model_copy(update={"target": "flare"})
    instruments = chosen.instrument.model_copy(update={"disk": "aia211"})
    label = chosen.label.model_copy(update={"disk": disk})
    same = chosen.model_copy(update={"label": label, "instrument": instruments})
    assert from_regions.reason_for_none(same) == "train_region.cross_fit is 0"
