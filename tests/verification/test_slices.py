"""Scores of parts of the rows: those of the rows themselves, on the resamples of all."""

import numpy as np
import pytest

from solarflare.verification.scores import slices
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

GENERATOR = np.random.default_rng(1)
LABEL = GENERATOR.integers(0, 2, 300)
FORECAST = Forecast(LABEL, np.clip(GENERATOR.normal(0.3 + 0.4 * LABEL, 0.3), 0, 1), 0.5, 0.5)
PLAN = BlockBootstrap(np.arange(300) // 10, 200, seed=1)


def test_a_part_by_hand() -> None:
    forecast = Forecast(np.array([1, 1, 1, 0, 0, 1]), np.array([0.9, 0.6, 0.1, 0.2, 0.7, 0.1]), 0.5, 0.5)
    inside = np.array([True] * 5 + [False])
    part = slices.assess(forecast, {"inside": inside}, BlockBootstrap(np.arange(6), 100, seed=1))["inside"]
    assert (part["n"], part["positive"]) == (5, 3)
    assert part["recall"]["value"] == pytest.approx(2 / 3)
    assert part["specificity"]["value"] == 0.5
    assert part["roc_auc"]["value"] == pytest.approx(3 / 6)


def test_all_rows_are_scored_as_ever() -> None:
    part = slices.assess(FORECAST, {"all": np.ones(300, bool)}, PLAN)["all"]
    assert part["roc_auc"]["value"] == pytest.approx(FORECAST.scores()["roc_auc"][0])
    assert part["roc_auc"]["low"] < part["roc_auc"]["value"] < part["roc_auc"]["high"]


def test_rows_of_other_parts_do_not_matter() -> None:
    mask = np.arange(300) < 150
    flipped = Forecast(np.where(mask, LABEL, 1 - LABEL), FORECAST.probability, 0.5, 0.5)
    assert slices.assess(FORECAST, {"half": mask}, PLAN) == slices.assess(flipped, {"half": mask}, PLAN)


def test_a_part_without_rows_is_absent() -> None:
    parts = slices.assess(FORECAST, slices.by_longitude(np.full(300, -60.0)), PLAN)
    assert parts["inside_60_degrees"]["n"] == 300
    assert set(parts["beyond_60_degrees"]) == {"absent"}


def test_rows_up_to_60_degrees_are_near_the_middle_or_not() -> None:
    parts = slices.by_longitude(np.array([-60, -30.5, 30, 0, 61]))
    assert parts["inside_30_degrees"].tolist() == [False, False, True, True, False]
    both = parts["inside_30_degrees"] ^ parts["from_30_to_60_degrees"]
    assert both.tolist() == parts["inside_60_degrees"].tolist() == (~parts["beyond_60_degrees"]).tolist()


def test_a_year_holds_its_rows() -> None:
    time = np.array(["2014-12-31T23:59:59", "2015-01-01T00:00:00", "2015-06-01T12:00:00"], "datetime64[s]")
    assert {name: mask.tolist() for name, mask in slices.by_year(time).items()} == {
        "year_2014": [True, False, False],
        "year_2015": [False, True, True],
    }


def test_a_class_of_flares_stands_beside_all_rows_without_one() -> None:
    parts = slices.by_class(np.array([1, 1, 0, 0, 1]), np.array(["C1.0", "X10", "B5.2", "", ""]))
    assert {name: mask.tolist() for name, mask in parts.items()} == {
        "class_C": [True, False, True, True, False],
        "class_X": [False, True, True, True, False],
    }
