"""The fusion of a network's out-of-fold logit with the records."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from solarflare.core import absent
from solarflare.core.errors import InputError
from solarflare.networks import fusion
from solarflare.networks.description import FUSION
from solarflare.networks.fusion import LOGIT, Regression

N = 400


def rows(seed: int = 1, n: int = N) -> tuple[pd.DataFrame, np.ndarray]:
    """Return numbers of which both tell something of the labels, and the labels."""
    generator = np.random.default_rng(seed)
    image, past = generator.normal(size=(2, n))
    labels = (generator.random(n) < expit(image + past)).astype(int)
    return pd.DataFrame({"past": past, LOGIT: 3 * image}), labels


@pytest.fixture(scope="module")
def fitted() -> Regression:
    numbers, labels = rows()
    return Regression.fit(numbers, labels, np.arange(N) % 4)


def test_both_together_tell_more_than_either(fitted: Regression) -> None:
    numbers, labels = rows(seed=2, n=4000)
    together = roc_auc_score(labels, fitted.apply(numbers))
    assert together > max(roc_auc_score(labels, numbers[name]) for name in numbers) + 0.05


def test_it_is_calibrated(fitted: Regression) -> None:
    numbers, labels = rows(seed=3, n=20_000)
    slope = np.polyfit(logit(fitted.apply(numbers)), labels - fitted.apply(numbers), 1)[0]
    assert abs(slope) < 0.03


def test_the_same_rows_give_the_same_file_and_it_reads_back(fitted: Regression, tmp_path: Path) -> None:
    fitted.write(tmp_path / FUSION)
    first = (tmp_path / FUSION).read_bytes()
    numbers, labels = rows()
    Regression.fit(numbers, labels, np.arange(N) % 4).write(tmp_path / FUSION)
    assert (tmp_path / FUSION).read_bytes() == first
    read = fusion.read(tmp_path)
    assert isinstance(read, Regression)
    assert read.apply(numbers).tolist() == fitted.apply(numbers).tolist()


def test_features_are_found_by_their_names(fitted: Regression) -> None:
    numbers, _ = rows()
    assert fitted.apply(numbers[numbers.columns[::-1]]).tolist() == fitted.apply(numbers).tolist()


def test_without_a_file_the_reason_is_that_nothing_was_cross_fitted(tmp_path: Path) -> None:
    assert fusion.read(tmp_path) == fusion.NOT_CROSS_FITTED


def test_the_reason_of_a_training_without_records_is_kept(tmp_path: Path) -> None:
    absent.mark(tmp_path / FUSION, "the region reports are the answer itself")
    assert fusion.read(tmp_path) == "the region reports are the answer itself"


@pytest.mark.parametrize(
    "broken", [{"scales": [1.0]}, {"features": ["past", "other"]}, {"more": 1}, {"intercept": float("nan")}]
)
def test_a_broken_file_is_one_sentence(fitted: Regression, tmp_path: Path, broken: dict) -> None:
    fitted.write(tmp_path / FUSION)
    content = json.loads((tmp_path / FUSION).read_text())
    (tmp_path / FUSION).write_text(json.dumps(content | broken))
    with pytest.raises(InputError, match=r"fusion.json is not a fusion that a training wrote; make it again"):
        fusion.read(tmp_path)
