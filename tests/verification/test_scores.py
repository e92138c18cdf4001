"""Every score against hand-computed cases, scikit-learn and figures that others published."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from solarflare.verification.scores.reliability import Diagram
from solarflare.verification.scores.scores import Forecast, Ranking
from solarflare.verification.scores.weighting import Groups


def score(forecast: Forecast, weight: np.ndarray | None = None) -> dict[str, float]:
    return {name: float(values[0]) for name, values in forecast.scores(weight).items()}


@pytest.fixture
def example() -> Forecast:
    """Eight rows that can be scored by hand: tp 2, fn 1, fp 1, tn 4."""
    label = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    probability = np.array([0.9, 0.6, 0.3, 0.7, 0.4, 0.2, 0.1, 0.0])
    return Forecast(label, probability, threshold=0.5, base_rate=0.25)


def test_counts_by_hand(example: Forecast) -> None:
    counts = example.confusion(np.ones((1, 8)))
    assert {name: value.tolist() for name, value in counts.items()} == {"tp": [2], "fp": [1], "fn": [1], "tn": [4]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base_rate", 3 / 8),
        ("accuracy", 6 / 8),
        ("balanced_accuracy", (2 / 3 + 4 / 5) / 2),
        ("recall", 2 / 3),
        ("specificity", 4 / 5),
        ("tss", 2 / 3 - 1 / 5),
        ("hss", 2 * (2 * 4 - 1 * 1) / (3 * 5 + 3 * 5)),
        ("css", ((2 / 3 - 1 / 5) * (14 / 30)) ** 0.5),
        ("roc_auc", (5 + 4 + 3) / 15),
        ("pr_auc", (1 / 1 + 2 / 3 + 3 / 5) / 3),
        ("brier", (0.01 + 0.16 + 0.49 + 0.49 + 0.16 + 0.04 + 0.01 + 0.0) / 8),
        ("brier_skill", 1 - 1.36 / (3 * 0.75**2 + 5 * 0.25**2)),
        ("brier_skill_own_rate", 1 - 1.36 / (3 * (5 / 8) ** 2 + 5 * (3 / 8) ** 2)),
        # Bins 9, 6, 3, 7, 4, 2, 1, 0 hold one row each.
        ("expected_calibration_error", (0.1 + 0.4 + 0.7 + 0.7 + 0.4 + 0.2 + 0.1 + 0.0) / 8),
    ],
)
def test_scores_by_hand(example: Forecast, name: str, expected: float) -> None:
    assert score(example)[name] == pytest.approx(expected)


rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12), st.integers(0, 4)), min_size=2, max_size=60).filter(
    lambda drawn: {label for label, _, weight in drawn if weight} == {0, 1}
)


@given(rows)
def test_weighted_scores_are_those_of_scikit_learn(drawn: list[tuple[int, int, int]]) -> None:
    label, step, weight = np.array(drawn).T
    forecast = Forecast(label, step / 12, threshold=0.5, base_rate=0.5)
    scored = score(forecast, weight[None, :].astype(float))
    assert scored["roc_auc"] == pytest.approx(metrics.roc_auc_score(label, step, sample_weight=weight))
    assert scored["pr_auc"] == pytest.approx(metrics.average_precision_score(label, step, sample_weight=weight))
    assert scored["brier"] == pytest.approx(metrics.brier_score_loss(label, step / 12, sample_weight=weight))
    recall = metrics.recall_score(label, forecast.alarm, sample_weight=weight, zero_division=0)
    assert scored["recall"] == pytest.approx(recall)
    balanced = metrics.balanced_accuracy_score(label, forecast.alarm, sample_weight=weight)
    assert scored["balanced_accuracy"] == pytest.approx(balanced)


@given(rows)
def test_a_weight_is_a_repetition(drawn: list[tuple[int, int, int]]) -> None:
    label, step, weight = np.array(drawn).T
    weighted = score(Forecast(label, step / 12, 0.5, 0.3), weight[None, :].astype(float))
    repeated = score(Forecast(np.repeat(label, weight), np.repeat(step / 12, weight), 0.5, 0.3))
    assert weighted == pytest.approx(repeated, nan_ok=True)


@given(rows, st.integers(1, 5))
def test_a_weight_of_a_group_is_that_of_its_rows(drawn: list[tuple[int, int, int]], count: int) -> None:
    label, step, _ = np.array(drawn).T
    groups = Groups(np.arange(len(label)) * 7 % count, count)
    forecast = Forecast(label, step / 12, 0.5, 0.3)
    weight = np.random.default_rng(1).integers(0, 4, (3, count)).astype(float)
    of_groups, of_rows = forecast.grouped(groups).scores(weight), forecast.scores(weight[:, groups.number])
    for name, values in of_rows.items():
        np.testing.assert_allclose(of_groups[name], values, atol=1e-12, err_msg=name)


@given(rows)
def test_the_scores_of_some_rows_are_those_of_a_forecast_of_these_alone(drawn: list[tuple[int, int, int]]) -> None:
    label, step, weight = np.array(drawn).T
    part = Forecast(label, step / 12, np.full(len(label), 0.5), 0.3).where(weight > 0)
    alone = Forecast(label[weight > 0], step[weight > 0] / 12, 0.5, 0.3)
    assert score(part) == pytest.approx(score(alone), nan_ok=True)


def test_more_scores_than_levels_move_an_area_by_less_than_it_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solarflare.verification.scores.scores.LEVELS", 2000)
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, 20_000)
    forecast = Forecast(label, 1 / (1 + np.exp(-generator.normal(2 * label - 1, 2))), 0.5, 0.5)
    exact, coarse = score(forecast), score(forecast.grouped(Groups(np.zeros(20_000, int), 1)))
    assert exact["roc_auc"] == pytest.approx(coarse["roc_auc"], abs=5e-5)
    assert exact["pr_auc"] == pytest.approx(coarse["pr_auc"], abs=2e-4)


def test_a_forecast_worse_than_chance_has_no_composite_skill() -> None:
    assert score(Forecast(np.array([0, 1, 1]), np.array([0.9, 0.1, 0.6]), 0.5, 0.5))["css"] == 0


def test_hss_is_kappa() -> None:
    generator = np.random.default_rng(1)
    label, probability = generator.integers(0, 2, 200), generator.random(200)
    forecast = Forecast(label, probability, 0.4, 0.5)
    assert score(forecast)["hss"] == pytest.approx(metrics.cohen_kappa_score(label, forecast.alarm))


@pytest.mark.parametrize("label", [0, 1])
def test_what_one_class_cannot_tell_is_not_a_number(label: int) -> None:
    scored = score(Forecast(np.full(5, label), np.linspace(0, 1, 5), 0.5, 0.5))
    assert np.isnan([scored[name] for name in ("roc_auc", "pr_auc", "tss", "balanced_accuracy")]).all()
    assert scored["brier"] == pytest.approx((0 + 1 / 16 + 1 / 4 + 9 / 16 + 1) / 5)


def test_a_probability_at_the_threshold_is_an_alarm() -> None:
    assert Forecast(np.array([1]), np.array([0.5]), threshold=0.5, base_rate=0.5).alarm.all()


def test_each_row_has_the_threshold_and_the_base_rate_of_its_fold() -> None:
    label, probability = np.array([1, 1]), np.array([0.5, 0.5])
    forecast = Forecast(label, probability, threshold=np.array([0.4, 0.6]), base_rate=np.array([0.5, 0.0]))
    assert forecast.alarm.tolist() == [True, False]
    assert score(forecast)["brier_skill"] == pytest.approx(1 - 0.5 / 1.25)


def test_ranking_needs_only_the_order() -> None:
    label, logit = np.array([0, 1, 0, 1]), np.array([-3.0, 2.0, 0.5, 0.5])
    assert Ranking(label, logit).roc_auc(np.ones((1, 4))) == pytest.approx([3.5 / 4])


def test_the_reliability_curve_by_hand() -> None:
    curve = Diagram(np.array([0, 1, 1]), np.array([0.12, 0.18, 1.0])).curve(np.array([[1.0, 1.0, 2.0]]))
    assert curve.weight[0].tolist() == [0, 2, 0, 0, 0, 0, 0, 0, 0, 2]
    assert curve.mean_probability[0, [1, 9]] == pytest.approx([0.15, 1.0])
    assert curve.observed_frequency[0, [1, 9]] == pytest.approx([0.5, 1.0])
    assert np.isnan(curve.observed_frequency[0, 0])


@pytest.mark.parametrize(
    ("fold", "published"),
    [
        (1, {"tss": 0.584, "hss": 0.460, "roc_auc": 0.879, "pr_auc": 0.592, "brier": 0.188, "brier_skill": -0.416}),
        (2, {"tss": 0.512, "hss": 0.287, "roc_auc": 0.835, "pr_auc": 0.314, "brier": 0.207, "brier_skill": -1.220}),
    ],
)
def test_published_predictions_score_as_published(
    shared_published: Path, fold: int, published: dict[str, float]
) -> None:
    table = pd.read_csv(shared_published / f"gsu_attention_fold{fold}.csv")
    label = table["target"].to_numpy()
    scored = score(Forecast(label, table["flare_prob"].to_numpy(), threshold=0.5, base_rate=label.mean()))
    assert {name: scored[name] for name in published} == pytest.approx(published, abs=5e-4)
