"""The parts of the Brier score, elementary scores and ranks: what holds for any forecasts, and cases by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from solarflare.predict.leaderboard import corp
from solarflare.predict.leaderboard.elementary import logarithmic_losses, murphy
from solarflare.predict.leaderboard.ranks import ranks

Rows = tuple[NDArray, NDArray]


@st.composite
def forecasts(draw: st.DrawFn) -> Rows:
    """Return labels and probabilities with many ties."""
    rows = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=60))
    label, steps = np.array(rows).T
    return label, steps / 20


def brier(label: NDArray, probability: NDArray) -> float:
    return float(np.mean((probability - label) ** 2))


@given(forecasts())
def test_the_parts_add_up_to_the_brier_score_and_none_is_negative(rows: Rows) -> None:
    parts = corp.decompose(*rows)
    assert parts.mcb - parts.dsc + parts.unc == pytest.approx(brier(*rows), abs=1e-12)
    assert min(parts.mcb, parts.dsc, parts.unc) >= -1e-12


@given(forecasts())
def test_recalibrated_probabilities_are_those_of_scikit_learn_s_regression(rows: Rows) -> None:
    label, probability = rows
    expected = IsotonicRegression().fit(probability, label).predict(probability)
    assert corp.recalibrate(*rows) == pytest.approx(expected, abs=1e-12)


@given(forecasts())
def test_recalibrated_forecasts_are_reliable_and_recalibrating_them_again_changes_nothing(rows: Rows) -> None:
    label, probability = rows
    once = corp.recalibrate(label, probability)
    for value in np.unique(once):
        assert label[once == value].mean() == pytest.approx(value, abs=1e-9)
    assert corp.recalibrate(label, once.round(12)) == pytest.approx(once, abs=1e-9)


def test_adjacent_violators_are_pooled() -> None:
    recalibrated = corp.recalibrate(np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert recalibrated.tolist() == [0, 0.5, 0.5, 1]


def test_the_base_rate_alone_discriminates_nothing() -> None:
    parts = corp.decompose(np.array([1, 0, 0, 0]), np.full(4, 0.25))
    assert (parts.mcb, parts.dsc, parts.unc) == (0, 0, 0.25 * 0.75)


def test_the_band_holds_a_reliable_forecast_and_not_a_reversed_one() -> None:
    generator = np.random.default_rng(1)
    probability = generator.integers(1, 10, 2000) / 10
    label = generator.binomial(1, probability)
    curve = corp.reliability(label, probability, seed=1)
    assert (curve["frequency"].between(curve["low"], curve["high"])).mean() > 0.7
    reversed_curve = corp.reliability(label, 1 - probability, seed=1)
    assert (reversed_curve["frequency"].between(reversed_curve["low"], reversed_curve["high"])).mean() < 0.5


@given(forecasts())
def test_the_area_below_a_murphy_curve_is_the_brier_score(rows: Rows) -> None:
    middles = (np.arange(2000) + 0.5) / 2000
    assert murphy(*rows, middles)["score"].mean() == pytest.approx(brier(*rows), abs=1e-6)


def test_a_surprise_that_was_called_impossible_has_an_infinite_loss() -> None:
    losses = logarithmic_losses(np.array([1, 0, 1, 0]), np.array([0.0, 0.0, 0.5, 1.0]))
    assert losses.tolist() == [np.inf, 0, np.log(2), np.inf]


def test_certain_ranks_are_narrow_and_equal_forecasts_share_theirs() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, (500, 4))
    values = np.array([0.3, 0.1, 0.2, 0.2])
    found = ranks(values, values + noise, blocks=50)
    assert [(rank.value, rank.low, rank.high) for rank in found] == [(4, 4, 4), (1, 1, 1), (2, 2, 3), (2, 2, 3)]


def test_few_blocks_give_no_interval_of_a_rank() -> None:
    (first, _) = ranks(np.array([0.1, 0.2]), np.tile([0.1, 0.2], (100, 1)), blocks=4)
    assert (first.value, first.low, first.high) == (1, None, None)
