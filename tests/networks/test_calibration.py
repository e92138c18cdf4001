from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from solarflare.core.errors import InputError
from solarflare.networks import calibration
from solarflare.networks.calibration import Calibration, Isotonic, Method, Platt, Temperature

METHODS: list[Method] = ["platt", "isotonic", "temperature"]


def overconfident(n: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores of a network twice as sure as it should be, labels, and the true probabilities."""
    generator = np.random.default_rng(0)
    truth = generator.uniform(0.02, 0.98, n)
    labels = (generator.uniform(size=n) < truth).astype(int)
    return expit(2 * logit(truth) - 0.5), labels, truth


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_scores_become_the_probabilities_that_they_should_have_been(method: Method) -> None:
    scores, labels, truth = overconfident()
    fitted = calibration.fit_calibration(scores, labels, method)
    assert np.abs(fitted.apply(scores) - truth).mean() < 0.03


def test_platt_finds_the_slope_and_the_intercept() -> None:
    scores, labels, _ = overconfident(100_000)
    curve = calibration.fit_calibration(scores, labels, "platt").curve
    assert isinstance(curve, Platt)
    assert curve.slope == pytest.approx(0.5, abs=0.02)
    assert curve.intercept == pytest.approx(0.25, abs=0.05)


def test_platt_gives_two_separate_points_the_probabilities_of_his_targets() -> None:
    # Three of each class, each class at one score: the targets 4/5 and 1/5 can be met exactly.
    fitted = calibration.fit_calibration([0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [1, 1, 1, 0, 0, 0], "platt")
    assert fitted.apply([0.9, 0.1]) == pytest.approx([0.8, 0.2], abs=1e-4)


def test_temperature_finds_how_much_too_certain_a_network_is() -> None:
    _, labels, truth = overconfident(100_000)
    curve = calibration.fit_calibration(expit(3 * logit(truth)), labels, "temperature").curve
    assert isinstance(curve, Temperature)
    assert curve.temperature == pytest.approx(3, rel=0.03)


def test_temperature_of_a_perfect_separation_is_finite() -> None:
    fitted = calibration.fit_calibration([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], "temperature")
    assert isinstance(fitted.curve, Temperature)
    assert 0 < fitted.curve.temperature < 1


def test_isotonic_pools_what_is_out_of_order() -> None:
    fitted = calibration.fit_calibration([0.1, 0.2, 0.3, 0.9], [0, 1, 0, 1], "isotonic")
    # The two in the middle share 1/2; the ends are kept 1/(4 + 2) away from certainty.
    assert fitted.apply([0.1, 0.2, 0.3, 0.9]) == pytest.approx([1 / 6, 1 / 2, 1 / 2, 5 / 6])


@pytest.mark.parametrize(
    ("probabilities", "labels", "threshold"),
    [
        ([0.1, 0.2, 0.6, 0.8], [0, 0, 1, 1], 0.4),
        ([0.1, 0.3, 0.5, 0.9], [0, 1, 0, 1], 0.2),  # 0.2 and 0.7 both have TSS 1/2: the lower
        ([0.5, 0.5, 0.5], [0, 1, 1], 0.5),
    ],
)
def test_the_threshold_has_the_largest_tss(probabilities: list[float], labels: list[int], threshold: float) -> None:
    assert calibration.best_threshold(np.array(probabilities), np.array(labels)) == pytest.approx(threshold)


@given(
    st.lists(st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.integers(0, 1)), min_size=2, max_size=40).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)
def test_no_threshold_has_a_larger_tss(rows: list[tuple[float, int]]) -> None:
    probabilities, labels = (np.array(column) for column in zip(*rows, strict=True))

    def tss(threshold: float) -> float:
        yes = probabilities >= threshold
        return float(yes[labels == 1].mean() - yes[labels == 0].mean())

    best = tss(calibration.best_threshold(probabilities, labels))
    assert best >= max(tss(value) for value in probabilities) - 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_scores_is_kept(method: Method) -> None:
    scores, labels, _ = overconfident(500)
    probabilities = calibration.fit_calibration(scores, labels, method).apply(np.linspace(0, 1, 101))
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities.min() > 0
    assert probabilities.max() < 1


@pytest.mark.parametrize(
    "fitted",
    [
        Calibration(Platt(0.5, 0.1), 0.4, 0.5),
        Calibration(Isotonic((-1, 2), (0.1, 0.8)), 0.3),
        Calibration(Temperature(2.5), 0.3, 0.25),
    ],
)
def test_what_is_written_is_read_back(fitted: Calibration, tmp_path: Path) -> None:
    fitted.write(tmp_path / "calibration.json")
    back = calibration.read(tmp_path / "calibration.json")
    assert (back.threshold, back.fitted_rate) == (fitted.threshold, fitted.fitted_rate)
    assert back.apply([0.2, 0.7]).tolist() == fitted.apply([0.2, 0.7]).tolist()


def test_a_file_of_before_the_fitted_rate_is_read(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"method": "platt", "slope": 1, "intercept": 0, "threshold": 0.5}')
    assert calibration.read(tmp_path / "calibration.json") == Calibration(Platt(1, 0), 0.5, None)


def test_the_rate_that_a_calibration_holds_at_is_kept() -> None:
    assert calibration.fit_calibration([0.2, 0.3, 0.4, 0.9], [0, 0, 0, 1], "platt").fitted_rate == 0.25


def test_a_rarer_event_by_hand() -> None:
    # Odds of 1:1 where a half is positive are odds of 1:9 where a tenth is.
    assert calibration.at_base_rate([0.5, 0.9], 0.5, 0.1) == pytest.approx([0.1, 0.5])


def test_what_is_certain_stays_so() -> None:
    assert calibration.at_base_rate([0, 1], 0.5, 0.1).tolist() == [0, 1]


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_there_and_back_is_nothing(probability: float, here: float, there: float) -> None:
    moved = calibration.at_base_rate([probability], here, there)
    assert calibration.at_base_rate(moved, there, here) == pytest.approx([probability])


def test_corrected_probabilities_are_reliable_where_the_event_is_rare() -> None:
    _, labels, truth = overconfident(200_000)
    rare = (labels == 0) | (np.random.default_rng(1).uniform(size=len(labels)) < 0.1)  # a tenth of the positives
    corrected = calibration.at_base_rate(truth, labels.mean(), labels[rare].mean())[rare]
    assert corrected.mean() == pytest.approx(labels[rare].mean(), abs=0.005)
    likely = corrected > 0.5
    assert corrected[likely].mean() == pytest.approx(labels[rare][likely].mean(), abs=0.02)


def test_one_class_cannot_be_calibrated() -> None:
    with pytest.raises(InputError, match="both classes"):
        calibration.fit_calibration([0.2, 0.3], [0, 0], "platt")


DAMAGED = [
    '{"method": "platt", "slope": 1, "intercept": NaN, "threshold": 0.5}',
    '{"method": "platt", "slope": 1e999, "intercept": 0, "threshold": 0.5}',
    '{"method": "platt", "slope": "steep", "intercept": 0, "threshold": 0.5}',
    '{"method": "platt", "slope": 1, "intercept": 0, "threshold": NaN}',
    '{"method": "platt", "slope": 1, "intercept": 0, "threshold": 0.5, "fitted_rate": 0}',
    '{"method": "isotonic", "logits": [0, 1], "probabilities": [0, 2], "threshold": 0.5}',
]


@pytest.mark.parametrize("content", ["", "[]", '{"method": "magic", "threshold": 1}', '{"method": "platt"}', *DAMAGED])
def test_another_file_is_one_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text(content)
    with pytest.raises(InputError, match=r"calibration\.json"):
        calibration.read(tmp_path / "calibration.json")
