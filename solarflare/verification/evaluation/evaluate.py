"""Scores the networks of a task on its test rows, and writes all the numbers. Only here are the test rows read."""

from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core import absent, tables
from solarflare.core.console import log
from solarflare.core.files import atomic_directory, read_json, write_json
from solarflare.core.paths import AUDIT, RAW
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.samples import samples
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import description, fusion, saved_model
from solarflare.networks.folds import FEW
from solarflare.networks.schema import Train
from solarflare.sun.events.records import Records
from solarflare.verification.evaluation import drift, forecast, from_regions
from solarflare.verification.evaluation.attribution_mass import explain, sample
from solarflare.verification.evaluation.cost import cost
from solarflare.verification.evaluation.forecast import FUSION
from solarflare.verification.evaluation.from_regions import AND_HISTORY, FROM_REGIONS
from solarflare.verification.evaluation.integrated_gradients import attribute
from solarflare.verification.evaluation.schema import EvaluationParams
from solarflare.verification.results import shown
from solarflare.verification.results.wording import wording
from solarflare.verification.scores import curves, slices, trust
from solarflare.verification.scores.assessment import assess, rounded
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.headline import headline

COMBINATIONS = (FUSION, FROM_REGIONS, AND_HISTORY)
DECIMALS = 6  # of the numbers behind the figures


def evaluate(task: Task, chosen: EvaluationParams, records: Records) -> None:
    """Score a task. Write its metrics, its details, the predictions, the data of the plots, and attribution maps.

    If the model is absent, all of these are marked absent.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    chosen : EvaluationParams
        The questions, the instruments, how crops were cut, and how scores get their intervals.
    records : Records
        The records from which the baselines without images make their forecasts.

    Raises
    ------
    InputError
        If an input is missing or broken.
    """
    if reason := absent.reason(task.model):
        for path in (task.metrics, task.details, task.predictions, task.plots, task.attributions):
            absent.mark(path, reason)
        return

    description.check_hashes(task.model)
    log.info("%s: the network and its baselines are scored", task)
    question, instrument = chosen.label.of(task), chosen.instrument.of(task)
    images = Crops(task.crops)
    rows = samples.read_samples(task, images.index)
    features, missing = forecast.baseline_features(rows, images, instrument, records, question)
    lacking = absent_combinations(task, chosen)
    regions = {} if task == Task.REGION or FROM_REGIONS in lacking else from_regions.features(rows, features)
    by_fold = {fold: features | regions.get(fold, {}) for fold in rows["fold"].unique()}
    test = forecast.forecast_test_rows(rows, images, task.model, by_fold, chosen.train(task))
    network, references = forecast.network_and_baselines(test, list(features))
    combined = forecast.named(test, [name for name in COMBINATIONS if name in test])
    plan = BlockBootstrap(test["block"].to_numpy(), chosen.evaluate.resamples, chosen.evaluate.seed)
    truth = test["true_probability"].to_numpy(float)
    confounders = tables.read(task.confounders, tables.CONFOUNDERS)
    confounded = forecast.confounder_forecasts(confounders, rows, test)
    known_truth = None if np.isnan(truth).any() else truth
    scores = assess(network, references, plan, known_truth, confounded, combinations=combined)
    scores["baselines"] |= {name: {"absent": reason} for name, reason in missing.items()}
    unmade = {name: {"absent": reason} for name, reason in lacking.items()}
    scores["combinations"] = scores.get("combinations", {}) | unmade
    if remark := few_validated(rows, chosen.train(task), task):
        scores["few_validated"] = remark
    scores["slices"] = rounded(slices.assess(network, parts(test, features), plan))
    years = slices.by_year(test["time"].to_numpy("datetime64[s]"))
    shifts = drift.input_shifts(rows, test, features["logistic"])
    scores["drift"] = rounded(drift.assess(network, years, shifts, plan))
    scores["threshold"] = rounded({f"fold-{k}": float(fold["threshold"].iloc[0]) for k, fold in test.groupby("fold")})
    scores["cost"] = cost(task.model)
    audit = read_json(AUDIT, "audit")
    scores |= trust.judge(audit.get(task, audit), chosen.split.method, scores).content
    explained, pictured = sample(test), shown.choose(test)
    # At once: a network takes longer to be prepared than to be asked about the pictured rows.
    attribution = attribute(rows, pd.concat([explained, pictured], ignore_index=True), images, task.model)
    of_explained, of_pictured = attribution.divided(len(explained))
    cutter = Cutter(task, instrument, RAW, chosen.crop)
    scores["attribution"] = explain(explained, of_explained, images.index, records.regions, cutter, chosen.evaluate)

    write_json(task.details, scores)
    write_json(task.metrics, headline(scores))
    tables.write(test.reindex(columns=list(tables.PREDICTIONS.columns)), task.predictions, tables.PREDICTIONS)
    answers, logistic = np.array(wording(question).answers), references["logistic"]
    data = {
        "roc": curves.roc(network, plan),
        "roc_logistic": curves.roc(logistic, plan),
        "pr": curves.precision_recall(network, plan),
        "pr_logistic": curves.precision_recall(logistic, plan),
        "reliability": curves.calibration(network, plan),
        # DVC's template of a confusion matrix counts the rows.
        "confusion": pd.DataFrame({"actual": answers[network.label], "predicted": answers[network.alarm.astype(int)]}),
        "training": histories(task.model),
    }
    with atomic_directory(task.plots) as partial:
        for name, table in data.items():
            table.round(DECIMALS).to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")
    with atomic_directory(task.attributions) as partial:
        shown.write(partial, pictured, of_pictured.maps)


def parts(test: pd.DataFrame, features: dict[str, pd.DataFrame]) -> dict[str, slices.Mask]:
    """Return masks of the parts of the test rows that are scored on their own.

    There are parts by longitude only if the rows have a longitude. There are parts by the state before the forecast
    only if the baseline ``persistence`` is there.
    """
    masks = slices.by_year(test["time"].to_numpy("datetime64[s]"))
    masks |= slices.by_class(test["label"].to_numpy(), test["goes_class"].to_numpy(str))
    if "longitude" in test:
        masks |= slices.by_longitude(test["longitude"].to_numpy(float))
    if "persistence" in features:
        before = features["persistence"]["before"].loc[test["position"]]
        masks |= slices.by_state_before(before.to_numpy() > 0)
    return masks


def absent_combinations(task: Task, chosen: EvaluationParams) -> dict[str, str]:
    """Return by name why a forecast that combines networks and records is absent."""
    fused = fusion.read(description.model_folders(task.model)[0])
    reasons = {FUSION: fused if isinstance(fused, str) else None}
    if task == Task.DISK:
        reasons[FROM_REGIONS] = from_regions.reason_for_none(chosen)
    return {name: reason for name, reason in reasons.items() if reason}


def few_validated(rows: pd.DataFrame, settings: Train, task: Task) -> str | None:
    """Return a sentence if the threshold and the calibration of a fold rest on few validation rows of a class."""
    validation = rows[rows["part"] == "validation"]
    fewest = validation.groupby(["fold", "label"]).size().min()
    if settings.cross_fit or fewest >= FEW:
        return None
    return f"only {fewest} validation rows of a class decide threshold and calibration; set train_{task}.cross_fit"


def histories(models: Path) -> pd.DataFrame:
    """Return the training curves of all folds in one table, with the number of their fold."""
    paths = sorted(models.rglob(saved_model.HISTORY), key=lambda path: (len(path.parts), path.parent.name))
    return pd.concat([pd.read_csv(path).assign(fold=fold) for fold, path in enumerate(paths)], ignore_index=True)
