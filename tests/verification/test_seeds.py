"""A difference that another seed alone may make is not called better or worse."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from solarflare.core import params
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.verification.scores import seeds
from solarflare.verification.scores.score_table import SCORES
from tests import parameters

PARAMETERS = params.dotted(params.read_yaml(parameters.FIXED))
DIFFERENCE = {"value": 0.05, "low": 0.02, "high": 0.09, "p": 0.001, "verdict": "better", "resolvable": 0.035}


def measurement(*scores: float) -> str:
    """Return a file of results of the task disk; the task region was off."""
    metrics = [{"disk": {name: {"value": one} for name in SCORES}, "region": {"absent": "it is off"}} for one in scores]
    parameters = {key: value for key, value in PARAMETERS.items() if key != "train_disk.seed"}
    variants = {f"seed-{number}": {"metrics": one} for number, one in enumerate(metrics, 1)}
    return json.dumps({"variants": variants, "parameters": parameters})


def spread(deviation: float, tried: int = 5) -> seeds.Spread:
    return seeds.Spread(tried, {"roc_auc": deviation})


def test_the_standard_deviation_is_that_of_a_sample() -> None:
    found = seeds.read(Task.DISK, measurement(0.80, 0.82, 0.84), PARAMETERS)
    assert found.seeds == 3
    assert found.deviation["roc_auc"] == pytest.approx(0.02)
    # t of 95 % with 2 degrees of freedom is 4.303
    assert found.apart("roc_auc") == pytest.approx(4.303 * math.sqrt(2) * 0.02, rel=1e-3)


def test_variances_of_rows_and_seed_add_up() -> None:
    widened = spread(0.01).widen("roc_auc", DIFFERENCE, lower_is_better=False)
    seed = stats.t.ppf(0.975, 4) * math.sqrt(2) * 0.01
    assert widened["low"] == pytest.approx(0.05 - math.sqrt(0.03**2 + seed**2))
    assert widened["high"] == pytest.approx(0.05 + math.sqrt(0.04**2 + seed**2))
    assert widened["resolvable"] == pytest.approx(math.sqrt(0.035**2 + seed**2))


def test_against_a_forecast_without_a_seed_one_network_varies() -> None:
    one, two = (spread(0.01).apart("roc_auc", networks) for networks in (1, 2))
    assert two == pytest.approx(math.sqrt(2) * one)
    widened = spread(0.01).widen("roc_auc", DIFFERENCE, lower_is_better=False, networks=1)
    assert widened["low"] == pytest.approx(0.05 - math.hypot(0.03, one))


def test_the_settings_of_a_split_that_is_not_used_do_not_matter() -> None:
    other = PARAMETERS | {"split.blocked_kfold.folds": 19}
    assert seeds.read(Task.DISK, measurement(0.80, 0.82, 0.84), other).seeds == 3
    assert seeds.read(Task.DISK, measurement(0.80, 0.82, 0.84), other | {"split.method": "blocked_kfold"}).seeds == 0


@pytest.mark.parametrize(
    ("deviation", "lower_is_better", "verdict"),
    [(0.0, False, "better"), (0.0, True, "worse"), (0.005, False, "better"), (0.03, False, "not distinguishable")],
)
def test_luck_takes_a_verdict_back(deviation: float, lower_is_better: bool, verdict: str) -> None:
    assert spread(deviation).widen("roc_auc", DIFFERENCE, lower_is_better)["verdict"] == verdict


def test_without_a_measurement_and_without_an_interval_nothing_is_widened() -> None:
    unknown = seeds.read(Task.DISK, None, PARAMETERS)
    assert unknown.because == "docs/results/seeds.json is not there"
    widened = unknown.widen("roc_auc", DIFFERENCE, lower_is_better=False)
    assert widened == pytest.approx({key: value for key, value in DIFFERENCE.items() if key != "p"})
    few = {"value": 0.05, "low": None, "high": None, "verdict": "not distinguishable", "resolvable": None}
    assert spread(0.1).widen("roc_auc", few, lower_is_better=False) == few


@given(low=st.floats(-1, 0), high=st.floats(0, 1), deviation=st.floats(0, 1))
def test_an_interval_never_gets_narrower(low: float, high: float, deviation: float) -> None:
    widened = spread(deviation).widen(
        "roc_auc", {"value": 0.0, "low": low, "high": high, "resolvable": 0.1}, lower_is_better=False
    )
    assert widened["low"] <= low
    assert widened["high"] >= high


@pytest.mark.parametrize(
    ("key", "value", "counts"),
    [
        ("train_disk.epochs", 61, True),
        ("label.disk.min_class", "M1.0", True),
        ("scrape.simulated.seed", 7, True),
        ("split.block_days", 9, True),
        ("train_disk.seed", 2, False),
        ("train_region.epochs", 61, False),
        ("label.region.min_class", "M1.0", False),
        ("scrape.live.manners.delay", 2, False),
        ("tasks", ["disk"], False),
        ("compute.threads", 1, False),
        ("calibration.base_rate.simulated.disk", 0.5, False),
        ("evaluate.resamples", 100, False),
        ("profiles/x.yaml: overrides.train_disk.epochs", 3, False),
    ],
)
def test_a_measurement_counts_for_the_question_and_the_training_that_it_was_made_with(
    key: str, value: Any, counts: bool
) -> None:
    found = seeds.read(Task.DISK, measurement(0.80, 0.82, 0.84), PARAMETERS | {key: value})
    assert found.because == (f"docs/results/seeds.json was measured with another {key}" if counts else "")


def test_parameters_count_the_same_as_a_run_in_the_store_has_them() -> None:
    as_text = {key: str(value) for key, value in PARAMETERS.items()}
    of_the_task = {key: value for key, value in as_text.items() if "region" not in key} | {"split.block_days": "27.0"}
    assert seeds.read(Task.DISK, measurement(0.80, 0.82, 0.84), of_the_task).because == ""


def test_a_measurement_without_its_parameters_counts_for_nothing() -> None:
    text = json.dumps({"variants": json.loads(measurement(0.80, 0.82, 0.84))["variants"]})
    assert "does not say with which parameters" in seeds.read(Task.DISK, text, PARAMETERS).because


def test_two_seeds_are_too_few() -> None:
    found = seeds.read(Task.DISK, measurement(0.80, 0.82), PARAMETERS)
    assert found.because == "docs/results/seeds.json has 2 seeds of disk, and at least 3 are needed"


def test_a_task_that_was_not_measured_has_no_seeds() -> None:
    assert "has 0 seeds of region" in seeds.read(Task.REGION, measurement(0.80, 0.82, 0.84), PARAMETERS).because


def test_no_difference_is_greater_than_what_a_score_can_be() -> None:
    widened = spread(0.9).widen("roc_auc", DIFFERENCE, lower_is_better=False)
    assert widened["low"] >= -1
    assert (widened["high"], widened["resolvable"]) == (1, 1)
    assert spread(0.9).apart("roc_auc") == 1
    unbounded = seeds.Spread(5, {"brier_skill": 0.9}).widen("brier_skill", DIFFERENCE, lower_is_better=False)
    assert unbounded["low"] < -1


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", "[]", "{}", '{"variants": {"a": 1}}'])
def test_a_broken_measurement_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^docs/results/seeds\.json lacks .* make it again with `make experiment"):
        seeds.read(Task.DISK, text, PARAMETERS)
