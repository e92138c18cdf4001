"""Intervals that cover what they say, whatever the order of the rows."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.verification.scores import bootstrap
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast, Ranking

Values = np.ndarray


def mean_of(values: Values) -> bootstrap.Statistic:
    return lambda weight: {"mean": weight @ values / weight.sum(axis=1)}


def rows_in_blocks(generator: np.random.Generator, blocks: int, rows: int) -> tuple[Values, Values]:
    """Rows of mean 0 that share half of their variance with their block."""
    block = np.repeat(np.arange(blocks), rows)
    return block, generator.normal(size=blocks)[block] + generator.normal(size=blocks * rows)


def test_every_resample_draws_as_many_blocks_as_there_are_and_whole() -> None:
    block = np.array(["b", "a", "b", "c", "a", "b"])
    weight = np.concatenate(list(BlockBootstrap(block, 500, seed=1).weights()))
    assert weight.shape == (500, 6)
    assert (weight[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert (weight[:, 0] == weight[:, 2]).all()
    assert (weight[:, 1] == weight[:, 4]).all()
    assert weight.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("blocks", [5, 12, 40])
def test_the_interval_covers_the_truth_as_often_as_it_says(blocks: int) -> None:
    generator = np.random.default_rng(7)
    covered = []
    for seed in range(400):
        block, values = rows_in_blocks(generator, blocks, rows=8)
        plan = BlockBootstrap(block, 500, seed)
        interval = plan.interval(values.mean(), plan.draws(mean_of(values))["mean"])
        covered.append(interval.low <= 0 <= interval.high)
    # The standard error of a coverage of 95 % in 400 trials is 1.1 %; percentile intervals fall a little short.
    assert 0.91 <= np.mean(covered) <= 0.985


def test_a_plain_bootstrap_of_blocked_rows_would_not_cover() -> None:
    block, values = rows_in_blocks(np.random.default_rng(3), blocks=30, rows=50)
    widths = []
    for blocks in (block, np.arange(len(values))):
        plan = BlockBootstrap(blocks, 500, seed=1)
        interval = plan.interval(values.mean(), plan.draws(mean_of(values))["mean"])
        widths.append(interval.high - interval.low)
    assert widths[0] > 3 * widths[1]


def test_with_a_block_a_row_it_is_the_plain_bootstrap() -> None:
    generator = np.random.default_rng(5)
    label = generator.integers(0, 2, 300)
    score = generator.normal(size=300) + label
    plan = BlockBootstrap(np.arange(300), 2000, seed=1)
    ranking = Ranking(label, score)
    draws = plan.draws(lambda weight: {"roc_auc": ranking.roc_auc(weight)})["roc_auc"]
    plain = []
    for _ in range(2000):
        rows = generator.integers(0, 300, 300)
        plain.append(Ranking(label[rows], score[rows]).roc_auc(np.ones((1, 300)))[0])
    interval = plan.interval(ranking.roc_auc(np.ones((1, 300)))[0], draws)
    assert [interval.low, interval.high] == pytest.approx(np.quantile(plain, [0.025, 0.975]).tolist(), abs=0.005)


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random: Random) -> None:
    generator = np.random.default_rng(11)
    block, label = np.repeat(np.arange(10), 6), generator.integers(0, 2, 60)
    probability = generator.integers(0, 8, 60) / 8
    order = list(range(60))
    random.shuffle(order)
    intervals = []
    for rows in (np.arange(60), np.array(order)):
        plan = BlockBootstrap(block[rows], 100, seed=2)
        draws = plan.draws(Forecast(label[rows], probability[rows], 0.5, 0.5).scores)
        intervals.append([draws[name] for name in sorted(draws)])
    np.testing.assert_allclose(intervals[0], intervals[1], atol=1e-12)


def test_chunks_are_an_implementation_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    block, values = rows_in_blocks(np.random.default_rng(1), blocks=9, rows=3)
    at_once = BlockBootstrap(block, 100, seed=4).draws(mean_of(values))["mean"]
    monkeypatch.setattr(bootstrap, "CHUNK", 200)
    in_pieces = BlockBootstrap(block, 100, seed=4).draws(mean_of(values))["mean"]
    np.testing.assert_allclose(in_pieces, at_once, atol=1e-12)


def test_resamples_without_both_classes_are_skipped() -> None:
    label, score = np.array([1, 0, 0, 0, 0]), np.array([0.9, 0.1, 0.95, 0.3, 0.2])
    plan = BlockBootstrap(np.arange(5), 1000, seed=1)
    ranking = Ranking(label, score)
    draws = plan.draws(lambda weight: {"roc_auc": ranking.roc_auc(weight)})["roc_auc"]
    # The one positive row is missing from (4/5)^5 of the resamples, and makes up one in 5^5 alone.
    assert np.isnan(draws).mean() == pytest.approx((4 / 5) ** 5 + 1 / 5**5, abs=0.04)
    interval = plan.interval(3 / 4, draws)
    assert 0 <= interval.low <= interval.high <= 1


@pytest.mark.parametrize("blocks", [1, 4])
def test_a_handful_of_blocks_allows_no_interval(blocks: int) -> None:
    plan = BlockBootstrap(np.arange(20) % blocks, 100, seed=1)
    difference = plan.difference(0.1, plan.draws(mean_of(np.arange(20.0)))["mean"])
    assert math.isnan(difference.low)
    assert math.isnan(difference.p)
    assert difference.verdict == "not distinguishable"


@pytest.mark.parametrize(("shift", "verdict"), [(1.0, "better"), (-1.0, "worse"), (0.0, "not distinguishable")])
def test_paired_differences(shift: float, verdict: str) -> None:
    # Each alone is far less certain than their difference: only pairing can tell them apart.
    block, one = rows_in_blocks(np.random.default_rng(2), blocks=20, rows=5)
    other = 10 * one + np.random.default_rng(3).normal(scale=0.5, size=100)
    plan = BlockBootstrap(block, 1000, seed=1)
    draws = plan.draws(mean_of(10 * one + shift))["mean"] - plan.draws(mean_of(other))["mean"]
    difference = plan.difference((10 * one + shift - other).mean(), draws)
    assert difference.verdict == verdict
    assert difference.low < difference.value < difference.high


@settings(max_examples=50)
@given(st.floats(-0.5, 0.5), st.integers(5, 60))
def test_p_and_verdict_agree(shift: float, blocks: int) -> None:
    block, values = rows_in_blocks(np.random.default_rng(blocks), blocks, rows=4)
    plan = BlockBootstrap(block, 2000, seed=1)
    difference = plan.difference(values.mean() + shift, plan.draws(mean_of(values))["mean"] + shift)
    if abs(difference.p - 0.05) > 0.02:
        assert (difference.p < 0.05) == (difference.verdict != "not distinguishable")


def test_p_is_uniform_where_there_is_no_difference() -> None:
    generator = np.random.default_rng(13)
    values = []
    for seed in range(300):
        block, rows = rows_in_blocks(generator, 20, rows=4)
        plan = BlockBootstrap(block, 300, seed)
        values.append(plan.difference(rows.mean(), plan.draws(mean_of(rows))["mean"]).p)
    assert np.mean(np.array(values) < 0.5) == pytest.approx(0.5, abs=0.09)
