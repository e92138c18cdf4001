"""A run compared with others in the store: with which of them, and the difference from the reference run."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_comparison, runs
from solarflare.tracking.mlflow.run_comparison import RunComparison
from solarflare.tracking.mlflow.run_state import RunState, changes
from solarflare.verification.scores import seeds

EARLIER = 5  # runs that a run is compared with, besides the champion


@dataclass(frozen=True)
class ComparedRun:
    """A run compared with others.

    The verdict is about the reference run: the champion, or the newest trusted run with the same test rows.
    """

    others: list[RunComparison]  # earlier runs, the newest first, and the champion
    reference: RunComparison | None  # None if there is neither
    champion: RunComparison | None  # if that is another run
    changes: list[tuple[str, str, str]]  # parameters that differ from the reference run: key, its value, the value now
    change: str  # the same in a few words


def compare(mlflow: Any, state: RunState, run: Any, leading: Any | None, predictions: pd.DataFrame) -> ComparedRun:
    """Compare the run of a state, and its table of predictions, with others; `leading` is the champion's version."""
    champion = leading.run_id if leading is not None and leading.run_id != run.info.run_id else None
    others = {other.info.run_id: other for other in runs.scored(mlflow, state.task, before=run)[:EARLIER]}
    if champion:
        others.setdefault(champion, mlflow.get_run(champion))
    comparisons = _comparisons(mlflow, state, run, others, champion, predictions)
    counting = [key for key, comparison in comparisons.items() if comparison.counts]
    reference = champion if champion in counting else next(iter(counting), None)
    if reference is None:
        return ComparedRun([*comparisons.values()], None, None, [], state.network)
    former = others[reference].data
    return ComparedRun(
        [*comparisons.values()],
        comparisons[reference],
        comparisons[champion] if champion else None,
        changes(former.params, state.parameters()),
        state.change(former.params, former.tags),
    )


def _comparisons(
    mlflow: Any, state: RunState, run: Any, others: dict[str, Any], champion: str | None, predictions: pd.DataFrame
) -> dict[str, RunComparison]:
    """Return the comparison with each of some runs, by their ids."""
    test, contents = run_comparison.digest(predictions), state.contents()
    same_rows = {key: other.data.params for key, other in others.items() if other.data.tags.get("test") == test}
    spreads = run_comparison.spreads(state.task, run.data.params, same_rows)
    forecasts = {key: _predictions(mlflow, state.task, key) for key in same_rows}
    differences = run_comparison.differences(predictions, forecasts, state.params.evaluate, spreads)
    return {
        key: RunComparison(
            name=runs.called(other),
            link=runs.page(other),
            champion=key == champion,
            trusted=other.data.tags.get("trusted") == "true",
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
