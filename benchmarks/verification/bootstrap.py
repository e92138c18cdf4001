"""How long 2,000 resamples of 60,000 rows take, beside a loop over resamples with scikit-learn.

Run it from the project's folder: ``python -m benchmarks.verification.bootstrap``.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from benchmarks.ratios import Ratio, in_turns
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

ROWS, BLOCKS, RESAMPLES = 60_000, 300, 2_000
ROUNDS = 3
LOOPED = 20  # resamples of the loop, scaled up to all


def ratios() -> Iterator[Ratio]:
    """Yield how many times as long the loop takes, as ours, which computes more scores."""
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, ROWS)
    forecast = Forecast(label, 1 / (1 + np.exp(-generator.normal(2 * label - 1, 2))), 0.5, 0.5)
    blocks = np.arange(ROWS) * BLOCKS // ROWS
    plan = BlockBootstrap(blocks, RESAMPLES, seed=1)
    members = [np.flatnonzero(blocks == block) for block in range(BLOCKS)]

    def ours() -> None:
        plan.draws(forecast.grouped(plan.groups).scores, of_blocks=True)

    def loop() -> None:
        for _ in range(LOOPED):
            rows = np.concatenate([members[block] for block in generator.integers(0, BLOCKS, BLOCKS)])
            for score in (roc_auc_score, average_precision_score, brier_score_loss):
                score(label[rows], forecast.probability[rows])

    seconds, looped = in_turns(ROUNDS, ours, loop)
    scaled = looped * RESAMPLES / LOOPED
    yield Ratio(
        f"a loop with scikit-learn over {RESAMPLES:,} resamples of {ROWS:,} rows, 3 scores",
        "the bootstrap of the project, all scores",
        *(scaled / seconds, 20, f"{scaled:.0f} s, from {LOOPED} resamples, and {seconds:.1f} s"),
        at_least=True,
    )


if __name__ == "__main__":
    print(*ratios(), sep="\n")
