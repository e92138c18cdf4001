"""Test is read once, here: each fold's network and baselines forecast the fold's test rows, and all rows are scored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from solarflare.core import absent, tables
from solarflare.core.console import progress
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_directory, atomic_path
from solarflare.core.paths import RAW
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.dataset.samples import samples
from solarflare.dataset.shards.reader import Crops
from solarflare.networks import calibration, saved_model, training
from solarflare.networks.batches import Images
from solarflare.report import figures, gallery, summary
from solarflare.report.wording import Wording, wording
from solarflare.sun.events.questions import DiskLabel, RegionLabel
from solarflare.sun.events.records import Records, features
from solarflare.sun.images.instruments import Instrument
from solarflare.verification.evaluation import baselines
from solarflare.verification.evaluation.attribution_mass import explain, sample
from solarflare.verification.evaluation.cost import cost
from solarflare.verification.evaluation.integrated_gradients import attribute
from solarflare.verification.evaluation.schema import EvaluationParams
from solarflare.verification.scores import curves, slices
from solarflare.verification.scores.assessment import assess, rounded, untrusted_because
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

Values = npt.NDArray[np.float64]

AT_ONCE = 64  # images in memory while their statistics are taken
DECIMALS = 6  # of a probability or a threshold; what is scored is rounded already: the scores follow from the table
EVEN_ODDS = 0.5  # the threshold of climatology, which has no validation score to choose one by
SHOWN = 2 * figures.COLUMNS  # crops in each group of a contact sheet


def evaluate(task: Task, chosen: EvaluationParams, records: Records) -> None:
    """Score a task: ``metrics/<task>.json``, its predictions, the data of its plots and its figures.

    Where the model is absent, so are these.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    chosen : EvaluationParams
        All parameters.
    records : Records
        From which the baselines without images make their forecasts.

    Raises
    ------
    InputError
        If an input is missing or broken.
    """
    models, metrics, predictions = task.model, task.metrics, Path("metrics/predictions")
    plot_data, reports = task.plots, task.figures
    if reason := absent.reason(models):
        for path in (metrics, predictions / f"{task}.csv", plot_data, reports):
            absent.mark(path, reason)
        return

    question = chosen.label.of(task)
    images = Crops(task.crops)
    rows = samples.read_samples(task, images.index)
    features, missing = predictors(rows, images, chosen.instrument.of(task), records, question)
    test = forecast(rows, images, models, features, chosen.train(task).refit)
    network, references = forecasts(test, list(features))
    plan = BlockBootstrap(test["block"].to_numpy(), chosen.evaluate.resamples, chosen.evaluate.seed)
    truth = test["true_probability"].to_numpy(float)
    confounded = confounders(tables.read(task.confounders, tables.CONFOUNDERS), rows, test)
    scores = assess(network, references, plan, None if np.isnan(truth).any() else truth, confounded)
    scores["baselines"] |= {name: {"absent": reason} for name, reason in missing.items()}
    scores["slices"] = rounded(slices.assess(network, parts(test, features), plan))
    scores["threshold"] = rounded({f"fold-{k}": float(rows["threshold"].iloc[0]) for k, rows in test.groupby("fold")})
    scores["cost"] = cost(models)
    reason = untrusted_because(_audited(task), chosen.split.method, scores)
    scores |= {"trusted": True} if reason is None else {"trusted": False, "untrusted_because": reason}

    asked, cutter = sample(test), Cutter(task, chosen.instrument.of(task), RAW, chosen.crop)
    found = attribute(rows, asked, images, models)
    scores["attribution"] = explain(asked, found, images.index, records.regions, cutter, chosen.evaluate)

    words = wording(question)
    with atomic_path(metrics) as partial:
        partial.write_text(json.dumps(scores, indent=2, sort_keys=True) + "\n")
    tables.write(
        test.reindex(columns=list(tables.PREDICTIONS.columns)), predictions / f"{task}.csv", tables.PREDICTIONS
    )
    compared = {"network": network, "logistic": references["logistic"]}
    drawn = {
        "roc": {name: curves.roc(one, plan) for name, one in compared.items()},
        "pr": {name: curves.precision_recall(one, plan) for name, one in compared.items()},
        "reliability": {"network": curves.calibration(network, plan)},
    }
    write_plot_data(
        plot_data,
        {name: of["network"] for name, of in drawn.items()}
        | {"confusion": outcomes(network, words), "training": histories(models)},
    )
    with atomic_directory(reports) as partial:
        draw(partial, words, drawn, scores)
        contact_sheets(partial, words, test, images)
        shown = gallery.choose(test)
        maps = attribute(rows, shown, images, models).maps
        title = f"{words.question} Orange speaks for yes, blue for no"
        gallery.write(partial, title, shown, _pictures(shown, images), maps, chosen.instrument.of(task))


def predictors(
    rows: pd.DataFrame,
    images: Images,
    instrument: Instrument,
    records: Records,
    question: DiskLabel | RegionLabel,
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return what each baseline makes its forecasts from, and why the others are absent.

    Parameters
    ----------
    rows : DataFrame
        Of `samples.samples`.
    images : Images
        All crops, by position.
    instrument : str
        Decides which statistics of the images ``logistic`` gets.
    records : Records
        What the baselines of `records.features` get.
    question : DiskLabel or RegionLabel
        What is asked.

    Returns
    -------
    predictors : dict of DataFrame
        By baseline, numbers on an index of positions.
    absent : dict of str
        By baseline, a reason.
    """
    each = rows.drop_duplicates("position").set_index("position").sort_index()
    recorded = features(each, records, question)
    absent = {name: found for name, found in recorded.items() if isinstance(found, str)}
    present = {name: found for name, found in recorded.items() if isinstance(found, pd.DataFrame)}
    return present | {"logistic": _statistics(images, each.index.to_numpy(), instrument)}, absent


def forecast(
    rows: pd.DataFrame, images: Images, models: Path, features: dict[str, pd.DataFrame], refit: bool
) -> pd.DataFrame:
    """Forecast the test rows of every fold with what was fitted on the fold's other rows.

    Parameters
    ----------
    rows : DataFrame
        Of `samples.samples`.
    images : Images
        All crops, by position.
    models : Path
        What `folds.train` wrote.
    features : dict of DataFrame
        Of `predictors`.
    refit : bool
        Whether the baselines, like the network, learn from the validation rows too once their thresholds are chosen.

    Returns
    -------
    DataFrame
        The test rows of all folds in the order of time, path and region: columns of `rows`, and ``probability``,
        ``threshold``, ``base_rate`` (of the fold's rows that were learned from), and for each baseline the probability
        by its name and ``<name>_threshold``, all 0 to 1.
    """
    folders = saved_model.fold_folders(models, rows["fold"])
    tested = [
        _forecast_fold(rows[rows["fold"] == fold], images, folder, features, refit) for fold, folder in folders.items()
    ]
    key = [name for name in ("time", "path", "noaa_ar") if name in rows]
    return pd.concat(tested).sort_values(key, ignore_index=True)


def forecasts(test: pd.DataFrame, fitted: list[str]) -> tuple[Forecast, dict[str, Forecast]]:
    """Return the network's forecast, and those of climatology and the fitted baselines, from `forecast`'s columns."""
    label, base_rate = test["label"].to_numpy(), test["base_rate"].to_numpy()

    def one(probability: str, threshold: Values | float) -> Forecast:
        return Forecast(label, test[probability].to_numpy(), threshold, base_rate)

    references = {name: one(name, test[f"{name}_threshold"].to_numpy()) for name in fitted}
    network = one("probability", test["threshold"].to_numpy())
    return network, {"climatology": one("base_rate", EVEN_ODDS)} | references


def confounders(told: pd.DataFrame, rows: pd.DataFrame, test: pd.DataFrame) -> dict[str, Forecast]:
    """Return what each confounder of the audit alone forecasts, with thresholds chosen on validation.

    Parameters
    ----------
    told : DataFrame
        Of `tables.CONFOUNDERS`.
    rows : DataFrame
        Of `samples.samples`.
    test : DataFrame
        Of `forecast`.

    Raises
    ------
    InputError
        If a row of validation or test has no forecast.
    """
    key = [name for name in ("path", "noaa_ar", "fold") if name in rows]
    found = {}
    for name, of_one in told.groupby("confounder"):
        checked, asked = (
            df[[*key, "label", "base_rate"]].merge(of_one[[*key, "probability"]], on=key, how="left")
            for df in (rows[rows["part"] == "validation"].assign(base_rate=np.nan), test)
        )
        if checked["probability"].isna().any() or asked["probability"].isna().any():
            raise InputError(f"data/confounders: {name} forecasts not all rows; make it again with `dvc repro audit`")
        thresholds = {
            fold: calibration.best_threshold(df["probability"].to_numpy(), df["label"].to_numpy())
            for fold, df in checked.groupby("fold")
        }
        threshold = asked["fold"].map(thresholds).to_numpy()
        label, probability, base_rate = (asked[column].to_numpy() for column in ("label", "probability", "base_rate"))
        found[str(name)] = Forecast(label, probability, threshold, base_rate)
    return found


def parts(test: pd.DataFrame, features: dict[str, pd.DataFrame]) -> dict[str, slices.Mask]:
    """Return the parts of the test rows that are scored on their own, as far as the rows and the records tell them."""
    found = slices.by_year(test["time"].to_numpy("datetime64[s]"))
    found |= slices.by_class(test["label"].to_numpy(), test["goes_class"].to_numpy(str))
    if "longitude" in test:
        found |= slices.by_longitude(test["longitude"].to_numpy(float))
    if "persistence" in features:
        before = features["persistence"]["before"].loc[test["position"]]
        found |= slices.by_state_before(before.to_numpy() > 0)
    return found


def histories(models: Path) -> pd.DataFrame:
    """Return the training curves of all folds below each other, with their fold."""
    paths = sorted(models.rglob(saved_model.HISTORY), key=lambda path: (len(path.parts), path.parent.name))
    return pd.concat([pd.read_csv(path).assign(fold=fold) for fold, path in enumerate(paths)], ignore_index=True)


def outcomes(network: Forecast, words: Wording) -> pd.DataFrame:
    """Return one row a test row, which DVC's template of a confusion matrix counts."""
    answers = np.array(words.answers)
    return pd.DataFrame({"actual": answers[network.label], "predicted": answers[network.alarm.astype(int)]})


def write_plot_data(folder: Path, data: dict[str, pd.DataFrame]) -> None:
    """Write each table as a CSV file of its name."""
    with atomic_directory(folder) as partial:
        for name, df in data.items():
            df.round(DECIMALS).to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")


def draw(folder: Path, words: Wording, drawn: dict[str, dict[str, pd.DataFrame]], scores: dict[str, Any]) -> None:
    """Draw the curves of a network, beside the logistic baseline's, and its confusion matrix.

    Parameters
    ----------
    folder : Path
        Where ``roc.png``, ``pr.png``, ``reliability.png`` and ``confusion.png`` are written.
    words : Wording
        What they call the question and the answers.
    drawn : dict
        By figure and forecast, tables of `solarflare.verification.scores.curves`.
    scores : dict
        What ``metrics/<task>.json`` says.
    """
    scored = {"network": scores, **scores["baselines"]}

    def curves_by_legend(figure: str, score: str) -> dict[str, pd.DataFrame]:
        return {f"{name} {summary.interval(scored[name][score])}": curve for name, curve in drawn[figure].items()}

    base_rate = scores["base_rate"]["value"]
    title = f"{words.question} {scores['n']:,} test rows{'' if scores['trusted'] else ', not trusted'}"
    drawings = {
        "roc": figures.roc(curves_by_legend("roc", "roc_auc"), title),
        "pr": figures.precision_recall(curves_by_legend("pr", "pr_auc"), base_rate, title),
        "reliability": figures.reliability(drawn["reliability"]["network"], base_rate, title),
        "confusion": figures.confusion(scores["confusion"], words.answers, title),
    }
    for name, figure in drawings.items():
        figures.save(figure, folder / f"{name}.png")


def contact_sheets(folder: Path, words: Wording, test: pd.DataFrame, images: Images) -> None:
    """Draw, for each class, the crops of which the network was most certain, rightly and wrongly."""
    for label, answer in enumerate(words.answers):
        rows = test[test["label"] == label].sort_values("probability", ascending=label == 0, kind="stable")
        right = (rows["probability"] >= rows["threshold"]) == (label == 1)
        groups = {
            f"Rightly called {answer}, most certain first": rows[right].head(SHOWN),
            f"Wrongly called {words.answers[1 - label]}, most certain first": rows[~right][::-1].head(SHOWN),
        }
        sheet = {heading: _pictures(group, images) for heading, group in groups.items()}
        title = f"{words.question} {len(rows):,} test images: {answer}"
        figures.save(figures.contact_sheet(sheet, title), folder / f"contact_sheet_{answer}.png")


def _audited(task: Task) -> dict[str, Any]:
    """Return what the audit says of a task."""
    path = Path("metrics/audit.json")
    try:
        audit = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        raise InputError(f"{path} is not there or is broken; make it with `dvc repro audit`") from None
    return audit.get(task, audit)


def _statistics(images: Images, positions: npt.NDArray[np.int64], instrument: Instrument) -> pd.DataFrame:
    """Return the logistic baseline's statistics, a row a position."""
    parts = np.array_split(positions, -(-len(positions) // AT_ONCE))
    shown = progress(parts, len(parts), "batches of crops measured for the baseline")
    return pd.DataFrame(np.vstack([baselines.statistics(images.take(part), instrument) for part in shown]), positions)


def _forecast_fold(
    rows: pd.DataFrame, images: Images, folder: Path, features: dict[str, pd.DataFrame], refit: bool
) -> pd.DataFrame:
    train, validation, test = (rows[rows["part"] == part] for part in ("train", "validation", "test"))
    learned = pd.concat([train, validation]) if refit else train
    model, fitted = saved_model.load(folder)
    columns: dict[str, Any] = {}
    for name, numbers in features.items():
        scored = _regression(numbers, train, asked=validation)
        columns[f"{name}_threshold"] = calibration.best_threshold(scored, validation["label"].to_numpy())
        columns[name] = _regression(numbers, learned, asked=test)
    return test.assign(
        probability=fitted.apply(training.predict(model, images, test["position"].to_numpy())).round(DECIMALS),
        threshold=round(fitted.threshold, DECIMALS),
        base_rate=round(learned["label"].mean(), DECIMALS),
        **columns,
    )


def _regression(numbers: pd.DataFrame, learned: pd.DataFrame, asked: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return what a baseline forecasts for some rows, fitted on others."""
    regression = baselines.logistic(numbers.loc[learned["position"]].to_numpy(), learned["label"].to_numpy())
    return regression.predict_proba(numbers.loc[asked["position"]].to_numpy())[:, 1].round(DECIMALS)


def _pictures(rows: pd.DataFrame, images: Images) -> list[figures.Picture]:
    crops = images.take(rows["position"].to_numpy())
    regions = [f"  AR {number}" for number in rows["noaa_ar"]] if "noaa_ar" in rows else [""] * len(rows)
    return [
        figures.Picture(crop, f"{probability:.2f}{region}\n{time:%Y-%m-%d %H:%M}")
        for crop, probability, region, time in zip(crops, rows["probability"], regions, rows["time"], strict=True)
    ]
