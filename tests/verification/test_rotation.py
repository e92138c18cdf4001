"""Labels that are rotated keep all but their days."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solarflare.core.errors import InputError
from solarflare.verification.evaluation.rotation import rotation

PARTS = ("train", "validation", "test")


def of_regions(seed: int, blocks: int) -> pd.DataFrame:
    """Return rows of a region a day, in any order: each block has some regions, each seen on up to five days."""
    generator = np.random.default_rng(seed)
    block = np.repeat(np.arange(3 * blocks), generator.integers(1, 4, 3 * blocks))
    days = generator.integers(1, 6, len(block))
    region = np.repeat(np.arange(len(block)), days)
    day = generator.integers(0, 9, len(block))[region] + np.concatenate([np.arange(count) for count in days])
    rows = pd.DataFrame({"noaa_ar": region, "block": block[region], "fold": 0, "pair_id": ""})
    rows["time"] = pd.Timestamp("2010-01-01") + pd.to_timedelta(rows["block"] * 27 + day, "D")
    rows["part"] = np.take(PARTS, rows["block"] // blocks)
    return rows.sample(frac=1, random_state=seed, ignore_index=True)


def of_pairs(seed: int, pairs: int) -> pd.DataFrame:
    """Return matched rows, one of each label a pair, of which some lie in two blocks."""
    generator = np.random.default_rng(seed)
    day = np.arange(pairs) * 11
    days = np.stack([day, day + generator.integers(1, 27, pairs)], axis=1).ravel()
    label = generator.permuted(np.tile([0, 1], (pairs, 1)), axis=1).ravel()
    rows = pd.DataFrame({"pair_id": np.repeat(np.arange(pairs), 2).astype(str), "label": label, "fold": 0})
    rows["time"], rows["block"] = pd.Timestamp("2010-01-01") + pd.to_timedelta(days, "D"), days // 27
    rows["part"] = np.take(PARTS, np.repeat(np.arange(pairs) * 3 // pairs, 2))
    return rows.sample(frac=1, random_state=seed, ignore_index=True)


def in_order(rows: pd.DataFrame, part: str) -> pd.Index:
    """Return the places of a part's rows: blocks in order, in them one region after the other, in each its days."""
    rows = rows[rows["part"] == part]
    first = rows.groupby("noaa_ar")["time"].transform("min")
    return rows.assign(first=first).sort_values(["block", "first", "noaa_ar", "time"]).index


@settings(max_examples=15)
@given(seed=st.integers(0, 999), blocks=st.integers(2, 6))
def test_each_row_gets_the_label_of_another_row_of_its_part(seed: int, blocks: int) -> None:
    rows = of_regions(seed, blocks)
    source = rotation(rows, np.random.default_rng(seed))
    assert sorted(source) == list(rows.index)
    assert (source != rows.index).all()
    assert rows["part"].to_numpy()[source].tolist() == rows["part"].tolist()


@settings(max_examples=15)
@given(seed=st.integers(0, 999), blocks=st.integers(2, 6))
def test_blocks_and_the_days_of_a_region_stay_whole(seed: int, blocks: int) -> None:
    rows = of_regions(seed, blocks)
    source = rotation(rows, np.random.default_rng(seed))
    for part in PARTS:
        order = in_order(rows, part)
        whose = source[order]
        # Seen as a ring, the labels stand as they stood.
        start = list(order).index(whose[0])
        assert whose.tolist() == np.roll(order, -start).tolist()
        # It is cut where a block begins.
        assert rows.loc[order[start - 1], "block"] != rows.loc[order[start], "block"]


@settings(max_examples=15)
@given(seed=st.integers(0, 999), pairs=st.integers(12, 60))
def test_a_matched_pair_gets_the_labels_of_a_pair(seed: int, pairs: int) -> None:
    rows = of_pairs(seed, pairs)
    rotated = rows["label"].to_numpy()[rotation(rows, np.random.default_rng(seed))]
    assert (pd.Series(rotated).groupby(rows["pair_id"]).sum() == 1).all()


def test_a_fold_is_rotated_by_itself_and_a_seed_decides_how_far() -> None:
    once = of_regions(1, 6)
    rows = pd.concat([once, once.assign(fold=1)], ignore_index=True)
    source = rotation(rows, np.random.default_rng(3))
    assert (source < len(once)).tolist() == (rows["fold"] == 0).tolist()
    assert rotation(rows, np.random.default_rng(3)).tolist() == source.tolist()
    assert rotation(rows, np.random.default_rng(4)).tolist() != source.tolist()


def test_one_block_cannot_be_rotated() -> None:
    rows = of_regions(1, 2)
    rows.loc[rows["part"] == "test", "block"] = 99
    with pytest.raises(InputError, match=r"^data/splits: the test part of fold 0 lies in one block of days"):
        rotation(rows, np.random.default_rng(1))
