"""How long `solarflare score` takes for a million forecasts, compared with scikit-learn's ROC-AUC of the same rows.

Run it from the project's folder: ``python -m benchmarks.predict.score``.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from solarflare.predict import forecast_files
from solarflare.predict.scoring import Scorer

ROWS, RESAMPLES, DAYS = 1_000_000, 2_000, 27


def main() -> None:
    """Print the seconds of CPU time, and how many resamples a loop over scikit-learn would do in the same time."""
    generator = np.random.default_rng(1)
    times = pd.Series(pd.date_range("1910-01-01", periods=ROWS, freq="h"))
    label = (generator.random(ROWS) < 0.1).astype(int)
    rows = {
        "file": times.dt.strftime("/data/%Y/%m/%d/HMI.m%Y.%m.%d_%H.%M.%S.jpg"),
        "flare_prob": 1 / (1 + np.exp(-generator.normal(2 * label - 2, 1.5))),
        "target": label,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forecasts.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        start = time.process_time()
        file = forecast_files.read(path)
        read = time.process_time()
        Scorer(0.5, DAYS, RESAMPLES).score(file)
        scored = time.process_time()
    roc_auc_score(rows["target"], rows["flare_prob"])
    roc_auc = time.process_time() - scored
    print(f"{ROWS:,} forecasts, times inside paths: read in {read - start:.1f} s of one core")
    print(f"14 scores with intervals of {RESAMPLES:,} block resamples: {scored - read:.1f} s")
    print(f"a loop over scikit-learn's ROC-AUC alone would have done {(scored - read) / roc_auc:.0f} of them")


if __name__ == "__main__":
    main()
