"""Cross-fitting: no row is scored by a model that learned from it, its neighbours, its region or its partner."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solarflare.core.errors import InputError
from solarflare.dataset.samples import cross_fitting
from solarflare.dataset.samples.cross_fitting import GAP, groups, scored_rows, without_group

START = pd.Timestamp("2012-01-01")
BLOCK_DAYS = 27


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the labelled rows of a fold, all crops, and a number of groups."""
    n = draw(st.integers(20, 60))
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    day = np.sort(generator.integers(0, 400, n))
    region = 11000 + day // 10 * 3 + generator.integers(0, 3, n)
    crops = pd.DataFrame(
        {"path": [f"{d}.jpg" for d in day], "noaa_ar": region, "time": START + pd.to_timedelta(day, "D")}
    )
    crops = crops.drop_duplicates(["path", "noaa_ar"], ignore_index=True)
    crops["position"] = np.arange(len(crops))
    first = crops.groupby("noaa_ar")["time"].transform("min")
    crops["block"] = (first - START) // pd.Timedelta(days=BLOCK_DAYS)
    crops["label"] = generator.integers(0, 2, len(crops))
    crops["pair_id"] = [f"{number // 2}" if number % 3 else "" for number in range(len(crops))]
    part = np.where(crops["block"] >= 10, "test", np.where(crops["block"] >= 8, "validation", "train"))
    rows = crops.assign(fold=0, part=part)[generator.random(len(crops)) < 0.8].reset_index(drop=True)
    return rows, crops[["path", "noaa_ar", "time", "position"]], draw(st.integers(3, 5))


@given(tables(), st.booleans())
def test_no_label_shapes_its_own_score(made: tuple[pd.DataFrame, pd.DataFrame, int], stops: bool) -> None:
    rows, crops, number = made
    if rows.loc[rows["part"] != "test", "block"].nunique() < number:
        return
    scored = scored_rows(rows, crops, 0, number)
    for group in range(number):
        of_group = scored[scored["group"] == group]
        others = without_group(rows, scored, 0, group, stops)
        learned = others[others["part"] == "train"] if not stops else others
        assert not set(learned["position"]) & set(of_group["position"])
        assert not set(learned["noaa_ar"]) & set(of_group["noaa_ar"])
        distance = np.abs(learned["time"].to_numpy()[:, None] - of_group["time"].to_numpy())
        assert not len(learned) or distance.min() >= GAP
        own = rows[rows["position"].isin(of_group["position"])]
        assert not (set(learned["pair_id"]) & set(own["pair_id"])) - {""}
        assert "test" not in set(rows.set_index("position").loc[learned["position"], "part"])


@given(tables())
def test_blocks_stay_whole_and_every_row_outside_of_the_test_is_scored(
    made: tuple[pd.DataFrame, pd.DataFrame, int],
) -> None:
    rows, crops, number = made
    learned = rows[rows["part"] != "test"]
    if learned["block"].nunique() < number:
        return
    scored = scored_rows(rows, crops, 0, number)
    group = learned["position"].map(scored.set_index("position")["group"])
    assert group.notna().all()
    assert (
        len(pd.DataFrame({"block": learned["block"], "group": group}).drop_duplicates()) == learned["block"].nunique()
    )
    assert not set(scored["position"]) & set(rows.loc[rows["part"] == "test", "position"])
    pd.testing.assert_frame_equal(scored, scored_rows(rows, crops.sample(frac=1, random_state=1), 0, number))


def test_a_crop_without_a_label_is_scored_with_its_neighbours_in_time() -> None:
    days = pd.to_timedelta([0, 1, 27, 28, 54, 55, 300, 301], "D")
    crops = pd.DataFrame({"path": list("abcdefgh"), "time": START + days, "position": np.arange(8)})
    rows = crops.iloc[::2].assign(fold=0, block=[0, 1, 2, 11], part=["train", "train", "validation", "test"])
    scored = scored_rows(rows, crops, 0, 3)
    assert dict(zip(scored["path"], scored["group"], strict=True)) == {"a": 0, "b": 0, "c": 1, "d": 1, "e": 2, "f": 2}


def test_where_validation_stops_the_training_it_is_the_next_group() -> None:
    days = pd.to_timedelta(np.arange(0, 270, 10), "D")
    crops = pd.DataFrame({"path": [f"{day}" for day in range(27)], "time": START + days, "position": np.arange(27)})
    rows = crops.assign(fold=0, block=np.arange(27) // 3, part="train", label=np.arange(27) % 2, pair_id="")
    scored = scored_rows(rows, crops, 0, 3)
    others = without_group(rows, scored, 0, 2, stops=True)
    group = others["position"].map(scored.set_index("position")["group"])
    assert set(zip(group, others["part"], strict=True)) == {(0, "validation"), (1, "train")}


def test_too_few_blocks_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"cross_fit is 4, and the training .* lie in 2 blocks"):
        groups([1, 1, 2], 4)


def test_groups_have_blocks_of_all_times() -> None:
    assert cross_fitting.groups([7, 7, 9, 12, 30], 2).tolist() == [0, 0, 1, 0, 1]
