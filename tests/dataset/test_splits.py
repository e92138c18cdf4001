"""Splits: nothing is on two sides."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.splits import splits
from solarflare.dataset.splits.schema import Split
from tests import parameters

DEFAULT = parameters.load(parameters.FIXED).split
DAY = pd.Timedelta(days=1)


def with_changes(method: str, **changes: Any) -> Split:
    """Return the default split with another method, and other values in that method's group."""
    group = getattr(DEFAULT, method).model_copy(update=changes)
    return DEFAULT.model_copy(update={"method": method, method: group})


METHODS = {
    "chronological": with_changes("chronological"),
    "chronological by date": with_changes("chronological", test_start=pd.Timestamp("2013-01-01").date()),
    "short gaps": with_changes("chronological", gap_days=2.0),
    "blocked_kfold": with_changes("blocked_kfold"),
}


def region_labels(seed: int) -> pd.DataFrame:
    """Make labels of images in pairs, each with several regions that live for up to two weeks."""
    generator = np.random.default_rng(seed)
    born = np.sort(generator.uniform(0, 1500, 500))
    rows = []
    for pair in range(150):
        first = generator.uniform(0, 1470)
        for number, day in enumerate((first, first + generator.uniform(-20, 20))):
            on_disk = 11000 + np.flatnonzero((born < day) & (born + 14 > day))
            time = splits.EPOCH + day * DAY
            rows += [(f"{pair:04d}-{number}.jpg", region, time, f"pair {pair}") for region in on_disk]
    df = pd.DataFrame(rows, columns=["path", "noaa_ar", "time", "pair_id"])
    df["label"] = pd.array(generator.integers(0, 2, len(df)), dtype="Int64")
    df.loc[generator.uniform(size=len(df)) < 0.1, "label"] = pd.NA
    df["reason"] = "too far from the central meridian"
    return df


def parts(labels: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["part"] != ""].merge(labels, on=["path", "noaa_ar"])


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_no_image_region_or_pair_is_on_two_sides(method: str, seed: int) -> None:
    labels = region_labels(seed)
    table = parts(labels, splits.split(labels, METHODS[method], Task.REGION))
    for what in ("path", "noaa_ar", "pair_id"):
        assert table.groupby(["fold", what])["part"].nunique().max() == 1


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=5)
def test_no_two_frames_of_nearly_the_same_sun_are_on_two_sides(method: str, seed: int) -> None:
    labels = region_labels(seed)
    chosen = METHODS[method]
    gap = getattr(chosen, chosen.method).gap_days * DAY
    table = parts(labels, splits.split(labels, chosen, Task.REGION))
    for _, fold in table.groupby("fold"):
        ordered = fold.sort_values("time")
        changes = ordered["part"].to_numpy()[1:] != ordered["part"].to_numpy()[:-1]
        assert (ordered["time"].diff()[1:][changes] >= gap).all()


def disk_labels(seed: int) -> pd.DataFrame:
    """Make labels of images without partners."""
    labels = region_labels(seed).drop_duplicates("path").drop(columns="noaa_ar")
    return labels.assign(pair_id="", label=labels["label"].fillna(0))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10)
def test_each_disk_is_tested_in_exactly_one_fold_with_its_whole_block(seed: int) -> None:
    labels = disk_labels(seed)
    table = splits.split(labels, METHODS["blocked_kfold"], Task.DISK)
    tested = table[table["part"] == "test"]
    assert sorted(tested["path"]) == sorted(labels["path"])
    assert tested.groupby("block")["fold"].nunique().max() == 1
    kept = table[table["part"] != ""]
    assert kept.groupby(["fold", "block"])["part"].nunique().max() == 1


def test_a_regions_rows_count_to_the_block_of_its_first_day() -> None:
    labels = region_labels(1)
    table = splits.split(labels, METHODS["chronological"], Task.REGION).merge(labels, on=["path", "noaa_ar"])
    first = labels.groupby("noaa_ar")["time"].min()
    expected = table["noaa_ar"].map((first - splits.EPOCH) // (27 * DAY))
    assert (table["block"] == expected).all()


def test_a_block_has_the_same_number_whatever_data_come_before() -> None:
    times = pd.Series(np.array(["2009-12-31", "2010-01-27T23:59", "2010-01-28", "2020-01-01"], "datetime64[ns]"))
    assert splits.blocks(times, 27).tolist() == [-1, 0, 1, 135]
    assert splits.blocks(times[2:], 27).tolist() == [1, 135]


def test_chronological_means_training_then_validation_then_test() -> None:
    labels = region_labels(1)
    times = parts(labels, splits.split(labels, DEFAULT, Task.REGION)).groupby("part")["time"]
    assert times.max()["train"] < times.min()["validation"]
    assert times.max()["validation"] < times.min()["test"]


def test_the_test_starts_on_the_day_that_was_asked_for() -> None:
    labels = region_labels(1)
    table = parts(labels, splits.split(labels, METHODS["chronological by date"], Task.REGION))
    in_test = table["part"] == "test"
    assert table.loc[in_test, "time"].min() >= pd.Timestamp("2013-01-01") > table.loc[~in_test, "time"].max()


@pytest.mark.parametrize("task", TASKS)
def test_the_fractions_are_kept_roughly(task: Any) -> None:
    labels = disk_labels(2)
    table = splits.split(labels, with_changes("chronological", gap_days=0.0), task)
    share = table["part"].value_counts(normalize=True)
    fractions = getattr(DEFAULT.chronological, task)
    assert share["test"] == pytest.approx(fractions.test, abs=0.02)
    assert share["validation"] == pytest.approx(fractions.validation, abs=0.02)


def test_each_region_is_tested_in_one_fold_at_most_and_nearly_all_are() -> None:
    labels = region_labels(3).assign(pair_id="")
    table = splits.split(labels, METHODS["blocked_kfold"], Task.REGION)
    tested = table[table["part"] == "test"].groupby(["path", "noaa_ar"]).size()
    assert tested.max() == 1
    # What is lost are rows of regions that crossed from one block into another part's.
    assert len(tested) > 0.7 * labels["label"].notna().sum()


@pytest.mark.parametrize("method", [*METHODS.values(), with_changes("random")])
def test_the_same_rows_are_divided_in_the_same_way(method: Split) -> None:
    labels = region_labels(4)
    first, second = (splits.split(labels, method, Task.REGION) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_rows_without_a_label_take_no_part() -> None:
    labels = region_labels(5)
    table = splits.split(labels, DEFAULT, Task.REGION)
    assert len(table) == labels["label"].notna().sum()


def test_what_is_left_out_has_a_reason() -> None:
    table = splits.split(region_labels(6), METHODS["blocked_kfold"], Task.REGION)
    assert ((table["part"] == "") == (table["reason"] != "")).all()
    assert set(table["reason"]) == {"", splits.GAP, splits.OTHER_PART, splits.NO_PARTNER}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pd.NA, "all [0-9]+ rows are unknown, most because of: too far"),
        (0, r"none of \d+ rows is labelled 1"),
        (1, r"none of \d+ rows is labelled 0"),
    ],
)
def test_an_empty_class_is_one_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=rf"the labels of region: {sentence}"):
        splits.split(region_labels(7).assign(label=pd.array([value], dtype="Int64")[0]), DEFAULT, Task.REGION)


def test_a_test_without_positives_is_one_sentence() -> None:
    labels = region_labels(8)
    labels.loc[labels["time"] > "2012-06-01", "label"] *= 0
    with pytest.raises(InputError, match=r"the split of region, test: none of \d+ rows is labelled 1"):
        splits.split(labels, METHODS["chronological by date"], Task.REGION)


def test_a_test_that_starts_before_everything_is_one_sentence() -> None:
    early = with_changes("chronological", test_start=pd.Timestamp("2009-01-01").date())
    with pytest.raises(InputError, match="no labelled row lies more than 27 days before the test"):
        splits.split(region_labels(9), early, Task.REGION)


def test_rows_are_counted_by_label_and_reason_and_by_part_and_reason() -> None:
    labels = pd.DataFrame({"label": pd.array([1, 1, 0, pd.NA, pd.NA, pd.NA], dtype="Int64"), "reason": list("   aab")})
    table = pd.DataFrame({"part": ["train", "test", "test", ""], "reason": ["", "", "", splits.GAP]})
    assert splits.counts(labels, table) == {
        "labelled": {"1": 2, "0": 1},
        "unlabelled": {"a": 2, "b": 1},
        "parts": {"train": 1, "test": 2},
        "left_out": {splits.GAP: 1},
    }


@pytest.mark.parametrize("method", METHODS)
def test_every_row_of_a_split_is_counted_once(method: str) -> None:
    labels = region_labels(3)
    table = splits.split(labels, METHODS[method], Task.REGION)
    counted = splits.counts(labels, table)
    assert sum(counted["labelled"].values()) + sum(counted["unlabelled"].values()) == len(labels)
    assert sum(counted["parts"].values()) + sum(counted["left_out"].values()) == len(table)
