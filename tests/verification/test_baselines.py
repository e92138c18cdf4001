"""The baselines that a network has to beat."""

import numpy as np
import pytest

from solarflare.dataset.samples.regression import logistic
from solarflare.verification.evaluation import baselines


def test_statistics_of_a_magnetogram_by_hand() -> None:
    image = np.full((1, 10, 10, 1), 128, np.uint8)
    image[0, 0, 0], image[0, 0, 1] = 228, 28  # one strong pixel of each polarity
    mean, deviation, median, tenth, hundredth, highest, strong = baselines.statistics(image, "gong")[0]
    assert (mean, median, tenth, highest, strong) == (2.0, 0.0, 0.0, 100.0, 0.02)
    assert deviation == pytest.approx(14.0)
    assert hundredth == 100.0


def test_statistics_of_an_euv_image_by_hand() -> None:
    image = np.zeros((1, 10, 10, 3), np.uint8)
    image[0, :2] = [240, 180, 90]  # a fifth of it, 170 on average
    mean, _, median, tenth, _, highest, bright = baselines.statistics(image, "aia211")[0]
    assert (mean, median, tenth, highest) == (34.0, 0.0, 170.0, 170.0)
    assert bright == pytest.approx(0.2)


def test_polarity_does_not_matter_to_the_unsigned_field() -> None:
    images = np.random.default_rng(1).integers(1, 256, (3, 16, 16, 1)).astype(np.uint8)
    inverted = (256 - images.astype(int)).astype(np.uint8)
    np.testing.assert_allclose(baselines.statistics(images, "hmi"), baselines.statistics(inverted, "hmi"))


def test_the_logistic_baseline_learns_what_flux_tells() -> None:
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, 300)
    images = np.clip(generator.normal(128, 5 + 5 * label[:, None, None, None], (300, 16, 16, 1)), 0, 255)
    features = baselines.statistics(images.astype(np.uint8), "gong")
    probability = logistic(features[:200], label[:200]).predict_proba(features[200:])[:, 1]
    assert ((probability > 0.5) == label[200:]).mean() > 0.95
