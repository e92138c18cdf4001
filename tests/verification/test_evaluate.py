"""What is said of a network on its test rows: against its baselines, with intervals, trusted or not."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from solarflare.core import absent, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.networks import architectures, description, hashes, saved_model
from solarflare.networks.calibration import Calibration, Platt
from solarflare.networks.description import ModelDescription
from solarflare.networks.fusion import LOGIT, Regression
from solarflare.report import summary
from solarflare.sun.events.records import Records
from solarflare.verification.evaluation import evaluate, forecast
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.results import shown
from solarflare.verification.scores import trust
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.headline import headline
from solarflare.verification.scores.score_table import interval
from solarflare.verification.scores.scores import Forecast
from solarflare.verification.scores.trust import Trust
from tests import parameters
from tests.import_graph import closure, imports
from tests.parameters import AllParams

ROOT = Path(__file__).resolve().parents[2]
N = 600

LABEL = np.arange(80) % 2
TIME = pd.Timestamp("2014-01-01") + pd.to_timedelta(np.arange(80)[::-1], unit="h")
QUESTION = parameters.load(parameters.FIXED).label.region


def flares_before(flaring: NDArray) -> pd.DataFrame:
    """Return a flare of C1.0, two hours before its image, of each region that is `flaring`."""
    start = pd.Series(TIME - pd.Timedelta(hours=2))[flaring]
    rows = pd.DataFrame({"start": start, "peak": start, "end": start, "goes_class": "C1.0"})
    rows["noaa_ar"], rows["latitude"], rows["longitude"], rows["list"] = 11000 + rows.index, np.nan, np.nan, "swpc"
    return tables.check(rows, tables.FLARES, "flares")


RECORDS = Records(flares_before(LABEL == 1), tables.empty(tables.REGIONS))


def noisy(label: NDArray, noise: float, seed: int) -> NDArray:
    """Return calibrated-looking probabilities, the worse the noisier."""
    return 1 / (1 + np.exp(-np.random.default_rng(seed).normal(2 * label - 1, noise)))


@pytest.fixture(scope="module")
def label() -> NDArray:
    return np.random.default_rng(1).integers(0, 2, N)


@pytest.fixture(scope="module")
def plan() -> BlockBootstrap:
    return BlockBootstrap(np.arange(N) // 20, 500, seed=1)


@pytest.fixture(scope="module")
def scores(label: NDArray, plan: BlockBootstrap) -> dict[str, Any]:
    network = Forecast(label, noisy(label, 1, seed=2), 0.5, 0.4)
    baselines = {
        "climatology": Forecast(label, np.full(N, 0.4), 0.5, 0.4),
        "logistic": Forecast(label, noisy(label, 3, seed=3), 0.5, 0.4),
    }
    return assess(network, baselines, plan, noisy(label, 0.5, seed=4))


def test_scores_come_with_intervals(scores: dict[str, Any]) -> None:
    for name in ("roc_auc", "pr_auc", "tss", "hss", "brier", "brier_skill", "accuracy", "balanced_accuracy"):
        assert scores[name]["low"] < scores[name]["value"] < scores[name]["high"], name


def test_the_confusion_counts_every_row_once(scores: dict[str, Any]) -> None:
    assert sum(scores["confusion"].values()) == scores["n"] == N


def test_climatology_has_no_skill(scores: dict[str, Any]) -> None:
    climatology = scores["baselines"]["climatology"]
    assert climatology["roc_auc"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert climatology["tss"]["value"] == climatology["hss"]["value"] == climatology["brier_skill"]["value"] == 0


@pytest.mark.parametrize("baseline", ["climatology", "logistic"])
def test_a_better_network_is_called_better(scores: dict[str, Any], baseline: str) -> None:
    difference = scores["differences"][baseline]["roc_auc"]
    own, other = scores["roc_auc"]["value"], scores["baselines"][baseline]["roc_auc"]["value"]
    assert difference["value"] == pytest.approx(own - other, abs=2e-4)
    assert difference["verdict"] == "better"


def test_a_difference_says_what_could_have_been_resolved(scores: dict[str, Any]) -> None:
    assert scores["differences"]["logistic"]["roc_auc"]["resolvable"] == scores["resolvable_difference"]


def test_a_network_is_not_distinguishable_from_itself(label: NDArray, plan: BlockBootstrap) -> None:
    network = Forecast(label, noisy(label, 1, seed=2), 0.5, 0.5)
    scores = assess(network, {"logistic": network}, plan)
    difference = scores["differences"]["logistic"]["roc_auc"]
    assert difference["verdict"] == "not distinguishable"
    assert difference["resolvable"] == 0
    assert scores["resolvable_difference"] == 0


def test_the_resolvable_difference_is_half_the_width_of_the_paired_interval(scores: dict[str, Any]) -> None:
    difference = scores["differences"]["logistic"]["roc_auc"]
    assert scores["resolvable_difference"] == pytest.approx((difference["high"] - difference["low"]) / 2, rel=0.15)


def test_nobody_beats_the_true_probability(scores: dict[str, Any]) -> None:
    assert scores["ceiling"]["difference"]["verdict"] == "worse"
    assert trust.judge({"leak": False, "probes": {}}, "chronological", scores) == Trust("yes")


def test_a_network_above_the_ceiling_is_not_trusted(label: NDArray, plan: BlockBootstrap) -> None:
    network, logistic = (Forecast(label, noisy(label, noise, seed=2), 0.5, 0.5) for noise in (0.3, 3))
    scores = assess(network, {"logistic": logistic}, plan, true_probability=noisy(label, 2, seed=5))
    judged = trust.judge({"leak": False, "probes": {}}, "chronological", scores)
    assert judged.verdict == "no"
    assert "true probability" in judged.reason


@pytest.mark.parametrize(
    ("audit", "method", "said"),
    [
        (
            {
                "leak": True,
                "probes": {"hour": {"leak": True}, "sky": {"leak": False}},
                "near_duplicates": {"pairs": 2, "first": []},
            },
            "chronological",
            "a leak: hour, near duplicates",
        ),
        ({"leak": False, "probes": {}}, "random", "split.method is random"),
        ({"absent": "no images"}, "chronological", "no verdict: no images"),
    ],
)
def test_scores_that_prove_nothing_say_why(audit: dict[str, Any], method: str, said: str) -> None:
    judged = trust.judge(audit, method, {})
    assert judged.verdict == "no"
    assert said in judged.reason


@pytest.mark.parametrize(
    ("blocks", "counts", "said"),
    [
        (10, (10, 10, 10, 10), ""),
        (9, (10, 10, 10, 10), "9 blocks of days, and at least 10"),
        (10, (10, 9, 10, 10), "19 test rows have label 0, and at least 20"),
        (10, (9, 10, 10, 10), "19 test rows have label 1"),
        (3, (81, 1, 0, 5), "3 blocks of days, and at least 10 are needed; 6 test rows have label 0"),
    ],
)
@pytest.mark.parametrize("written", ["judged now", "written by an earlier version"])
def test_few_blocks_or_rows_of_a_class_are_insufficient(
    blocks: int, counts: tuple[int, ...], said: str, written: str
) -> None:
    scores = {"blocks": blocks, "confusion": dict(zip(("tp", "fp", "fn", "tn"), counts, strict=True))}
    if written == "judged now":
        judged = trust.judge({"leak": False, "probes": {}}, "chronological", scores)
    else:
        judged = trust.read(scores | {"trusted": True})
    assert judged.verdict == ("insufficient" if said else "yes")
    assert said in judged.reason
    assert trust.read(scores | judged.content) == judged


def test_a_leak_is_a_no_however_few_the_rows(scores: dict[str, Any]) -> None:
    leak = {"leak": True, "probes": {"hour": {"leak": True}}, "near_duplicates": {"pairs": 0}}
    assert trust.judge(leak, "chronological", scores | {"blocks": 1}).verdict == "no"
    assert trust.read({"trusted": False, "untrusted_because": "a leak"}) == Trust("no", "a leak")


def test_metrics_are_json_and_round(scores: dict[str, Any]) -> None:
    decimals: list[int] = []
    json.loads(
        json.dumps(scores, allow_nan=False), parse_float=lambda text: decimals.append(len(text.partition(".")[2]))
    )
    assert max(decimals) == 4


def test_a_few_blocks_leave_intervals_blank(label: NDArray) -> None:
    network = Forecast(label, noisy(label, 1, seed=2), 0.5, 0.5)
    scores = assess(network, {"logistic": network}, BlockBootstrap(np.arange(N) // 300, 100, seed=1))
    assert scores["roc_auc"]["low"] is scores["roc_auc"]["high"] is scores["resolvable_difference"] is None


def test_the_table_puts_the_strongest_baseline_first_and_says_which_is_absent(
    scores: dict[str, Any], tmp_path: Path
) -> None:
    absent = scores["baselines"] | {"catalogue": {"absent": "no region reports"}}
    content = scores | {"trusted": "yes", "baselines": absent}
    table = summary.render(write_metrics(tmp_path, disk=content, region={"absent": "off"}))
    assert table.index("logistic") < table.index("climatology")
    assert "disk: no catalogue baseline, no region reports" in table


def test_confounders_stand_below_the_baselines_the_strongest_first_with_a_verdict_each(
    label: NDArray, plan: BlockBootstrap, tmp_path: Path
) -> None:
    network, seeing, blind = (Forecast(label, noisy(label, noise, seed=noise), 0.5, 0.4) for noise in (1, 2, 9))
    scores = assess(network, {"logistic": seeing}, plan, confounders={"day_of_year": blind, "area": network})
    assert scores["confounders"]["area"] == {score: scores[score] for score in ("roc_auc", "tss", "brier_skill")}
    write_metrics(tmp_path, disk=scores | {"trusted": "yes"}, region={"absent": "off"})
    lines = [line.split("  ") for line in summary.render(tmp_path).splitlines()[4:8]]
    cells = [[cell.strip() for cell in line if cell] for line in lines]
    assert [(line[0], line[-1]) for line in cells] == [
        ("logistic", "better"),
        ("confounders:", "confounders:"),
        ("area", "not distinguishable"),
        ("day of year", "better"),
    ]


def test_a_fusion_is_compared_with_the_records_and_with_the_network(
    label: NDArray, plan: BlockBootstrap, tmp_path: Path
) -> None:
    network, records, fusion = (Forecast(label, noisy(label, noise, seed=noise), 0.5, 0.4) for noise in (3, 2, 1))
    scores = assess(network, {"logistic": network, "records": records}, plan, combinations={"fusion": fusion})
    alone, fused = (
        scores["baselines"]["records"]["brier_skill"]["value"],
        scores["combinations"]["fusion"]["brier_skill"],
    )
    assert scores["image_adds"]["brier_skill"]["value"] == pytest.approx(fused["value"] - alone, abs=2e-4)
    assert scores["image_adds"]["roc_auc"]["verdict"] == scores["records_add"]["roc_auc"]["verdict"] == "better"
    assert scores["differences"]["fusion"]["roc_auc"]["value"] == -scores["records_add"]["roc_auc"]["value"]
    assert scores["combination_leads"]["fusion"]["records"] == scores["image_adds"]
    assert scores["combination_leads"]["fusion"]["logistic"]["roc_auc"]["verdict"] == "better"
    assert headline(scores | {"trusted": True})["image_adds"] == scores["image_adds"]["roc_auc"]["value"]
    table = summary.render(write_metrics(tmp_path, disk=scores | {"trusted": True}, region={"absent": "off"}))
    assert "combinations:\nfusion" in table
    assert "disk: the image adds to the records +" in table


def write_metrics(folder: Path, **contents: dict[str, Any]) -> Path:
    for task, content in contents.items():
        (folder / f"{task}.json").write_text(json.dumps(content))
    return folder


def test_the_table_names_every_forecast_and_says_whether_to_trust(scores: dict[str, Any], tmp_path: Path) -> None:
    found = {**scores, "trusted": "no", "trusted_reason": "the audit found a leak: hour"}
    table = summary.render(write_metrics(tmp_path, disk=scores | {"trusted": "yes"}, region=found))
    for word in ("disk", "region", "network", "climatology", "logistic", "ceiling", "better"):
        assert word in table
    assert "disk: trusted; 600 test rows" in table
    assert "region: NOT TRUSTED, the audit found a leak: hour" in table


def test_the_table_says_that_the_test_rows_are_insufficient(scores: dict[str, Any], tmp_path: Path) -> None:
    few = {**scores, "trusted": "insufficient", "trusted_reason": "3 blocks"}
    table = summary.render(write_metrics(tmp_path, disk=few, region={"absent": "off"}))
    assert "disk: INSUFFICIENT, 3 blocks; 600 test rows" in table


def test_the_table_has_the_accuracy_of_the_network_and_of_each_baseline(scores: dict[str, Any], tmp_path: Path) -> None:
    table = summary.render(write_metrics(tmp_path, disk=scores | {"trusted": "yes"}, region={"absent": "off"}))
    heading, _, _, *lines = table.splitlines()
    column = slice(heading.index("accuracy"), heading.index("network in ROC-AUC"))
    forecasts = {"network": scores, **scores["baselines"]}
    shown = {line.split(" ")[0]: line[column].strip() for line in lines[: len(forecasts)]}
    assert shown == {name: f"{of['accuracy']['value']:.2f}" for name, of in forecasts.items()}


def test_the_table_fits_into_110_columns_with_its_longest_cells(scores: dict[str, Any], tmp_path: Path) -> None:
    longest, verdict = {"value": -0.03, "low": -0.17, "high": -0.11}, {"roc_auc": {"verdict": "not distinguishable"}}
    forecast = dict.fromkeys(("tss", "brier_skill"), longest)
    baselines = {name: of | forecast for name, of in scores["baselines"].items()}
    found = scores | forecast | {"trusted": "yes", "baselines": baselines}
    confounders = {"disk_geometry": forecast | {"roc_auc": scores["roc_auc"]}}
    combinations = {"regions_history": baselines["logistic"]}
    found |= {"confounders": confounders, "combinations": combinations}
    found["differences"] = dict.fromkeys([*baselines, *confounders, *combinations], verdict)
    table = summary.render(write_metrics(tmp_path, disk=found, region=found))
    assert max(map(len, table.splitlines())) <= 110


def test_the_table_says_what_is_absent(scores: dict[str, Any], tmp_path: Path) -> None:
    write_metrics(tmp_path, disk={"absent": "tasks leaves it out"}, region=scores | {"trusted": "yes"})
    table = summary.render(tmp_path)
    assert "disk: absent, tasks leaves it out" in table


SETTINGS = parameters.load(parameters.FIXED).train_region.model_copy(update={"refit": False})


class Memory:
    """Images in memory, read like crops: brighter in the middle where the label is 1."""

    def __init__(self, label: NDArray) -> None:
        self.images = np.random.default_rng(1).integers(90, 166, (len(label), 32, 32, 1)).astype(np.uint8)
        self.images[label == 1, 12:20, 12:20] = 220

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.images[positions]


def untrained(folder: Path, threshold: float) -> None:
    folder.mkdir(parents=True)
    about = ModelDescription("compact", (32, 32, 1), Task.REGION, "gong", "simulated", {}, {})
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.6], "roc_auc": 0.7, "val_loss": 0.7, "val_roc_auc": 0.6})
    model = architectures.build("compact", (32, 32, 1))
    saved_model.save(folder, model, history, Calibration(Platt(1.0, 0.0), threshold), about)


@pytest.fixture(scope="module")
def two_folds(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Memory, Path]:
    return make_two_folds(tmp_path_factory.mktemp("models") / "region")


def make_two_folds(models: Path) -> tuple[pd.DataFrame, Memory, Path]:
    """Return rows, images and models of two folds, each the other's test."""
    untrained(models / "fold-0", 0.25)
    untrained(models / "fold-1", 0.75)
    label = LABEL
    each = pd.DataFrame(
        {
            "path": [f"{i:03}.jpg" for i in range(80)],
            "noaa_ar": 11000 + np.arange(80),
            "time": TIME,
            "block": np.arange(80) // 8,
            "label": label,
            "true_probability": np.nan,
            "position": np.arange(80),
        }
    )
    halves = np.arange(80) < 40
    parts = {0: np.where(halves, "test", "train"), 1: np.where(halves, "train", "test")}
    folds = [each.assign(fold=fold, part=part) for fold, part in parts.items()]
    rows = pd.concat(folds, ignore_index=True)
    rows.loc[(rows["part"] == "train") & (rows["position"] % 8 < 3), "part"] = "validation"
    return rows, Memory(label), models


@pytest.fixture(scope="module")
def tested(two_folds: tuple[pd.DataFrame, Memory, Path]) -> pd.DataFrame:
    rows, images, models = two_folds
    features, _ = forecast.baseline_features(rows, images, "gong", RECORDS, QUESTION)
    return forecast.forecast_test_rows(rows, images, models, {0: features, 1: features}, SETTINGS)


def test_each_row_is_forecast_by_the_fold_that_tests_it(tested: pd.DataFrame) -> None:
    assert sorted(tested["position"]) == list(range(80))
    assert tested.groupby("fold")["threshold"].unique().map(list).to_dict() == {0: [0.25], 1: [0.75]}


def test_rows_stand_in_the_order_of_time(tested: pd.DataFrame) -> None:
    assert tested["time"].is_monotonic_increasing


def test_the_network_s_probabilities_are_its_calibrated_scores(
    tested: pd.DataFrame, two_folds: tuple[pd.DataFrame, Memory, Path]
) -> None:
    _, images, models = two_folds
    first = tested[tested["fold"] == 0]
    expected = saved_model.probabilities(models / "fold-0", images.take(first["position"].to_numpy()))
    assert first["probability"].to_numpy() == pytest.approx(expected, abs=2e-6)


def test_baselines_are_fitted_on_the_other_rows(tested: pd.DataFrame) -> None:
    _, baselines = forecast.network_and_baselines(tested, ["logistic", "history"])
    assert baselines["logistic"].scores()["roc_auc"][0] > 0.95
    assert baselines["history"].scores()["roc_auc"][0] > 0.95
    assert set(baselines["climatology"].probability) == {0.6}


def test_baselines_learn_from_validation_too_where_the_network_does(
    tested: pd.DataFrame, two_folds: tuple[pd.DataFrame, Memory, Path]
) -> None:
    rows, images, models = two_folds
    features, _ = forecast.baseline_features(rows, images, "gong", RECORDS, QUESTION)
    refit = SETTINGS.model_copy(update={"refit": True})
    refitted = forecast.forecast_test_rows(rows, images, models, {0: features, 1: features}, refit)
    learned = rows[rows["part"] != "test"].groupby("fold")["label"].mean()
    assert refitted["base_rate"].to_numpy() == pytest.approx(refitted["fold"].map(learned).to_numpy())
    assert (refitted["logistic_threshold"] == tested["logistic_threshold"]).all()
    assert (refitted["logistic"] != tested["logistic"]).any()


def test_with_cross_fitting_there_is_a_fusion_of_logit_and_records(tmp_path: Path) -> None:
    rows, images, models = make_two_folds(tmp_path / "region")
    fused = Regression((LOGIT, "number_24h"), (0.0, 0.0), (1.0, 1.0), (0.0, 9.0), -3.0, 0.25, 0.5)
    for fold in (0, 1):
        fused.write(models / f"fold-{fold}" / description.FUSION)
    features, _ = forecast.baseline_features(rows, images, "gong", RECORDS, QUESTION)
    features["records"] = features["history"]
    settings = SETTINGS.model_copy(update={"cross_fit": 3})
    test = forecast.forecast_test_rows(rows, images, models, {0: features, 1: features}, settings)
    told = test["label"] == 1  # two hours before its image, each positive had a flare
    assert set(test.loc[told, "fusion"]) == {0.962251}
    assert set(test.loc[~told, "fusion"]) == {0.047426}
    assert set(test["fusion_threshold"]) == {0.25}
    assert (test["history"] == test["records"]).all()
    assert test.groupby("fold")["history_threshold"].nunique().tolist() == [1, 1]


def told_by_a_clock(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a confounder tells that knows the label in its first fold, and the opposite in the second."""
    asked = rows[rows["part"] != "train"]
    right = asked["label"].where(asked["fold"] == 0, 1 - asked["label"])
    return asked[["path", "noaa_ar", "fold"]].assign(confounder="clock", probability=0.2 + 0.6 * right)


def test_a_confounder_forecasts_the_same_rows_with_thresholds_of_its_own(
    tested: pd.DataFrame, two_folds: tuple[pd.DataFrame, Memory, Path]
) -> None:
    rows = two_folds[0]
    clock = forecast.confounder_forecasts(told_by_a_clock(rows).sample(frac=1, random_state=1), rows, tested)["clock"]
    assert clock.label.tolist() == tested["label"].tolist()
    assert (clock.probability > 0.5).tolist() == ((tested["label"] == 1) == (tested["fold"] == 0)).tolist()
    assert np.unique(clock.threshold).tolist() == [0.2, 0.5]  # validation of the second fold: better to say always yes
    assert np.array_equal(clock.base_rate, tested["base_rate"])


def test_a_confounder_that_lacks_rows_is_one_sentence(
    tested: pd.DataFrame, two_folds: tuple[pd.DataFrame, Memory, Path]
) -> None:
    with pytest.raises(InputError, match="data/confounders: clock has no forecast of some rows"):
        forecast.confounder_forecasts(told_by_a_clock(two_folds[0])[1:], two_folds[0], tested)


def test_curves_of_all_folds_are_kept(two_folds: tuple[pd.DataFrame, Memory, Path]) -> None:
    history = evaluate.histories(two_folds[2])
    assert history[["fold", "epoch"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]


@pytest.fixture(scope="module")
def inputs(two_folds: tuple[pd.DataFrame, Memory, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working folder, with all that `evaluate` reads: regions to score, and no disk."""
    rows, images, models = two_folds
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_inputs(rows, images, models)
        yield folder


def write_inputs(rows: pd.DataFrame, images: Memory, models: Path) -> None:
    shutil.copytree(models, "models/region")
    hashes.write(Path("models/region"))
    absent.mark(Path("models/disk"), "tasks leaves it out")
    each = rows.drop_duplicates("position").sort_values("time")
    blanks: dict[str, Any] = {name: "" for name in tables.REGION_LABELS.columns if name not in each}
    labels = each.assign(**blanks | {"latitude": 0, "longitude": np.where(each["position"] < 20, -70, 60)})
    tables.write(labels[list(tables.REGION_LABELS.columns)], Path("data/labels/region.csv"), tables.REGION_LABELS)
    splits = rows.assign(reason="")[list(tables.SPLITS.columns)]
    tables.write(splits, Path("data/splits/region.csv"), tables.SPLITS)
    index = each.assign(shard="2014-01.npy", row=each["position"], x=256, y=256, radius=204, fitted="yes")
    tables.write(index[list(tables.CROPS.columns)], Path("data/crops/region/index.csv"), tables.CROPS)
    np.save("data/crops/region/2014-01.npy", images.images)
    tables.write(told_by_a_clock(rows), Path("data/confounders/region.csv"), tables.CONFOUNDERS)
    pictures = each.assign(instrument="aia211", width=512, height=512, bytes=1000)
    pictures = pictures.reindex(columns=list(tables.IMAGES.columns), fill_value="")
    tables.write(pictures, Path("data/raw/images.csv"), tables.IMAGES)
    Path("metrics/details").mkdir(parents=True)
    Path("metrics/details/audit.json").write_text(json.dumps({"region": {"leak": False, "probes": {}}}))


@pytest.fixture(scope="module")
def project(inputs: Path, chosen: AllParams) -> Path:
    """The same, evaluated."""
    evaluate.evaluate(Task.REGION, chosen, RECORDS)
    return inputs


@pytest.fixture(scope="module")
def chosen() -> AllParams:
    return small_and_fast()


def small_and_fast() -> AllParams:
    """Return the parameters with small cutouts and few resamples."""
    loaded = parameters.load(parameters.FIXED)
    small = loaded.crop.model_copy(update={"region": loaded.crop.region.model_copy(update={"img_width": 32})})
    return loaded.model_copy(update={"evaluate": Evaluate(resamples=100, seed=1), "crop": small})


def written(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all that an evaluation wrote."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in ("metrics", "data/attributions")
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    }


def test_an_evaluation_writes_what_plots_and_reviews_read(project: Path) -> None:
    plots = {path.stem: list(pd.read_csv(path).columns) for path in (project / "metrics/plots/region").iterdir()}
    assert {name: columns[:2] for name, columns in plots.items()} == {
        "roc": ["fpr", "tpr"],
        "roc_logistic": ["fpr", "tpr"],
        "pr": ["recall", "precision"],
        "pr_logistic": ["recall", "precision"],
        "confusion": ["actual", "predicted"],
        "reliability": ["probability", "frequency"],
        "training": ["epoch", "loss"],
    }
    metrics = json.loads((project / "metrics/details/region.json").read_text())
    assert trust.read(metrics).verdict != "no"
    assert metrics["threshold"] == {"fold-0": 0.25, "fold-1": 0.75}
    assert metrics["baselines"]["catalogue"] == {"absent": "the origin has no region reports"}
    assert set(metrics["confounders"]) == {"clock"}
    assert set(metrics["differences"]) == {"climatology", "clock", "history", "logistic", "persistence"}
    predictions = tables.read(project / "metrics/predictions/region.csv", tables.PREDICTIONS)
    assert len(predictions) == metrics["n"] == 80
    assert predictions["time"].is_monotonic_increasing


def test_parts_of_the_rows_are_scored_on_their_own(project: Path) -> None:
    slices = json.loads((project / "metrics/details/region.json").read_text())["slices"]
    assert {name: (part["n"], part["positive"]) for name, part in slices.items() if "n" in part} == {
        "from_30_to_60_degrees": (60, 30),
        "inside_60_degrees": (60, 30),
        "beyond_60_degrees": (20, 10),
        "quiet_before": (40, 0),
        "active_before": (40, 40),
        "year_2014": (80, 40),
    }
    assert slices["active_before"]["roc_auc"]["value"] is slices["quiet_before"]["recall"]["value"] is None


def test_it_is_told_how_much_the_answers_rest_on_the_sun(project: Path) -> None:
    found = json.loads((project / "metrics/details/region.json").read_text())["attribution"]
    assert found["n"] == 64
    assert found["completeness_error"] < 0.2  # the networks are not trained
    for place in ("inside_disk", "near_centre"):
        assert 0 < found[place]["area"] < 1
        assert 0 < found[place]["mass"]["value"] <= 1


def test_the_maps_of_the_rows_that_galleries_show_are_kept(project: Path) -> None:
    rows, maps = shown.read(project / "data/attributions/region")
    assert list(rows.columns) == shown.COLUMNS
    assert (len(rows), maps.shape) == (18, (18, 32, 32))
    assert np.abs(maps).max() > 0


def test_it_imports_nothing_that_draws() -> None:
    modules = closure(Path("stages/evaluate.py"))
    assert not [path for path in modules if "report" in path.parts or "matplotlib" in imports(path)]


def test_the_scores_follow_from_the_predictions(project: Path) -> None:
    predictions = tables.read(project / "metrics/predictions/region.csv", tables.PREDICTIONS)
    scored = Forecast(predictions["label"].to_numpy(int), predictions["probability"].to_numpy(), 0.5, 0.5).scores()
    metrics = json.loads((project / "metrics/details/region.json").read_text())
    for name in ("roc_auc", "pr_auc", "brier", "expected_calibration_error"):
        assert metrics[name]["value"] == round(float(scored[name][0]), 4)


def test_a_second_evaluation_writes_the_same_bytes(project: Path, chosen: AllParams) -> None:
    first = written(project)
    evaluate.evaluate(Task.REGION, chosen, RECORDS)
    assert written(project) == first


def test_dvc_shows_at_most_fourteen_numbers_of_the_details(project: Path) -> None:
    details, shown = (
        json.loads((project / f"metrics/{name}.json").read_text()) for name in ("details/region", "region")
    )
    assert len(shown) <= 14
    assert not {name for name, value in shown.items() if not isinstance(value, int | float)}
    best = max(scores["roc_auc"]["value"] for scores in details["baselines"].values() if "absent" not in scores)
    assert shown["lead"] == pytest.approx(details["roc_auc"]["value"] - best, abs=2e-4)
    assert (shown["roc_auc_low"], shown["tss"]) == (details["roc_auc"]["low"], details["tss"]["value"])


@pytest.mark.parametrize(("trusted", "shown"), [("yes", 1), ("no", 0), ("insufficient", -1)])
def test_the_metric_of_trust_is_a_number(scores: dict[str, Any], trusted: str, shown: int) -> None:
    assert headline(scores | {"trusted": trusted})["trusted"] == shown


def test_an_absent_task_leaves_its_reason_in_every_output(project: Path, chosen: AllParams) -> None:
    evaluate.evaluate(Task.DISK, chosen, RECORDS)
    outputs = (
        *(f"metrics/{name}" for name in ("disk.json", "details/disk.json", "predictions/disk.csv", "plots/disk")),
        "data/attributions/disk",
    )
    assert {absent.reason(project / path) for path in outputs} == {"tasks leaves it out"}


def test_a_missing_audit_is_one_sentence(project: Path, chosen: AllParams) -> None:
    (project / "metrics/details/audit.json").rename(project / "audit.json")
    with pytest.raises(InputError, match=r"metrics/details/audit\.json is not there"):
        evaluate.evaluate(Task.REGION, chosen, RECORDS)
    (project / "audit.json").rename(project / "metrics/details/audit.json")


def test_a_score_that_rounds_to_nothing_has_no_sign() -> None:
    assert interval({"value": -0.001, "low": -0.021, "high": 0.004}) == "0.00 [-0.02, 0.00]"
