"""Everything MLflow: the store, one run a training, found again by what went into it.

MLflow is a by-product. Stages write their outputs first, and all that is logged is read back from these outputs, so a
result that DVC restored from its cache is logged in the same way, without TensorFlow.
"""

import hashlib
import importlib.metadata
import json
import logging
import os
import re
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from filelock import FileLock

from solarflare import absence, params, pipeline
from solarflare.console import log
from solarflare.errors import InputError
from solarflare.files import main_checkout, sha256
from solarflare.params import TASKS, DiskLabel, Params, Task

FINGERPRINT = "solarflare.fingerprint"
EVALUATION = "solarflare.evaluation"

# Nothing leaves the machine unasked, and a server that does not answer is given up in seconds.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
METRICS_PER_BATCH = 1000  # MLflow's limit
ARTIFACT_PATHS = {"experiments": "artifact_location", "runs": "artifact_uri"}


def store_uri() -> str:
    """Return where runs are kept: ``MLFLOW_TRACKING_URI`` if set, else ``mlflow.db`` in the main checkout."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{main_checkout().resolve() / 'mlflow.db'}"


class StoreError(InputError):
    """The store cannot be reached or refuses."""


def create_store() -> None:
    """Create the store and its experiments, unless they are there.

    Raises
    ------
    StoreError
        If it cannot be reached.
    """
    with _store():
        pass


def log_training(task: Task) -> None:
    """Log what ``train_<task>`` wrote: parameters, curves, the model.

    Nothing happens if a training of the same inputs is in the store already, if the task is absent, or outside a DVC
    project. A store that cannot be reached is a warning; `solarflare log` makes up for it later.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    """
    fingerprint = _fingerprint(task)
    if fingerprint is None or _is_logged({FINGERPRINT: fingerprint}):
        return
    with _by_product(), _store() as mlflow:
        _training_run(mlflow, task, fingerprint)


def log_evaluation(task: Task) -> None:
    """Add to the run of a training what ``evaluate`` wrote: scores, figures, predictions.

    Logs the training first if it is not in the store. Nothing happens, without importing MLflow, if all of it is.
    Otherwise as `log_training`.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    """
    fingerprint = _fingerprint(task)
    if fingerprint is None:
        return
    metrics, predictions = Path(f"metrics/{task}.json"), Path(f"metrics/predictions/{task}.csv")
    evaluation = hashlib.sha256((sha256(metrics) + sha256(predictions)).encode()).hexdigest()
    if _is_logged({FINGERPRINT: fingerprint, EVALUATION: evaluation}):
        return
    scores, loaded = json.loads(metrics.read_text()), params.load()
    with _by_product(), _store() as mlflow:
        run_id = _training_run(mlflow, task, fingerprint)
        with mlflow.start_run(run_id=run_id):
            mlflow.log_metrics(_numbers(scores), synchronous=True)
            mlflow.log_artifact(str(metrics))
            mlflow.log_artifact(str(predictions), "predictions")
            mlflow.log_artifacts(f"reports/{task}", "figures")
            mlflow.set_tags(
                {
                    "mlflow.runName": f"{_name(loaded, task)}, ROC-AUC {scores['roc_auc']['value']}",
                    "mlflow.note.content": _note(loaded, task, scores),
                    "trusted": str(scores["trusted"]).lower(),
                    EVALUATION: evaluation,
                }
            )
        log.info("%s: logged the scores to MLflow", task)


class CalibratedNetwork:
    """The model that MLflow loads: images in, calibrated probabilities out.

    Parameters
    ----------
    folder : Path
        What ``train_<task>`` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def predict(self, images: npt.NDArray[np.uint8], params: dict[str, Any] | None = None) -> npt.NDArray[np.float64]:
        """Return the probability of label 1 for each image.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, H, W, C)
            As the crop stage cuts them.
        params : None
            Part of MLflow's signature; there are none.

        Returns
        -------
        ndarray of float64, shape (N,)
            From 0 to 1.
        """
        from solarflare import training

        return training.probabilities(self.folder, images)


def _load_pyfunc(path: str) -> CalibratedNetwork:
    """Load the model; MLflow calls this by its name."""
    return CalibratedNetwork(Path(path))


@contextmanager
def _by_product() -> Iterator[None]:
    """Let no training be lost because its run cannot be logged."""
    try:
        yield
    except StoreError as error:
        log.warning("warning: not logged: %s", error)


@contextmanager
def _store() -> Iterator[Any]:
    """Yield MLflow, connected to the store, while no other process of this project is."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    root, uri = main_checkout().resolve(), store_uri()
    own = uri == f"sqlite:///{root}/mlflow.db"
    # Two processes that open a fresh SQLite store at once would both migrate it.
    with FileLock(root / "mlflow.db.lock"):
        try:
            mlflow.set_tracking_uri(uri)
            for task in TASKS:
                folder = f"{root}/mlartifacts/{task}" if uri.startswith("sqlite:") else None
                if mlflow.get_experiment_by_name(task) is None:
                    mlflow.create_experiment(task, artifact_location=folder)
            if own:
                _follow_a_move(root)
            yield mlflow
        except mlflow.MlflowException as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"MLflow at {uri}: {reason}; mend it or unset MLFLOW_TRACKING_URI, then run `solarflare log`"
            ) from None


def _follow_a_move(root: Path) -> None:
    """Make the store refer to the artifacts beside it: MLflow keeps absolute paths, and a checkout may be moved."""
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        for table, column in ARTIFACT_PATHS.items():
            beside = f"substr({column}, instr({column}, '/mlartifacts/'))"
            connection.execute(
                f"UPDATE {table} SET {column} = ? || {beside} WHERE {column} LIKE '%/mlartifacts/%'",  # noqa: S608
                (str(root),),
            )


def _is_logged(tags: dict[str, str]) -> bool:
    """Tell whether a finished run with these tags is in a SQLite store, in a fraction of what MLflow's import takes.

    False as well if it cannot tell: a store that is not there yet, has no tables, is busy, or is of another kind.
    """
    kind, _, path = store_uri().partition(":///")
    if kind != "sqlite" or not Path(path).exists():
        return False
    query = (
        "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) "
        "WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND key = ? AND value = ?"
    )
    try:
        with closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(set.intersection(*(set(connection.execute(query, tag)) for tag in tags.items())))
    except sqlite3.OperationalError:
        return False


def _fingerprint(task: Task) -> str | None:
    """Return what identifies the training of a task; None if the task is absent or nothing can identify it."""
    if absence.reason(Path(f"models/{task}")) is not None:
        return None
    return pipeline.fingerprint(f"train_{task}")


def _training_run(mlflow: Any, task: Task, fingerprint: str) -> str:
    """Return the id of the run of a training, logged now if it is not in the store."""
    experiment_id = mlflow.get_experiment_by_name(task).experiment_id
    found = mlflow.search_runs(
        [experiment_id], f"tags.`{FINGERPRINT}` = '{fingerprint}'", max_results=1, output_format="list"
    )
    if found and found[0].info.status == "FINISHED":
        return found[0].info.run_id
    loaded = params.load()
    unfinished = found[0].info.run_id if found else None
    with mlflow.start_run(run_id=unfinished, experiment_id=experiment_id) as run:
        mlflow.set_tags({"mlflow.runName": _name(loaded, task), FINGERPRINT: fingerprint, **_tags(loaded, task)})
        mlflow.log_params(_training_params(loaded, task), synchronous=True)
        _log_curves(mlflow, task, run.info.run_id)
        _log_model(mlflow, task)
        log.info("%s: logged the training to MLflow", task)
        return run.info.run_id


def _tags(loaded: Params, task: Task) -> dict[str, str]:
    """Return where a training comes from: stage, origin, instrument, Git, and the experiment if it is one."""
    tags = {
        "stage": f"train_{task}",
        "origin": loaded.scrape.origin,
        "instrument": getattr(loaded.instrument, task),
        "network": loaded.train(task).network,
        "question": _question(loaded, task),
        # By itself MLflow would keep the absolute path of the script.
        "mlflow.source.name": f"stages/train_{task}.py",
        "mlflow.source.git.commit": _git("rev-parse", "HEAD"),
        "mlflow.source.git.branch": _git("branch", "--show-current"),
        # What the pipeline itself rewrites does not make a commit's code or parameters dirty.
        "dirty": str(bool(_git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!metrics"))).lower(),
        **{name: os.environ.get(name, "") for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV")},
    }
    return {name: value for name, value in tags.items() if value}


def _git(*arguments: str) -> str:
    """Return what git prints; nothing where there is no repository."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _question(loaded: Params, task: Task) -> str:
    """Return the question that a task's labels answer, in a few words."""
    label = loaded.label.disk if task == "disk" else loaded.label.region
    if isinstance(label, DiskLabel) and label.target == "active_region":
        return "active region"
    flare = f"{label.min_class} flare {'in progress' if label.event == 'overlap' else 'starting'}"
    return f"{flare}, {0 - label.before:+g} to {label.after:+g} h" if label.before or label.after else flare


def _name(loaded: Params, task: Task) -> str:
    """Return what a run is called before its score is known."""
    return f"{task} {getattr(loaded.instrument, task)} {loaded.train(task).network}, {_question(loaded, task)}"


def _training_params(loaded: Params, task: Task) -> dict[str, Any]:
    """Return the parameters behind a training by dotted key: not the other task's or origins', nor what follows it."""
    content = loaded.model_dump(mode="json", exclude={"audit", "evaluate"})
    content["scrape"] = {key: content["scrape"][key] for key in ("origin", loaded.scrape.origin)}
    others = set(TASKS) - {task}
    return {key: value for key, value in params.dotted(content).items() if others.isdisjoint(re.split(r"[._]", key))}


def _log_curves(mlflow: Any, task: Task, run_id: str) -> None:
    """Log every column of every fold's ``history.csv``, by epoch."""
    folder, now = Path(f"models/{task}"), int(time.time() * 1000)
    for path in sorted(folder.rglob("history.csv")):
        prefix = "training/" if path.parent == folder else f"training/{path.parent.name}/"
        history = pd.read_csv(path)
        metrics = [
            mlflow.entities.Metric(prefix + name, value, now, epoch)
            for name in history.columns.drop("epoch")
            for epoch, value in zip(history["epoch"].tolist(), history[name].tolist(), strict=True)
        ]
        for first in range(0, len(metrics), METRICS_PER_BATCH):
            mlflow.MlflowClient().log_batch(run_id, metrics[first : first + METRICS_PER_BATCH])


def _log_model(mlflow: Any, task: Task) -> None:
    """Log what ``train_<task>`` wrote as a model that takes images, with one crop as the example."""
    # sunpy comes with it, and takes a second that `solarflare log` does not have when there is nothing to log.
    from solarflare.crops import Crops

    example = Crops(Path(f"data/crops/{task}")).take([0])
    schema, tensor = mlflow.types.Schema, mlflow.types.TensorSpec
    # Saved, then logged: `log_model` would start the network on the example, and TensorFlow with it.
    with tempfile.TemporaryDirectory() as folder:
        mlflow.pyfunc.save_model(
            f"{folder}/model",
            loader_module=__name__,
            data_path=f"models/{task}",
            signature=mlflow.models.ModelSignature(
                inputs=schema([tensor(np.dtype(np.uint8), (-1, *example.shape[1:]))]),
                outputs=schema([tensor(np.dtype(np.float64), (-1,))]),
            ),
            input_example=example,
            pip_requirements=[f"tensorflow=={importlib.metadata.version('tensorflow')}"],
        )
        mlflow.log_artifacts(f"{folder}/model", "model")


def _numbers(scores: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of ``metrics/<task>.json``: ``roc_auc``, ``roc_auc_low``, ``baselines/logistic/roc_auc``."""
    return {
        re.sub(r"\.(low|high)$", r"_\1", key.removesuffix(".value")).replace(".", "/"): float(value)
        for key, value in params.dotted(scores).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _note(loaded: Params, task: Task, scores: dict[str, Any]) -> str:
    """Return the description that MLflow's page shows above a run, in Markdown."""
    rows = [
        f"| {name} | {score['value']} | {score['low']} to {score['high']} |"
        for name, score in scores.items()
        if isinstance(score, dict) and {"value", "low", "high"} <= score.keys()
    ]
    verdict = "Trusted." if scores["trusted"] else f"**Not trusted**: {scores['untrusted_because']}."
    return "\n".join(
        [f"{_name(loaded, task)}. {verdict}", "", "| on test | value | 95 % interval |", "|---|---|---|", *rows]
    )
