"""How a run stands among the others in the store: which of them it is held against, and what differs from that one."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import tables
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import run_comparison, runs
from solarflare.tracking.mlflow.run_comparison import Compared
from solarflare.tracking.mlflow.run_state import RunState, changes
from solarflare.verification.scores import seeds

EARLIER = 5  # runs that a run is compared with, besides the champion


@dataclass(frozen=True)
class Standing:
    """What is known of a run beside others.

    Attributes
    ----------
    others : list of Compared
        Earlier runs, the newest first, and the champion.
    reference : Compared or None
        The one that the verdict is about: the champion, or the newest trusted run with the same test rows; None if
        there is neither.
    champion : Compared or None
        The champion, if that is another run.
    changes : list of (str, str, str)
        The parameters that are not those of the reference: key, its value, the value now.
    change : str
        That in a few words.
    """

    others: list[Compared]
    reference: Compared | None
    champion: Compared | None
    changes: list[tuple[str, str, str]]
    change: str


def stand(mlflow: Any, found: RunState, run: Any, leading: Any | None, predictions: pd.DataFrame) -> Standing:
    """Compare a run with others.

    Parameters
    ----------
    mlflow : module
        Of `store.connected`.
    found : RunState
        Of the working folder.
    run : Run
        Of that state.
    leading : ModelVersion, optional
        The champion.
    predictions : DataFrame
        Of `tables.PREDICTIONS`.
    """
    champion = leading.run_id if leading is not None and leading.run_id != run.info.run_id else None
    chosen = {one.info.run_id: one for one in runs.scored(mlflow, found.task, before=run)[:EARLIER]}
    if champion:
        chosen.setdefault(champion, mlflow.get_run(champion))
    compared = _compared(mlflow, found, run, chosen, champion, predictions)
    counting = [key for key, one in compared.items() if one.counts]
    reference = champion if champion in counting else next(iter(counting), None)
    if reference is None:
        return Standing([*compared.values()], None, None, [], found.network)
    held = chosen[reference].data
    return Standing(
        [*compared.values()],
        compared[reference],
        compared[champion] if champion else None,
        changes(held.params, found.parameters()),
        found.change(held.params, held.tags),
    )


def _compared(
    mlflow: Any, found: RunState, run: Any, chosen: dict[str, Any], champion: str | None, predictions: pd.DataFrame
) -> dict[str, Compared]:
    """Return the comparison with each of some runs, by their ids."""
    test, contents = run_comparison.digest(predictions), found.contents()
    same = {key: one for key, one in chosen.items() if one.data.tags.get("test") == test}
    others = {key: one.data.params for key, one in same.items()}
    spreads = run_comparison.spreads(found.task, run.data.params, others)
    forecasts = {key: _predictions(mlflow, found.task, key) for key in same}
    ahead = run_comparison.differences(predictions, forecasts, found.params.evaluate, spreads)
    return {
        key: Compared(
            name=runs.called(one),
            link=runs.page(one),
            champion=key == champion,
            trusted=one.data.tags.get("trusted") == "true",
            reseeded=contents.items() <= one.data.tags.items()
            and seeds.reseeded(found.task, one.data.params, run.data.params),
            difference=ahead.get(key),
            spread=spreads.get(key),
        )
        for key, one in chosen.items()
    }


def _predictions(mlflow: Any, task: Task, run_id: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path=f"predictions/{task}.csv", dst_path=folder
        )
        return tables.read(Path(path), tables.PREDICTIONS)
