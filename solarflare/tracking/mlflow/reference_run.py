"""Compares a run with other runs in the store, and chooses the reference run that its verdict is about."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_comparison, runs
from solarflare.tracking.mlflow.run_comparison import RunComparison
from solarflare.tracking.mlflow.run_state import STATE, RunState
from solarflare.verification.scores import seeds, trust

EARLIER = 5  # a run is compared with so many earlier runs and with the champion


@dataclass(frozen=True)
class ComparedRun:
    """A run, and its comparisons with other runs.

    The verdict on the run is about one of them, the reference: the champion, else the newest earlier run. A run can
    only be the reference if it is trusted and has the same test rows. If the same training was evaluated before, the
    newest run with an earlier evaluation is the reference in any case.
    """

    others: list[RunComparison]  # with earlier runs, the newest first. Others of the training and the champion follow.
    reference: RunComparison | None  # None if no other run is trusted and has the same test rows
    champion: RunComparison | None  # None if this run is the champion, or if there is no champion or no reference
    changes: list[tuple[str, str, str]]  # parameters that differ: key, value of the reference, value of this run
    changes_in_words: str  # such as "epochs=61, 2 more" or "other data"; the network's name if there is no reference


def compare(mlflow: Any, state: RunState, run: Any, leading: Any | None, predictions: pd.DataFrame) -> ComparedRun:
    """Compare the run of a state with other runs. `leading` is the champion's version of the model, if there is one.

    `predictions` is the run's table with the columns of `tables.PREDICTIONS`.
    """
    champion = leading.run_id if leading is not None and leading.run_id != run.info.run_id else None
    earlier = runs.scored(mlflow, state.task, before=run)
    same_training = runs.scored(mlflow, state.task, before=run, tags={STATE: state.key})
    others = {other.info.run_id: other for other in (*earlier[:EARLIER], *same_training[:1])}
    if champion:
        others.setdefault(champion, mlflow.get_run(champion))
    comparisons = _comparisons(mlflow, state, run, others, champion, predictions)
    usable = [key for key, comparison in comparisons.items() if comparison.counts]
    if same_training:
        reference: str | None = same_training[0].info.run_id
    else:
        reference = champion if champion in usable else next(iter(usable), None)
    if reference is None:
        return ComparedRun([*comparisons.values()], None, None, [], state.network)
    former = others[reference].data
    return ComparedRun(
        [*comparisons.values()],
        comparisons[reference],
        comparisons[champion] if champion else None,
        state.changes_since(former.params, former.tags),
        state.changes_in_words(former.params, former.tags),
    )


def _comparisons(
    mlflow: Any, state: RunState, run: Any, others: dict[str, Any], champion: str | None, predictions: pd.DataFrame
) -> dict[str, RunComparison]:
    """Return the comparison of `run` with each of `others`, by the id of the other run."""
    test, contents = run_comparison.digest(predictions), state.contents()
    same_rows = {key: other.data.params for key, other in others.items() if other.data.tags.get("test") == test}
    spreads = run_comparison.spreads(state.task, run.data.params, same_rows)
    forecasts = {key: _predictions(mlflow, state.task, key) for key in same_rows}
    differences = run_comparison.differences(predictions, forecasts, state.params.evaluate, spreads)
    return {
        key: RunComparison(
            name=runs.short_name(other),
            link=runs.page_address(other),
            champion=key == champion,
            trusted=trust.of_tag(other.data.tags.get("trusted")),
            same_training=other.data.tags.get(STATE) == state.key,
            reseeded=contents.items() <= other.data.tags.items()
            and seeds.reseeded(state.task, other.data.params, run.data.params),
            difference=differences.get(key),
            spread=spreads.get(key),
        )
        for key, other in others.items()
    }


def _predictions(mlflow: Any, task: Task, run_id: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path=f"predictions/{task}.csv", dst_path=folder
        )
        return tables.read(Path(path), tables.PREDICTIONS)
