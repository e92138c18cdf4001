"""Networks learn from true labels, and from those of other days nothing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.dataset.samples import samples
from solarflare.networks.backend import tf
from solarflare.tracking import published_results
from solarflare.verification.evaluation import permutation_test
from solarflare.verification.evaluation.rotation import rotation
from tests import parameters
from tests.networks.test_training import TRAIN, spots, workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # TensorFlow's, of NumPy
]
DAYS = 240


@pytest.fixture(scope="module", autouse=True)
def _deterministic() -> None:
    tf.config.experimental.enable_op_determinism()


def test_rotated_labels_teach_nothing() -> None:
    images, labels = spots(DAYS)
    question = parameters.load(parameters.FIXED).label.disk
    position = np.random.default_rng(1).permutation(DAYS)
    rows = pd.DataFrame({"position": position, "label": labels[position], "block": np.arange(DAYS) // 10})
    rows = rows.assign(time=pd.Timestamp("2012-01-01") + pd.to_timedelta(rows.index, "D"), fold=0, pair_id="")
    rows["part"] = np.repeat(["train", "validation", "test"], [140, 40, 60])
    true = permutation_test.roc_auc(images, rows, TRAIN, True, question, samples.NOTHING)
    rotated = []
    for seed in range(5):
        source = rotation(rows, np.random.default_rng(seed))
        other_days = rows.assign(label=rows["label"][source].to_numpy())
        rotated.append(permutation_test.roc_auc(images, other_days, TRAIN, True, question, samples.NOTHING))
    assert true > 0.9
    assert max(rotated) < true
    assert np.mean(rotated) == pytest.approx(0.5, abs=0.12)


def test_what_was_found_is_kept_by_data_and_task_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = tables.read(workspace(tmp_path, folds=1) / "data/splits/disk.csv", tables.SPLITS)
    tables.write(splits.assign(block=splits.index // 5), tmp_path / "data/splits/disk.csv", tables.SPLITS)
    monkeypatch.chdir(tmp_path)
    found = permutation_test.permute(Task.DISK, repeats=3)
    assert permutation_test.permute(Task.DISK, repeats=3) == found
    assert (found["n"], len(found["rotated"])) == (18, 3)
    assert found["p"] in {0.25, 0.5, 0.75, 1.0}
    published_results.keep_permutation("spots", {Task.DISK: found})
    published_results.keep_permutation("others", {Task.DISK: found})
    assert json.loads(published_results.PERMUTATION.read_text()) == {
        "spots": {"disk": found},
        "others": {"disk": found},
    }
    assert published_results.PERMUTATION.with_suffix(".png").is_file()
