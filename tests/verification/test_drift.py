"""How far the inputs and the calibration of each year's test rows are from what a network was trained on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from solarflare.verification.evaluation import drift
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

ROWS = 400


def drawn(slope: float, intercept: float, seed: int = 1, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities whose recalibration is known."""
    generator = np.random.default_rng(seed)
    probability = expit(generator.normal(0, 1.5, rows))
    return (generator.random(rows) < expit(intercept + slope * logit(probability))).astype(int), probability


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 2), st.floats(-1, 1))
@settings(max_examples=10)
def test_slope_and_intercept_are_those_of_a_logistic_regression(seed: int, slope: float, intercept: float) -> None:
    label, probability = drawn(slope, intercept, seed)
    weight = np.random.default_rng(seed).integers(0, 3, (2, ROWS)).astype(float)
    found = np.column_stack(drift.recalibration(label, probability, weight))
    for row, of_row in zip(weight, found, strict=True):
        fitted = LogisticRegression(C=1e9, tol=1e-8, max_iter=1000)
        fitted.fit(logit(probability)[:, None], label, sample_weight=row)
        assert of_row == pytest.approx([fitted.intercept_[0], fitted.coef_[0, 0]], abs=1e-3)


def test_classes_that_a_probability_separates_have_no_slope() -> None:
    label = np.repeat([0, 1], 20)
    intercept, slope = drift.recalibration(label, np.linspace(0.1, 0.9, 40), np.ones((1, 40)))
    assert np.isnan([*intercept, *slope]).all()


def test_a_year_that_is_forecast_too_low_is_seen_and_another_is_not() -> None:
    label, probability = (np.concatenate(both) for both in zip(drawn(1, 0), drawn(1, 1.5, seed=2), strict=True))
    first = np.arange(2 * ROWS) < ROWS
    plan = BlockBootstrap(np.arange(2 * ROWS) // 10, 300, 1)
    shifts = pd.DataFrame({"mean_brightness": np.where(first, 0.0, 2.0)})
    found = drift.assess(Forecast(label, probability, 0.5, 0.5), {"2012": first, "2013": ~first}, shifts, plan)
    for name, right in (("observed_minus_forecast", 0), ("calibration_intercept", 0), ("calibration_slope", 1)):
        assert found["2012"][name]["low"] < right < found["2012"][name]["high"]
    assert found["2013"]["observed_minus_forecast"]["low"] > 0
    assert found["2013"]["calibration_intercept"]["low"] > 0
    assert [found[year]["mean_brightness"]["value"] for year in found] == [0, 2]


def test_a_year_with_few_rows_of_a_class_has_no_slope() -> None:
    label, probability = drawn(1, 0)
    few = (label == 0) | (np.cumsum(label) < 20)
    plan = BlockBootstrap(np.arange(ROWS) // 10, 100, 1)
    found = drift.assess(Forecast(label, probability, 0.5, 0.5), {"2012": few}, pd.DataFrame(index=range(ROWS)), plan)
    assert np.isnan(found["2012"]["calibration_slope"]["value"])
    assert found["2012"]["n"] == few.sum()


def test_inputs_are_measured_against_the_training_rows_of_their_own_fold() -> None:
    rows = pd.DataFrame(
        {
            "position": [0, 1, 2, 3, 4, 5, 0, 1],
            "fold": [0, 0, 0, 0, 1, 1, 1, 1],
            "part": ["train", "train", "validation", "test", "train", "train", "test", "test"],
        }
    )
    statistics = pd.DataFrame({0: [10.0, 20, 99, 40, 100, 300], 4: [1.0, 1, 5, 7, 2, 4]})
    shifts = drift.input_shifts(rows, rows[rows["part"] == "test"], statistics)
    assert shifts["mean_brightness"].tolist() == [5, -1.9, -1.8]
    assert np.isnan(shifts["brightest"][0])
    assert shifts["brightest"].tolist()[1:] == [-2, -2]
