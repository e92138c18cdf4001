"""Cross-fitting: each training row is scored by a model that learned neither from it nor from rows near it.

The training and validation rows of a fold are divided into groups of whole blocks of days. For each group, a model
learns from the other groups. Chernozhukov et al. 2018 (doi:10.1111/ectj.12097) use the term; van der Laan et al. 2007
(doi:10.2202/1544-6115.1309) combine forecasts by scores that are made in this way.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core.errors import InputError

GAP = pd.Timedelta(days=2)
"""Rows nearer to a scored row are not learned from. It is the gap around test blocks in `split.blocked_kfold`."""

NO_GROUP = -1

Integers = npt.NDArray[np.int64]


def groups(blocks: npt.ArrayLike, number: int) -> Integers:
    """Return the group, from 0, of each row: the place of its block among all blocks, modulo `number`.

    So each group has blocks from all of the time, quiet years and active ones. `blocks` are the rows' numbers of
    blocks, (N,). If there are fewer blocks than groups, this raises InputError.

    Examples
    --------
    >>> groups([7, 7, 9, 12, 30], 2).tolist()
    [0, 0, 1, 0, 1]
    """
    unique, place = np.unique(np.asarray(blocks, np.int64), return_inverse=True)
    if len(unique) < number:
        raise InputError(
            f"params.yaml: cross_fit is {number}, and the training and validation rows of a fold lie in {len(unique)} "
            "blocks of days; set it to that or less, 0 for none, or set a smaller split.block_days"
        )
    return np.asarray(place % number, np.int64)


def scored_rows(rows: pd.DataFrame, crops: pd.DataFrame, fold: int, number: int) -> pd.DataFrame:
    """Return the crops of a fold that are not in the time of its test, with their ``group``.

    Parameters
    ----------
    rows : DataFrame
        The table that `samples.samples` returns.
    crops : DataFrame
        The table that `samples.every_crop` returns: crops with a label and without.
    fold, number
        The number of the fold, and of the groups.

    Returns
    -------
    DataFrame
        The columns of `crops`, and ``group``. A labelled crop is in the group of its block. Any other is in the group
        of the labelled crop that is nearest in time, and left out if that one is in the test.
    """
    of_fold = rows[rows["fold"] == fold]
    learned = of_fold[of_fold["part"] != "test"]
    group_of = pd.Series(NO_GROUP, of_fold["position"])
    group_of[learned["position"]] = groups(learned["block"], number)
    in_time = of_fold[["time"]].assign(group=group_of[of_fold["position"]].to_numpy())
    ordered = crops.sort_values(["time", "position"]), in_time.sort_values("time", kind="stable")
    scored = pd.merge_asof(*ordered, on="time", direction="nearest")
    scored["group"] = scored["position"].map(group_of).fillna(scored["group"]).astype(np.int64)
    return scored[scored["group"] != NO_GROUP].reset_index(drop=True)


def without_group(rows: pd.DataFrame, scored: pd.DataFrame, fold: int, group: int, stops: bool) -> pd.DataFrame:
    """Return the rows from which the model of a group learns, as a fold of their own with this number.

    Parameters
    ----------
    rows, scored
        The tables that `samples.samples` and `scored_rows` return.
    fold, group
        The numbers of the fold and of the group.
    stops : bool
        True if validation decides when the training stops. Then the next group is the validation.

    Returns
    -------
    DataFrame
        The columns of `rows`, with ``part`` ``train``. No row is in the group, less than `GAP` from a crop of the
        group, of a region of the group, or the partner of a row of the group. If `stops` is False, the labelled rows of
        the group are added with the part ``validation``, for the curves of the training, unless they lack a class.
    """
    learned = rows[(rows["fold"] == fold) & (rows["part"] != "test")]
    asked = scored[scored["group"] == group]
    own = learned["position"].map(scored.set_index("position")["group"])
    near = _near(learned["time"], asked["time"])
    related = learned["pair_id"].isin(set(learned.loc[own == group, "pair_id"]) - {""})
    if "noaa_ar" in learned:
        related |= learned["noaa_ar"].isin(asked["noaa_ar"])
    others = learned[(own != group) & ~near & ~related].assign(fold=group, part="train")
    if stops:
        following = (group + 1) % (scored["group"].max() + 1)
        parts = np.where(own[others.index] == following, "validation", "train")
        return others.assign(part=parts).reset_index(drop=True)
    held_out = learned[own == group].assign(fold=group, part="validation")
    both_classes = held_out["label"].min() < held_out["label"].max()
    return pd.concat([others, held_out] if both_classes else [others], ignore_index=True)


def _near(times: pd.Series, others: pd.Series) -> npt.NDArray[np.bool_]:
    """Return which times are less than `GAP` from one of the others, (N,)."""
    moments = np.sort(others.to_numpy())
    first = np.searchsorted(moments, (times - GAP).to_numpy(), side="right")
    return first < np.searchsorted(moments, (times + GAP).to_numpy(), side="left")
