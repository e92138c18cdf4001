import logging
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from solarflare.core import absent, params, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.samples import samples
from solarflare.dataset.samples.region_maps import EMPTY, REGION, UNKNOWN
from solarflare.dataset.samples.samples import Rows
from solarflare.networks import architectures, calibration, description, folds, saved_model, training
from solarflare.networks.architectures import MAP
from solarflare.networks.backend import keras, tf
from solarflare.networks.batches import augment, batches_in_order, invert_polarity, training_batches
from solarflare.networks.calibration import Calibration, Platt
from solarflare.networks.description import ModelDescription
from solarflare.networks.schema import Train
from solarflare.sun.images import imaging
from tests import parameters

# Keras and NumPy settle between themselves how a weight is copied.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[2]
ABOUT = ModelDescription("compact", (32, 32, 1), Task.DISK, "gong", "simulated", {"target": "active_region"}, {})
TRAIN = Train(
    network="compact",
    ensemble=1,
    epochs=8,
    patience=8,
    batch_size=16,
    learning_rate=0.005,
    schedule="constant",
    augment=True,
    class_weight="balanced",
    teacher=0.0,
    refit=False,
    cross_fit=0,
    flips=False,
    seed=1,
)


class Memory:
    """Images in memory, read like crops."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images
        self.taken: list[int] = []

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        self.taken += list(positions)
        return self.images[positions]


def spots(n: int, seed: int = 0) -> tuple[Memory, NDArray[np.int64]]:
    """Return noise, in every other image with a bipole, and which images these are."""
    generator = np.random.default_rng(seed)
    images = generator.normal(128, 8, (n, 32, 32, 1))
    labels = np.arange(n) % 2
    for position in np.flatnonzero(labels):
        x, y = generator.integers(2, 26, 2)
        images[position, y : y + 3, x : x + 3] += 90
        images[position, y : y + 3, x + 3 : x + 6] -= 90
    return Memory(np.clip(images, 0, 255).astype(np.uint8)), labels


def rows(labels: NDArray[np.int64], start: int, stop: int) -> Rows:
    return Rows(np.arange(start, stop), labels[start:stop])


@pytest.fixture(scope="module", autouse=True)
def _deterministic() -> None:
    tf.config.experimental.enable_op_determinism()


@pytest.fixture(scope="module")
def trained() -> tuple[tf.keras.Model, pd.DataFrame]:
    images, labels = spots(240)
    return training.fit(images, rows(labels, 0, 160), rows(labels, 160, 240), TRAIN, polarity=True)


def test_a_spot_is_learned(trained: tuple[tf.keras.Model, pd.DataFrame]) -> None:
    images, labels = spots(200, seed=1)
    scores = training.predict(trained[0], images, np.arange(200))
    assert roc_auc_score(labels, scores) > 0.95


def test_the_weights_are_those_of_the_least_validation_loss(trained: tuple[tf.keras.Model, pd.DataFrame]) -> None:
    model, history = trained
    images, labels = spots(240)
    scores = training.predict(model, images, np.arange(160, 240)).astype(float)
    loss = -np.mean(np.log(np.where(labels[160:240] == 1, scores, 1 - scores)))
    assert loss == pytest.approx(history["val_loss"].min(), abs=1e-4)


def test_it_stops_when_validation_gets_no_better() -> None:
    images, labels = spots(120)
    wrong = Rows(np.arange(80, 120), 1 - labels[80:120])
    patient = TRAIN.model_copy(update={"epochs": 30, "patience": 2})
    _, history = training.fit(images, rows(labels, 0, 80), wrong, patient, polarity=True)
    assert len(history) == history["val_loss"].argmin() + 1 + 2 < 30


def test_without_patience_it_learns_to_the_last_epoch() -> None:
    images, labels = spots(60)
    wrong = Rows(np.arange(40, 60), 1 - labels[40:60])
    steady = TRAIN.model_copy(update={"patience": None, "schedule": "cosine"})
    model, history = training.fit(images, rows(labels, 0, 40), wrong, steady, polarity=True)
    assert len(history) == steady.epochs
    scores = training.predict(model, images, wrong.positions).astype(float)
    loss = -np.mean(np.log(np.where(wrong.labels == 1, scores, 1 - scores)))
    assert loss == pytest.approx(history["val_loss"].iloc[-1], abs=1e-4)


@pytest.mark.slow
def test_an_ensemble_answers_with_the_mean_of_its_members_logits_even_when_read_back(tmp_path: Path) -> None:
    images, labels = spots(60)
    parts, brief = (rows(labels, 0, 40), rows(labels, 40, 60)), TRAIN.model_copy(update={"epochs": 2})
    seeds = (brief.seed, brief.seed + training.SEEDS_APART)
    alone = [training.fit(images, *parts, brief.model_copy(update={"seed": seed}), polarity=True)[0] for seed in seeds]
    together, history = training.fit(images, *parts, brief.model_copy(update={"ensemble": 2}), polarity=True)
    saved_model.save(tmp_path, together, history, Calibration(Platt(1.0, 0.0), 0.5), replace(ABOUT, members=2))
    expected = expit(np.mean([logit(training.predict(model, images, np.arange(60))) for model in alone], axis=0))
    for model in (together, saved_model.load(tmp_path)[0]):
        assert training.predict(model, images, np.arange(60)) == pytest.approx(expected, abs=1e-5)


def test_nothing_but_training_and_validation_images_is_read() -> None:
    images, labels = spots(60)
    once = TRAIN.model_copy(update={"epochs": 1})
    training.fit(images, rows(labels, 10, 30), rows(labels, 40, 50), once, polarity=True)
    assert set(images.taken) - {0} == {*range(10, 30), *range(40, 50)}  # the first is asked for its shape


def test_a_seed_decides_where_the_weights_start_and_what_is_seen() -> None:
    images, labels = spots(40)

    def beginning(seed: int) -> tuple[list[float], list[int]]:
        seeded = TRAIN.model_copy(update={"seed": seed})
        weights = training.initialised(seeded, (32, 32, 1)).get_weights()
        batch, *_ = next(iter(training_batches(images, rows(labels, 0, 40), seeded, polarity=True)))
        return np.concatenate([weight.ravel() for weight in weights]).tolist(), batch.numpy().tolist()

    assert beginning(1) == beginning(1)
    assert all(one != other for one, other in zip(beginning(1), beginning(2), strict=True))


def workspace(folder: Path, folds: int = 2) -> Path:
    """Make a folder in which a training of `disk` can run, with as many folds."""
    images, labels = spots(80)
    path = np.array([f"images/gong/{position:02}.jpg" for position in range(80)])
    time = pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(80), "D")
    crops = {"path": path, "noaa_ar": None, "shard": "2012-01.npy", "row": np.arange(80)}
    known = {"path": path, "time": time, "label": labels, "reason": "", "goes_class": "", "pair_id": ""}
    parts = np.repeat(["train", "validation", "test", ""], [40, 20, 18, 2])
    tables.write(
        pd.DataFrame({**crops, "x": 16, "y": 16, "radius": 16, "fitted": "yes"}),
        folder / "data/crops/disk/index.csv",
        tables.CROPS,
    )
    np.save(folder / "data/crops/disk/2012-01.npy", images.images)
    tables.write(pd.DataFrame({**known, "true_probability": None}), folder / "data/labels/disk.csv", tables.DISK_LABELS)
    spotted = {"time": time, "noaa_ar": 11000 + np.arange(80), "latitude": 10.0, "longitude": -20.0, "spots": labels}
    tables.write(
        pd.DataFrame({**spotted, "area": 10.0, "mcintosh": "", "mag_type": ""}),
        folder / "data/raw/regions.csv",
        tables.REGIONS,
    )
    tables.write(tables.empty(tables.FLARES), folder / "data/raw/flares.csv", tables.FLARES)
    split = [
        pd.DataFrame({"path": path, "noaa_ar": None, "fold": fold, "block": 0, "part": np.roll(parts, 20 * fold)})
        for fold in range(folds)
    ]
    tables.write(pd.concat(split).assign(reason="gap"), folder / "data/splits/disk.csv", tables.SPLITS)
    content = params.read_yaml(parameters.FIXED)
    content["train_disk"].update(epochs=2)
    (folder / "params.yaml").write_text(yaml.safe_dump(content))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_stage_writes_a_model_a_fold_and_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    folders = [workspace(tmp_path / name) for name in ("first", "second")]
    command, environment = [sys.executable, "-m", "stages.train_disk"], {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen(command, cwd=folder, env=environment) for folder in folders]
    assert [run.wait() for run in runs] == [0, 0]
    first, second = (contents(folder / "models") for folder in folders)
    names = ("model.weights.h5", "model.json", "calibration.json", "ranges.json", "history.csv")
    assert set(first) == {f"disk/fold-{fold}/{name}" for fold in (0, 1) for name in names} | {"disk/SHA256SUMS"}
    assert first == second


@pytest.mark.slow
def test_what_is_refitted_has_learned_from_validation_too_and_keeps_its_calibration(tmp_path: Path) -> None:
    command, environment = [sys.executable, "-m", "stages.train_disk"], {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = {}
    for refit in (False, True):
        folder = workspace(tmp_path / str(refit), folds=1)
        content = yaml.safe_load((folder / "params.yaml").read_text())
        content["train_disk"]["refit"] = refit
        (folder / "params.yaml").write_text(yaml.safe_dump(content))
        runs[folder] = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    logs = [run.communicate()[1] for run in runs.values()]
    assert ["now 60 images to train on" in text for text in logs] == [False, True]
    once, twice = (contents(folder / "models/disk") for folder in runs)
    assert {name for name in once if once[name] != twice[name]} == {"model.weights.h5", "SHA256SUMS"}


def test_a_refit_without_an_end_of_its_own_is_one_sentence(tmp_path: Path) -> None:
    content = params.read_yaml(parameters.FIXED)
    content["train_disk"].update(refit=True, patience=3)
    with pytest.raises(InputError, match="expected patience to be null where refit is true"):
        parameters.parse(content, Path("params.yaml"))


def test_a_task_without_labels_has_no_model_but_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent.mark(workspace(tmp_path) / "data/labels/disk.csv", "the task is off")
    monkeypatch.chdir(tmp_path)
    folds.train(Task.DISK)
    assert absent.reason(tmp_path / "models/disk") == "the task is off"


def test_a_part_without_positives_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tables.read(workspace(tmp_path) / "data/labels/disk.csv", tables.DISK_LABELS)
    labels.loc[40:59, "label"] = 0
    tables.write(labels, tmp_path / "data/labels/disk.csv", tables.DISK_LABELS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="validation part of fold 0 has 20 rows, 0 of them positive"):
        folds.train(Task.DISK)
    assert not (tmp_path / "models").exists()


def test_a_model_read_back_gives_the_same_probabilities(
    trained: tuple[tf.keras.Model, pd.DataFrame], tmp_path: Path
) -> None:
    images, labels = spots(240)
    positions = np.arange(160, 240)
    scores = training.predict(trained[0], images, positions)
    fitted = calibration.fit_calibration(scores, labels[positions], "platt")
    saved_model.save(tmp_path, *trained, fitted, ABOUT)
    model, read = saved_model.load(tmp_path)
    assert description.about(tmp_path) == ABOUT
    assert training.predict(model, images, positions).tolist() == scores.tolist()
    assert saved_model.probabilities(tmp_path, images.take(positions)) == pytest.approx(fitted.apply(scores), abs=1e-6)
    assert read == fitted


def test_a_model_for_which_there_is_no_room_is_one_error(
    trained: tuple[tf.keras.Model, pd.DataFrame], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            saved_model.save(tmp_path, *trained, Calibration(Platt(1.0, 0.0), 0.5), ABOUT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Traceback" not in capfd.readouterr().err


def test_predictions_do_not_depend_on_how_many_images_are_held(
    trained: tuple[tf.keras.Model, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = spots(50)
    positions = np.arange(50)[::-1].copy()
    many = training.predict(trained[0], images, positions)
    monkeypatch.setattr(training, "AT_ONCE", 7)
    few = training.predict(trained[0], images, positions)
    assert few.dtype == np.float32
    assert few == pytest.approx(many, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.json", None), ("model.json", "{}"), ("model.weights.h5", "no weights"), ("calibration.json", "{}")],
)
def test_a_broken_model_is_one_sentence(
    trained: tuple[tf.keras.Model, pd.DataFrame], tmp_path: Path, name: str, content: str | None
) -> None:
    saved_model.save(tmp_path, *trained, Calibration(Platt(1.0, 0.0), 0.5), ABOUT)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=name):
        saved_model.load(tmp_path)


magnetograms = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(1, 256, (6, 5, 4, 1), dtype=np.uint8)
)


@given(images=magnetograms, seed=st.tuples(st.integers(0, 2**31), st.integers(0, 2**31)), polarity=st.booleans())
def test_an_augmented_image_is_the_same_sun_seen_otherwise(
    images: NDArray[np.uint8], seed: tuple[int, int], polarity: bool
) -> None:
    seen = augment(images, seed, polarity).numpy()
    signs = [images, invert_polarity(images)] if polarity else [images]
    variants = [
        sign[:, ::north_south, ::east_west] for sign in signs for north_south in (1, -1) for east_west in (1, -1)
    ]
    for position, image in enumerate(seen):
        assert any((image == variant[position]).all() for variant in variants)


@given(images=magnetograms)
def test_polarity_swapped_twice_is_as_before(images: NDArray[np.uint8]) -> None:
    assert (invert_polarity(invert_polarity(images)) == images).all()


def test_polarity_swaps_the_field_and_leaves_what_is_blanked() -> None:
    blanked = imaging.fill_value("gong")
    swapped = invert_polarity(np.array([0, 1, 100, blanked, 156, 255], dtype=np.uint8))
    assert swapped.tolist() == [255, 255, 156, blanked, 100, 1]


def test_augmentation_draws_all_its_variants_and_other_ones_every_epoch() -> None:
    image = np.arange(1, 5, dtype=np.uint8).reshape(1, 2, 2, 1)
    images, labels = Memory(image.repeat(64, axis=0)), np.arange(64) % 2
    batches = training_batches(images, Rows(np.arange(64), labels), TRAIN, polarity=True)
    first, second = (np.concatenate([batch for batch, *_ in batches]) for _ in range(2))
    assert len(np.unique(first, axis=0)) == 8
    assert (first != second).any()


def targets_and_weights(settings: Train, rows: Rows) -> pd.DataFrame:
    images = Memory(np.zeros((len(rows.labels), 2, 2, 1), np.uint8))
    batches = training_batches(images, rows, settings, polarity=False)
    told = [(targets["answer"], weights["answer"]) for _, targets, weights in batches]
    target, weight = (np.concatenate(parts) for parts in zip(*told, strict=True))
    return pd.DataFrame({"target": target, "weight": weight}).sort_values("target", ignore_index=True)


def test_both_classes_weigh_the_same() -> None:
    learned = targets_and_weights(TRAIN, Rows(np.arange(4), np.array([0, 0, 0, 1])))
    assert learned["target"].tolist() == [0, 0, 0, 1]
    assert learned["weight"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])


def test_a_teacher_has_its_share_in_what_is_learned() -> None:
    with_teacher = Rows(np.arange(4), np.array([0, 0, 0, 1]), soft_labels=np.array([0.0, 0.4, 0.8, 1.0]))
    learned = targets_and_weights(TRAIN.model_copy(update={"teacher": 0.5}), with_teacher)
    assert learned["target"].tolist() == pytest.approx([0, 0.2, 0.4, 1])
    assert learned["weight"].tolist() == pytest.approx([5 / 6, 5 / 6, 5 / 6, 1.5])


MAPPED = TRAIN.model_copy(update={"network": "compact_map", "epochs": 15})


def mapped(n: int, seed: int = 0) -> tuple[Memory, NDArray[np.int64], NDArray[np.int8]]:
    """Return `spots` and, of each image, a map of 4 x 4 cells that names the cell with the brightest pixel."""
    images, labels = spots(n, seed)
    row, column = np.unravel_index(images.images.reshape(n, -1).argmax(axis=1), (32, 32))
    maps = np.zeros((n, 4, 4), np.int8)
    maps[np.arange(n), row // 8, column // 8] = np.where(labels, REGION, EMPTY)
    return images, labels, maps


@pytest.mark.parametrize("name", architectures.NETWORKS)
def test_every_network_can_be_trained(name: str) -> None:
    images, labels, maps = mapped(40)
    learned, watched = (
        replace(rows(labels, start, stop), maps=maps[start:stop] if name == "compact_map" else None)
        for start, stop in ((0, 20), (20, 40))
    )
    once = TRAIN.model_copy(update={"network": name, "epochs": 1})
    network, history = training.fit(images, learned, watched, once, polarity=True)
    assert network.count_params() == architectures.build(name, (32, 32, 1)).count_params()
    assert history.notna().all().all()


def test_a_map_is_learned_beside_the_answer() -> None:
    images, labels, maps = mapped(240)
    learned, watched = (
        replace(rows(labels, start, stop), maps=maps[start:stop]) for start, stop in ((0, 160), (160, 240))
    )
    network, _ = training.fit(images, learned, watched, MAPPED, polarity=True)
    unseen, truth, places = mapped(200, seed=1)
    assert roc_auc_score(truth, training.predict(network, unseen, np.arange(200))) > 0.95
    inner = network.layers[1]
    cells = keras.Model(inner.inputs, inner.get_layer(MAP).output).predict(unseen.images, verbose=0)[..., 0]
    assert roc_auc_score(places.ravel(), cells.ravel()) > 0.9


def test_cells_of_which_nothing_is_said_teach_nothing() -> None:
    images, labels, maps = mapped(40)
    silent = np.where(maps == REGION, REGION, UNKNOWN).astype(np.int8)
    for told, counted in ((maps, 40 * 16), (silent, 20)):
        batches = training_batches(images, replace(rows(labels, 0, 40), maps=told), MAPPED, polarity=True)
        assert sum(weights[MAP].numpy().sum() for _, _, weights in batches) == counted


def test_a_map_is_flipped_as_its_image_is() -> None:
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1) + 100
    maps = (image[..., 0] == 101).astype(np.int8)
    shown = Rows(np.arange(32), np.arange(32) % 2, maps=maps.repeat(32, axis=0))
    batches = training_batches(Memory(image.repeat(32, axis=0)), shown, MAPPED, polarity=False)
    pictures, told = (np.concatenate(parts) for parts in zip(*((p, t[MAP]) for p, t, _ in batches), strict=True))
    assert len(np.unique(told, axis=0)) == 4
    assert ((pictures == 101) == (told == 1)).all()


def test_validation_images_are_left_as_they_are() -> None:
    images, labels = spots(40)
    batches = batches_in_order(images, rows(labels, 10, 30), batch_size=8)
    assert (np.concatenate([batch for batch, *_ in batches]) == images.images[10:30]).all()


def test_samples_know_label_part_and_crop() -> None:
    labels = pd.DataFrame({"path": ["a", "a", "b"], "noaa_ar": [1, 2, 1], "label": [0, 1, 1]})
    splits = pd.DataFrame(
        {"path": ["b", "a", "a"], "noaa_ar": [1, 2, 1], "fold": 0, "block": 7, "part": ["test", "train", ""]}
    )
    index = pd.DataFrame({"path": ["a", "b", "a"], "noaa_ar": [2, 1, 1], "fitted": "yes"})
    known = samples.samples(labels, splits, index)
    assert known[["path", "noaa_ar", "part", "label", "position"]].to_numpy().tolist() == [
        ["b", 1, "test", 1, 1],
        ["a", 2, "train", 1, 0],
    ]
    with pytest.raises(InputError, match="a 2 is in the split"):
        samples.samples(labels, splits, index[1:])


def test_an_image_without_a_disk_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    labels = pd.DataFrame({"path": ["a", "b", "c"], "label": [0, 1, 1]})
    splits = pd.DataFrame({"path": ["a", "b", "c"], "fold": 0, "block": 7, "part": ["train", "train", "test"]})
    index = pd.DataFrame({"path": ["a", "b", "c"], "fitted": ["yes", "no", "yes"]})
    with caplog.at_level(logging.INFO, "solarflare"):
        known = samples.samples(labels, splits, index)
    assert known[["path", "position"]].to_numpy().tolist() == [["a", 0], ["c", 2]]
    assert "1 rows left out: no disk found in the image" in caplog.text


@pytest.mark.parametrize(("folds", "folders"), [([0, 0], {0: "."}), ([1, 0, 1], {0: "fold-0", 1: "fold-1"})])
def test_several_folds_have_a_folder_each(folds: list[int], folders: dict[int, str]) -> None:
    assert description.fold_folders(Path("models"), folds) == {
        fold: Path("models") / name for fold, name in folders.items()
    }


def test_a_gpu_that_is_wanted_and_not_there_is_one_sentence(tmp_path: Path) -> None:
    content = parameters.FIXED.read_text().replace("device: cpu", "device: gpu")
    (tmp_path / "params.yaml").write_text(content)
    code = "from solarflare.networks.training import configure; from tests import parameters; import pathlib; "
    code += "configure(parameters.load(pathlib.Path('params.yaml')).compute)"
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=hidden, capture_output=True, text=True)
    assert "InputError: params.yaml: compute.device is gpu, and TensorFlow sees none: install" in done.stderr
