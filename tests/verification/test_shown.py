"""Which test rows galleries show, and how they are kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solarflare.core.errors import InputError
from solarflare.verification.results import shown

TEST = pd.DataFrame(
    {"label": [1, 0] * 20, "probability": np.linspace(0, 1, 40), "path": [f"{i}.jpg" for i in range(40)]}
)
TEST["time"], TEST["threshold"] = pd.Timestamp("2014-01-01"), 0.3


def probabilities(group: str) -> list[float]:
    rows = shown.choose(TEST)
    return (rows["probability"][rows["group"] == group] * 39).round().tolist()


def test_the_most_right_are_of_both_classes() -> None:
    assert sorted(probabilities("best")) == [1, 3, 5, 34, 36, 38]


def test_the_most_wrong_come_most_wrong_first() -> None:
    assert sorted(probabilities("worst")) == [0, 2, 4, 35, 37, 39]
    assert {*probabilities("worst")[:2]} == {0, 39}


def test_the_least_certain_of_each_class_are_nearest_to_the_threshold() -> None:
    uneven = TEST[(TEST["label"] == 1) | (TEST["probability"] > 0.5)]
    rows = shown.choose(uneven)
    assert (rows["probability"][rows["group"] == "uncertain"] * 39).round().tolist() == [12, 10, 14, 21, 23, 25]


def test_few_rows_are_all_shown() -> None:
    assert len(shown.choose(TEST.iloc[:1])) == 3


@pytest.mark.parametrize("regions", [None, np.arange(11000, 11040)])
def test_rows_and_maps_are_read_as_they_were_written(regions: np.ndarray | None, tmp_path: Path) -> None:
    test = TEST if regions is None else TEST.assign(noaa_ar=regions)
    rows, maps = shown.choose(test), np.random.default_rng(1).normal(size=(18, 4, 4)).astype(np.float32)
    shown.write(tmp_path, rows, maps)
    read_rows, read_maps = shown.read(tmp_path)
    for name in shown.COLUMNS:
        expected = rows[name].tolist() if name in rows else [pd.NA] * len(rows)
        assert read_rows[name].tolist() == expected
    assert np.array_equal(read_maps, maps)


def test_missing_maps_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"index\.csv is not there; make it with `dvc repro evaluate`"):
        shown.read(tmp_path)
