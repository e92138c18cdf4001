"""Logistic regressions on a few numbers per row: the teacher's, the baselines' and those of a fusion."""

from typing import Literal

from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def logistic(
    features: ArrayLike, label: ArrayLike, strength: float = 1.0, weights: Literal["balanced"] | None = None
) -> Pipeline:
    """Fit a logistic regression on standardised features (n, k). Both labels must occur.

    `strength` is the inverse of the regularisation. With the weights ``"balanced"``, both classes count the same. Its
    ``predict_proba(features)[:, 1]`` is the probability of label 1, without weights at the rows' own base rate.
    """
    regression = LogisticRegression(C=strength, class_weight=weights, max_iter=2000)
    return make_pipeline(StandardScaler(), regression).fit(features, label)
