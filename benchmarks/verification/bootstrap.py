"""How long 2,000 resamples of 60,000 rows take, beside a loop over resamples with scikit-learn.

Run it from the project's folder: ``python -m benchmarks.verification.bootstrap``.
"""

import resource
import sys
import time

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

ROWS, BLOCKS, RESAMPLES = 60_000, 300, 2_000
LOOPED = 20  # resamples of the loop, scaled up to all


def main() -> None:
    """Print seconds, peak memory and the ratio."""
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, ROWS)
    forecast = Forecast(label, 1 / (1 + np.exp(-generator.normal(2 * label - 1, 2))), 0.5, 0.5)
    blocks = np.arange(ROWS) * BLOCKS // ROWS
    plan = BlockBootstrap(blocks, RESAMPLES, seed=1)
    before = peak()
    start = time.process_time()
    draws = plan.draws(forecast.grouped(plan.groups).scores, of_blocks=True)
    plan_seconds = time.process_time() - start
    print(f"{RESAMPLES:,} block resamples of {ROWS:,} rows, {len(draws)} scores each: {plan_seconds:.1f} s of one core")
    print(f"memory on top of the rows: {peak() - before:.0f} MB")

    members = [np.flatnonzero(blocks == block) for block in range(BLOCKS)]
    start = time.process_time()
    for _ in range(LOOPED):
        rows = np.concatenate([members[block] for block in generator.integers(0, BLOCKS, BLOCKS)])
        for score in (roc_auc_score, average_precision_score, brier_score_loss):
            score(label[rows], forecast.probability[rows])
    loop = (time.process_time() - start) * RESAMPLES / LOOPED
    print(f"a loop with scikit-learn, 3 scores each: {loop:.0f} s of one core, {loop / plan_seconds:.0f} times as long")


def peak() -> float:
    """Return the peak memory of this process so far, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
