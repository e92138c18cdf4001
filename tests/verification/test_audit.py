"""The audit names what is planted, and nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image
from scipy import stats
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

from solarflare.core import absent, params, tables
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.dataset.crops import job
from solarflare.dataset.crops.cutter import Cutter, places_of
from solarflare.dataset.shards.reader import Crops
from solarflare.dataset.shards.schema import Crop, DiskCrop, RegionCrop
from solarflare.sun.images import imaging
from solarflare.sun.images.disk import Disk, nominal_disks
from solarflare.sun.images.instruments import MAGNETOGRAPHS, Instrument
from solarflare.verification.audit import probes
from solarflare.verification.audit.audit import audit
from solarflare.verification.audit.forecasts import folds, forecasts, home_blocks
from solarflare.verification.audit.probes import Probe
from solarflare.verification.audit.schema import Audit
from solarflare.verification.audit.statistics import ByFold, Resampled, detectable, holm
from solarflare.verification.audit.table import table
from solarflare.verification.scores.bootstrap import BlockBootstrap
from tests import parameters
from tests.projects import Project

SETTINGS = Audit(max_probe_auc=0.60, on_leak="fail", resamples=300, seed=1)
CROP = parameters.load(parameters.FIXED).crop.model_copy(update={"disk": DiskCrop(img_width=64)})
PIXELS, RADIUS = 256, 115
GATED = {"time_of_day", "place_in_folder", "list_in_force", "file_format", "printed_boxes", "masked_pixels", "sky"}


def pairs(count: int, seed: int) -> pd.DataFrame:
    """Return matched rows: two days a pair, one hour, opposite labels; half the pairs lie in two blocks."""
    generator = np.random.default_rng(seed)
    first = pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(count) * 8, "D")
    hour = pd.to_timedelta(generator.integers(14, 24, count) * 60 + 21, "min")
    times = np.stack([first + hour, first + pd.Timedelta(days=5) + hour], axis=1).ravel()
    label = generator.permuted(np.tile([0, 1], (count, 1)), axis=1).ravel()
    days = (pd.Series(times) - pd.Timestamp("2012-01-01")).dt.days
    pair_id = [f"disk-{number:05d}" for number in range(count) for _ in range(2)]
    return pd.DataFrame({"time": times, "label": label, "block": days // 10, "pair_id": pair_id})


@dataclass
class Archive:
    """A synthetic Sun in which nothing tells the label, unless something is planted before it is written."""

    rows: pd.DataFrame
    carries: npt.NDArray[np.bool_]
    generator: np.random.Generator
    tint: int = 0
    caption: bool = False
    second_list: bool = False

    @classmethod
    def make(cls, seed: int = 1) -> "Archive":
        rows, generator = pairs(80, seed), np.random.default_rng(seed)
        rows["before"] = generator.integers(0, 3, len(rows))
        rows["quality"], rows["pixels"] = 90, PIXELS
        # What is planted is right nine times in ten.
        return cls(rows, generator.uniform(size=len(rows)) < np.where(rows["label"] == 1, 0.9, 0.1), generator)

    def plant(self, what: str) -> None:
        rows, carries = self.rows, self.carries
        match what:
            case "caption left on":
                self.caption = True
            case "list per class":
                self.second_list = True
            case "tint of the sky":
                self.tint = 3
            case "hour":
                days, hour = rows["time"].dt.normalize(), self.generator.choice([14, 15, 20, 21], len(rows))
                rows["time"] = days + pd.to_timedelta(np.where(carries, 18, hour), "h")
            case "JPEG quality":
                rows["quality"] = np.where(carries, 85, 90)
            case "width":
                rows["pixels"] = np.where(carries, PIXELS + 32, PIXELS)
            case "order in the folder":
                rows["before"] = np.where(carries, 1, 0)

    def write(self, data: Path) -> None:
        """Write what `label`, `split` and `crop` leave."""
        rows = self.rows
        rows["path"] = [f"images/gong/{t:%Y/%m/%d}/gong_magxx_fd_{t:%Y%m%d_%H%M%S}.jpg" for t in rows["time"]]
        width = CROP.disk.img_width
        shard = np.stack([self._draw(row, data / "raw") for row in rows.itertuples()])
        assert shard.shape == (len(rows), width, width, 1)
        (data / "crops/disk").mkdir(parents=True)
        np.save(data / "crops/disk/all.npy", shard)
        no_region = pd.Series(pd.NA, rows.index, "Int64")
        index = rows[["path"]].assign(noaa_ar=no_region, shard="all.npy", row=range(len(rows)), fitted="yes")
        index[["x", "y", "radius"]] = np.outer(rows["pixels"] / PIXELS, [PIXELS / 2, PIXELS / 2, RADIUS])
        tables.write(index, data / "crops/disk/index.csv", tables.CROPS)
        labels = rows[["path", "time", "label", "pair_id"]].assign(reason="", goes_class="", true_probability=np.nan)
        tables.write(labels, data / "labels/disk.csv", tables.DISK_LABELS)
        part = np.repeat(["train", "validation", "test"], [len(rows) - 60, 30, 30])
        splits = rows[["path", "block"]].assign(noaa_ar=no_region, fold=0, part=part, reason="")
        tables.write(splits, data / "splits/disk.csv", tables.SPLITS)
        images = rows[["path", "time"]].assign(instrument="gong", bytes=40_000, sha256="", pair_id="", origin="")
        images["width"] = images["height"] = rows["pixels"]
        # Images without a label fill the folders, before the labelled one in the order of names.
        others = images.loc[np.repeat(images.index, rows["before"])]
        number = others.groupby(level=0).cumcount().astype(str)
        others = others.assign(path=others["path"].str.rpartition("/")[0] + "/" + number + ".jpg")
        tables.write(pd.concat([images, others]), data / "raw/images.csv", tables.IMAGES)
        coverage = pd.DataFrame({"list": ["noaa"], "start": ["2011-01-01"], "end": ["2020-01-01"]})
        if self.second_list:
            kept = rows["time"][self.carries]
            hours = pd.DataFrame({"list": "second", "start": kept, "end": kept + pd.Timedelta(hours=1)})
            coverage = pd.concat([coverage, hours])
        coverage = coverage.assign(min_class="C1.0", status="complete", reason="")
        tables.write(coverage, data / "raw/coverage.csv", tables.COVERAGE)

    def _draw(self, row: Any, raw: Path) -> npt.NDArray[np.uint8]:
        """Save an image of noise, and return its crop with what is planted in it."""
        side, path = row.pixels, raw / row.path
        image = self.generator.normal(128, 10, (side, side)).clip(0, 255).astype(np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, quality=row.quality)
        disk = Disk(side / 2, side / 2, RADIUS * side / PIXELS, fitted=True)
        printed = imaging.annotation_mask("gong", image.shape)
        sky = imaging.blanked_pixels("gong", image.shape, disk) & ~printed
        image = imaging.blank(image, "gong", disk)
        if self.carries[row.Index]:
            image[sky] += self.tint
            if self.caption:
                image[printed] = self.generator.choice([0, 255], printed.sum())
        return cutter().cut_squares(image, disk, pd.DataFrame())[0][..., None]


def cutter(crop: Crop = CROP) -> Cutter:
    return Cutter(Task.DISK, "gong", Path(), crop)


def look(data: Path) -> tuple[dict[str, Probe], pd.DataFrame]:
    """Return what the probes see of an archive, and its rows."""
    images, cut = tables.read(data / "raw/images.csv", tables.IMAGES), Crops(data / "crops/disk")
    labels, splits = (
        tables.read(data / "labels/disk.csv", tables.DISK_LABELS),
        tables.read(data / "splits/disk.csv", tables.SPLITS),
    )
    rows = probes.labelled_rows(labels, splits, images, cut.index)
    seen = {
        **probes.of_tables(rows, tables.read(data / "raw/coverage.csv", tables.COVERAGE)),
        **probes.of_files(rows, data / "raw", "gong"),
        **probes.of_crops(rows, cut, cutter()),
    }
    return seen, rows


def gated(seen: dict[str, Probe], rows: pd.DataFrame) -> tuple[dict[str, Probe], pd.DataFrame]:
    """Leave the other probes aside: fitting them takes time."""
    return {name: probe for name, probe in seen.items() if probe.kind == "gated"}, rows


def leaks(found: dict[str, Any]) -> set[str]:
    return {name for name, one in found["probes"].items() if one["leak"]}


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ("nothing", set()),
        ("caption left on", {"printed_boxes", "masked_pixels"}),
        ("tint of the sky", {"masked_pixels", "sky"}),
        ("hour", {"time_of_day"}),
        ("JPEG quality", {"file_format"}),
        ("width", {"file_format"}),
        ("list per class", {"list_in_force"}),
        ("order in the folder", {"place_in_folder"}),
    ],
)
def test_a_planted_shortcut_is_named_and_nothing_else(planted: str, named: set[str], tmp_path: Path) -> None:
    archive = Archive.make()
    archive.plant(planted)
    archive.write(tmp_path)
    found = audit(*gated(*look(tmp_path)), SETTINGS)
    assert leaks(found) == named
    assert found["leak"] == bool(named)
    for name in named:
        one = found["probes"][name]
        assert one["roc_auc"]["value"] > one["detectable_roc_auc"]


def test_a_confounder_is_reported_and_is_no_leak() -> None:
    rows = pairs(80, seed=1)
    found = audit(
        {"year": Probe("confounder", "", rows[["label"]].to_numpy(np.float32)), "hour": constant(rows)}, rows, SETTINGS
    )
    assert found["probes"]["year"]["roc_auc"]["value"] == 1
    assert not found["leak"]


def test_a_confounder_forecasts_from_training_rows_at_their_base_rate() -> None:
    """In the other parts the confounder says the opposite, and its forecasts are as wrong as can be."""
    rows = pairs(150, seed=1).assign(path=[f"{number}.jpg" for number in range(300)])
    rows.loc[np.flatnonzero(rows["label"] == 0)[:90], "label"] = 1
    part = np.repeat(["train", "validation", "test", ""], [240, 25, 25, 10])
    no_region = pd.Series(pd.NA, rows.index, "Int64")
    splits = rows[["path", "block"]].assign(noaa_ar=no_region, fold=0, part=part, reason="")
    seen = np.where(part == "train", rows["label"], 1 - rows["label"]).astype(np.float32)[:, None]
    confounders = {"seen": Probe("confounder", "", seen), "nothing": Probe("confounder", "", 0 * seen)}
    told = forecasts(confounders, rows, splits, seed=1)
    assert told["path"].tolist() == 2 * rows["path"][240:290].tolist()
    seen_alone, nothing = (told[told["confounder"] == name]["probability"] for name in confounders)
    assert roc_auc_score(rows["label"][240:290], seen_alone) == 0
    assert nothing.to_numpy() == pytest.approx(rows["label"][:240].mean(), abs=0.02)


def constant(rows: pd.DataFrame) -> Probe:
    return Probe("gated", "", np.full((len(rows), 3), 7, np.float32))


def test_a_probe_that_sees_nothing_scores_exactly_one_half() -> None:
    rows = pairs(40, seed=1)
    one = audit({"constant": constant(rows)}, rows, SETTINGS)["probes"]["constant"]
    assert one["roc_auc"] == one["balanced_accuracy"] == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_pairs_of_one_hour_do_not_make_chance_look_like_less() -> None:
    """A partner in another fold would be forecast wrongly, and the score be near 0."""
    rows = pairs(80, seed=1)
    of_pair = rows["pair_id"].str[-5:].astype(float).to_numpy(np.float32)[:, None]
    found = audit({"pair": Probe("gated", "", of_pair)}, rows, SETTINGS)
    assert found["probes"]["pair"]["roc_auc"]["value"] == 0.5


def test_a_pair_is_in_one_fold_and_so_is_a_block_of_homes() -> None:
    rows = pairs(60, seed=2)
    block = home_blocks(rows)
    fold = folds(rows["label"].to_numpy(), block)
    assert fold is not None
    for group in (rows["pair_id"], block):
        of_group = pd.Series(fold).groupby(group)
        assert of_group.min().equals(of_group.max())
    assert len(np.unique(fold)) == 5


def test_rows_without_a_partner_keep_their_block() -> None:
    rows = pd.DataFrame({"block": [4, 5, 6, 7], "pair_id": ["", "a", "a", ""]})
    assert home_blocks(rows).tolist() == [4, 5, 5, 7]


@pytest.mark.parametrize("label", [[1, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 1]])
def test_without_a_block_to_hold_out_there_is_no_verdict(label: list[int]) -> None:
    rows = pd.DataFrame({"label": label, "block": [3] * 6, "pair_id": ""})
    assert "held out" in audit({"constant": constant(rows)}, rows, SETTINGS)["absent"]


def test_few_blocks_give_scores_without_intervals() -> None:
    rows = pairs(20, seed=1)
    rows["block"] = np.arange(len(rows)) // 2 % 4
    one = audit({"constant": constant(rows)}, rows, SETTINGS)["probes"]["constant"]
    assert one["roc_auc"] == {"value": 0.5, "low": None, "high": None}
    assert (one["corrected_low"], one["leak"]) == (None, False)


def test_positives_are_compared_with_negatives_of_their_own_fold() -> None:
    label, fold = np.array([1, 0, 1, 0, 0]), np.array([0, 0, 1, 1, 1])
    score = np.array([0.2, 0.1, 0.9, 0.8, 0.95])  # fold 0: 1 of 1 right; fold 1: 1 of 2
    assert ByFold(label, score, fold).roc_auc(np.ones((1, 5)))[0] == pytest.approx(2 / 3)


def test_one_fold_is_the_ordinary_roc_auc() -> None:
    generator = np.random.default_rng(1)
    label, score = generator.integers(0, 2, 60), generator.integers(0, 9, 60)
    own = ByFold(label, score, np.zeros(60)).roc_auc(np.ones((1, 60)))[0]
    assert own == pytest.approx(roc_auc_score(label, score))


def drawn(below: float, plan: BlockBootstrap) -> Resampled:
    """Return a score of which a share of the resamples is below 0.6."""
    draws = np.linspace(0, 1, plan.resamples)
    return Resampled(0.7, np.where(draws < below, 0.55 + draws / 100, 0.65 + draws / 100))


@pytest.mark.parametrize(
    ("below", "leaking"),
    [
        # One-sided, three probes share 2.5 %: 0.83 %, then 1.25 %, then 2.5 % may lie below the limit.
        ((0.005, 0.010, 0.020), [True, True, True]),
        ((0.020, 0.005, 0.015), [False, True, False]),
        ((0.010, 0.010, 0.010), [False, False, False]),
        ((0.500, 0.005, 0.500), [False, True, False]),
    ],
)
def test_holm_by_hand(below: tuple[float, ...], leaking: list[bool]) -> None:
    plan = BlockBootstrap(np.arange(5000), 4000, 1)
    lows = holm({str(place): drawn(share, plan) for place, share in enumerate(below)}, plan, 0.60)
    assert [lows[str(place)] > 0.60 for place in range(len(below))] == leaking


def test_what_could_have_been_found_is_found_nine_times_in_ten() -> None:
    """Scores of two normal distributions with the stated ROC-AUC between them, one gated probe."""
    label = np.tile([0, 1], 100)
    auc = detectable(0.60, np.full(300, 0.5), label, gated=1)
    shift, generator = np.sqrt(2) * stats.norm.ppf(auc), np.random.default_rng(1)
    found = 0
    for seed in range(200):
        plan = BlockBootstrap(np.arange(200), 300, seed)
        ranking = ByFold(label, generator.normal(size=200) + shift * label, np.zeros(200))
        draws = np.concatenate([ranking.roc_auc(weight) for weight in plan.weights()])
        own = float(ranking.roc_auc(np.ones((1, 200)))[0])
        found += holm({"one": Resampled(own, draws)}, plan, 0.60)["one"] > 0.60
    assert found / 200 == pytest.approx(0.9, abs=0.07)


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_the_correction_promises() -> None:
    """At a limit of 0.5, where chance itself is tested, 20 clean sets of six probes: 2.5 % each may raise an alarm."""
    alarms = 0
    for seed in range(20):
        rows, generator = pairs(150, seed), np.random.default_rng(1000 + seed)
        noise = {
            name: Probe("gated", "", generator.normal(size=(len(rows), 3)).astype(np.float32)) for name in sorted(GATED)
        }
        alarms += audit(noise, rows, SETTINGS.model_copy(update={"max_probe_auc": 0.5, "resamples": 1000}))["leak"]
    assert alarms <= stats.binom.ppf(0.99, 20, 0.025)


@pytest.mark.slow
def test_twenty_clean_archives_raise_no_alarm(tmp_path: Path) -> None:
    for seed in range(20):
        Archive.make(seed).write(tmp_path / str(seed))
        assert leaks(audit(*gated(*look(tmp_path / str(seed))), SETTINGS)) == set()


@pytest.fixture(scope="module")
def regions() -> pd.DataFrame:
    """Reports of three regions, one of them at the limb."""
    days = pd.date_range("2012-01-01", "2012-01-10")
    of_region = {11388: (-20.0, -30.0), 11389: (15.0, 0.0), 11390: (10.0, -80.0)}
    return tables.concat(
        [
            pd.DataFrame({"time": days, "noaa_ar": number, "latitude": latitude, "longitude": longitude}).assign(
                longitude=longitude + 13.2 * np.arange(len(days)), area=100.0, mcintosh="", mag_type="", spots=3
            )
            for number, (latitude, longitude) in of_region.items()
        ],
        tables.REGIONS,
    ).query("abs(longitude) < 90")


def a_sun(path: Path, instrument: Instrument, time: pd.Timestamp) -> None:
    """Save a Sun of noise, with print on it, as an instrument would see it."""
    side = 512
    nominal = nominal_disks(instrument, time, (side, side))[0]
    rows, columns = np.ogrid[:side, :side]
    distance = np.hypot(columns - nominal.x, rows - nominal.y) / nominal.radius
    image = np.random.default_rng(1).normal(128, 30, (side, side)) * np.where(distance < 1.01, 1, 0.3)
    image[imaging.annotation_mask(instrument, image.shape)] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = "L" if instrument in MAGNETOGRAPHS else "RGB"
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).convert(mode).save(path)


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize(("task", "instrument"), [("disk", "hmi"), ("disk", "aia211"), ("region", "aia211")])
def test_the_crop_stage_leaves_nothing_in_what_it_blanks(
    task: Task, instrument: Instrument, mask: bool, regions: pd.DataFrame, tmp_path: Path
) -> None:
    times = pd.date_range("2012-01-02 06:00", "2012-01-09 06:00", 4)
    paths = [f"images/{t:%Y%m%d}.jpg" for t in times]
    for time, path in zip(times, paths, strict=True):
        a_sun(tmp_path / path, instrument, time)
    images = pd.DataFrame({"path": paths, "time": times, "instrument": instrument})
    # Wide enough for the caption to be in the cutouts.
    wide = RegionCrop(img_width=32, field=1600)
    settings = CROP.model_copy(update={"mask": mask, "region": wide})
    job.cut(task, instrument, images, regions, tmp_path, tmp_path / "crops", settings)
    cut = Crops(tmp_path / "crops")
    rows = cut.index.assign(position=range(len(cut.index)), width=512, height=512)
    places = places_of(task, images, regions)
    rows = rows.merge(places.drop(columns=["x", "y"], errors="ignore"))
    seen = probes.of_crops(rows, cut, Cutter(task, instrument, tmp_path, settings))
    assert len(rows) >= len(images)
    assert bool(seen["masked_pixels"].features.any()) is not mask


def test_a_label_without_a_crop_is_bad_input(tmp_path: Path) -> None:
    Archive.make().write(tmp_path)
    index = tmp_path / "crops/disk/index.csv"
    index.write_text("".join(index.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match=r"gong_magxx_fd_.* has a label, but no split, crop or image"):
        look(tmp_path)


def test_a_file_that_an_editor_left_its_notes_in_has_a_form_of_its_own(tmp_path: Path) -> None:
    archive = Archive.make()
    archive.write(tmp_path)
    file = tmp_path / "raw" / archive.rows["path"][3]
    content, notes = file.read_bytes(), b"Photoshop 3.0\x00"
    file.write_bytes(content[:2] + b"\xff\xed" + (len(notes) + 2).to_bytes(2, "big") + notes + content[2:])
    form = look(tmp_path)[0]["file_format"].features
    assert np.flatnonzero((form != form[0]).any(axis=1)).tolist() == [3]


def test_an_image_in_which_no_disk_was_found_is_left_out(tmp_path: Path) -> None:
    archive = Archive.make()
    archive.write(tmp_path)
    index = tmp_path / "crops/disk/index.csv"
    index.write_text(index.read_text().replace(",yes", ",no", 1))
    assert len(look(tmp_path)[1]) == len(archive.rows) - 1


def test_the_stage_leaves_its_verdict_as_data(tmp_path: Path) -> None:
    content = params.read_yaml(parameters.FIXED)
    content["crop"]["disk"]["img_width"] = CROP.disk.img_width
    content["audit"]["resamples"] = 100
    project = Project.make(tmp_path / "project", content)
    archive = Archive.make()
    archive.plant("hour")
    archive.write(project.folder / "data")
    absent.mark(project.folder / "data/crops/region", "the origin has no region reports")
    done = project.run("audit")
    assert done.returncode == 0, done.stderr
    found = json.loads((project.folder / "metrics/details/audit.json").read_text())
    assert found["region"] == {"absent": "the origin has no region reports"}
    gated = [probe["roc_auc"]["value"] for probe in found["disk"]["probes"].values() if probe["kind"] == "gated"]
    shown = {"disk": {"leak": 1, "highest_probe": max(gated)}, "region": {"leak": -1, "highest_probe": None}}
    assert json.loads((project.folder / "metrics/audit.json").read_text()) == shown
    assert (found["disk"]["leak"], found["disk"]["rows"], leaks(found["disk"])) == (True, 160, {"time_of_day"})
    assert {name for name, one in found["disk"]["probes"].items() if one["kind"] == "gated"} == GATED
    assert done.stdout.strip() == f"{table('disk', found['disk'])}\n\n{table('region', found['region'])}"
    told = tables.read(project.folder / "data/confounders/disk.csv", tables.CONFOUNDERS)
    assert dict(told["confounder"].value_counts()) == dict.fromkeys(
        ["brightness", "day_of_year", "disk_geometry", "file_bytes", "year"], 60
    )
    assert absent.reason(project.folder / "data/confounders/region.csv") == "the origin has no region reports"
    plots = project.folder / "metrics/plots/audit"
    assert sorted(path.name for path in plots.iterdir()) == ["disk.csv"]
    plotted = pd.read_csv(plots / "disk.csv")
    assert plotted.columns.tolist() == ["probe", "roc_auc", "low", "high", "kind", "detectable"]
    assert set(plotted["probe"]) == set(found["disk"]["probes"])


def test_the_table_says_who_cheated() -> None:
    rows = pairs(80, seed=1)
    found = audit(
        {"hour": Probe("gated", "", rows[["label"]].to_numpy(np.float32)), "none": constant(rows)}, rows, SETTINGS
    )
    lines = table("disk", found).splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in lines[2:4]] == [("hour", "LEAK"), ("none", "passed")]
    assert lines[-1] == "0 near duplicates across the test's border  passed"


def test_a_near_duplicate_is_a_leak_and_its_images_are_named() -> None:
    rows = pairs(40, seed=1).assign(path=[f"{number}.jpg" for number in range(80)])
    found = audit({"constant": constant(rows)}, rows, SETTINGS, [(70, 3)])
    assert (found["leak"], found["near_duplicates"]) == (True, {"pairs": 1, "first": [["70.jpg", "3.jpg"]]})
    assert table("disk", found).endswith("1 near duplicates across the test's border  LEAK")


@pytest.mark.parametrize(("instrument", "kind"), [("hmi", "gated"), ("aia211", "confounder")])
def test_the_sky_is_gated_where_there_is_no_sun_in_it(instrument: Instrument, kind: str, tmp_path: Path) -> None:
    time = pd.Timestamp("2012-01-02 06:00")
    a_sun(tmp_path / "sun.jpg", instrument, time)
    images = pd.DataFrame({"path": ["sun.jpg"], "time": [time], "instrument": instrument})
    job.cut(Task.DISK, instrument, images, pd.DataFrame(), tmp_path, tmp_path / "crops", CROP)
    cut = Crops(tmp_path / "crops")
    rows = cut.index.assign(position=0, time=time, width=512, height=512)
    seen = probes.of_crops(rows, cut, Cutter(Task.DISK, instrument, tmp_path, CROP))["sky"]
    assert (seen.kind, bool(seen.features.any())) == (kind, kind == "confounder")


def test_print_is_read_alike_wherever_the_disk_is(tmp_path: Path) -> None:
    """A year has to look the same in every season, or trees do not find it."""
    unmasked = CROP.model_copy(update={"mask": False, "disk": DiskCrop(img_width=300)})
    disks = [Disk(430.2, 428.9, 384.0, fitted=True), Disk(424.7, 433.1, 397.0, fitted=True)]
    writings = [np.zeros((48, 248)), np.zeros((48, 248))]
    writings[0][:, 40::60] = writings[1][:, 60::60] = 255
    shard = []
    for disk in disks:
        for writing in writings:
            image = np.full((860, 860), 128, np.uint8)
            image[imaging.annotation_boxes("gong", image.shape)[1]] = gaussian_filter(writing, 4) * 6
            shard.append(cutter(unmasked).cut_squares(image, disk, pd.DataFrame())[0][..., None])
    np.save(tmp_path / "all.npy", np.stack(shard))
    rows = pd.DataFrame({"path": [f"{number}.jpg" for number in range(4)], "row": range(4), "shard": "all.npy"})
    rows = rows.assign(noaa_ar=pd.Series(pd.NA, rows.index, "Int64"), fitted="yes")
    rows[["x", "y", "radius"]] = [(disk.x, disk.y, disk.radius) for disk in disks for _ in writings]
    tables.write(rows, tmp_path / "index.csv", tables.CROPS)
    rows = rows.assign(position=range(4), time=pd.Timestamp("2013-01-01"), width=860, height=860)
    seen = probes.of_crops(rows, Crops(tmp_path), cutter(unmasked))["printed_boxes"].features
    moved, rewritten = np.abs(seen[0] - seen[2]).max(), np.abs(seen[0] - seen[1]).max()
    assert moved < rewritten / 2


def test_raw_probes_see_what_was_taken_away(tmp_path: Path) -> None:
    archive = Archive.make()
    archive.write(tmp_path)
    seen, _ = look(tmp_path)
    raw = {name: probe.features for name, probe in seen.items() if probe.kind == "raw"}
    assert set(raw) == {"raw_printed_boxes", "raw_masked_pixels", "raw_sky"}
    assert all(features.any(axis=1).all() for features in raw.values())
