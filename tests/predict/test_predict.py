"""Answers for images of the Sun and of other things, by untrained networks that are made in a second."""

import datetime as dt
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.transforms import Bbox
from PIL import Image
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core import absent, params, paths, tables
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.networks import calibration, description, hashes, saved_model
from solarflare.networks.architectures import build
from solarflare.networks.input_range import Ranges
from solarflare.predict import answer_text, now, picture, regions, trained
from solarflare.predict.images import find_images
from solarflare.predict.network import Network
from solarflare.predict.predictor import ImageAnswer, Predictor
from solarflare.sources.live.schema import Live
from solarflare.sun.images.disk import nominal_disks
from tests import parameters
from tests.archive_server import Fault
from tests.archive_server.observatories import Shot
from tests.archive_server.world import World, choices
from tests.synthetic import grey_sun

TIME = pd.Timestamp("2014-02-01T12:00:00")
NAME = "20140201_120000_512_0211.jpg"


def draw_sun(seed: int, time: pd.Timestamp = TIME) -> bytes:
    """Return a JPEG file of a drawn Sun at 211 angstrom."""
    disk = nominal_disks("aia211", time, (512, 512))[0]
    grey = grey_sun("aia211", 512, disk, seed)
    content = io.BytesIO()
    Image.fromarray(np.dstack([grey, grey // 2 + 40, grey])).save(content, "JPEG")
    return content.getvalue()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with parameters, and untrained networks for the disks and regions of AIA 211."""
    folder = tmp_path_factory.mktemp("project")
    content = params.read_yaml(parameters.FIXED)
    content["instrument"] = {"disk": "aia211", "region": "aia211"}
    content["crop"]["disk"]["img_width"] = content["crop"]["region"]["img_width"] = 32
    (folder / "params.yaml").write_text(yaml.safe_dump(content))
    chosen = parameters.load(folder / "params.yaml")
    suns = [folder / f"{seed}" / NAME for seed in range(6)]
    for seed, path in enumerate(suns):
        path.parent.mkdir()
        path.write_bytes(draw_sun(seed))
    for task, channels in ((Task.DISK, 1), (Task.REGION, 3)):
        cut = Cutter(task, "aia211", folder, chosen.crop)
        places = {"path": [str(path) for path in suns], "time": TIME, "noaa_ar": 1, "solar_radius": 970.0}
        rows = pd.DataFrame(places | {"x": 200.0, "y": -100.0})
        crops = [cut(rows.iloc[[row]])[1] for row in range(len(rows))]
        question = chosen.label.of(task).model_dump(mode="json")
        cropped = chosen.crop.model_dump(include={"mask", task})
        about = description.ModelDescription(
            "compact_pooled", (32, 32, channels), task, "aia211", "archive", question, cropped
        )
        target = folder / "models" / task
        target.mkdir(parents=True)
        fitted = calibration.Calibration(calibration.Platt(1.0, 0.0), 0.5, 0.5)
        saved_model.save(
            target, build("compact_pooled", (32, 32, channels)), pd.DataFrame({"epoch": [1]}), fitted, about
        )
        Ranges.of(crops).write(target / description.RANGES)
        hashes.write(target)
    return folder


@pytest.fixture
def predictor(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """The networks; the working folder has no data."""
    monkeypatch.chdir(tmp_path)
    return Predictor(networks(project), lambda time: None)


def networks(project: Path) -> dict[Task, Network]:
    """Return the networks of a project."""
    return trained.load(project / "models", parameters.load(project / "params.yaml"))


def answer_for(content: bytes, predictor: Predictor, name: str = NAME) -> ImageAnswer:
    """Return the answer for an image, which is written to a file."""
    Path(name).write_bytes(content)
    return predictor(find_images([Path(name)])[0])


def jpeg(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(content, "JPEG")
    return content.getvalue()


def test_a_sun_gets_a_probability_for_its_disk_and_each_region(predictor: Predictor) -> None:
    answer = answer_for(draw_sun(9), predictor)
    assert answer.refusal == ""
    assert answer.disk is not None
    assert 0 < answer.disk < 1
    assert answer.regions
    assert answer.regions_from == "found in the image"


def test_an_answer_says_yes_or_no_with_the_threshold(predictor: Predictor) -> None:
    network = predictor.networks[Task.DISK]
    answer = replace(answer_for(draw_sun(9), predictor), disk=0.504, regions=None)
    for network.threshold, expected in ((0.504, "0.50  yes (threshold 0.5)"), (0.51, "0.50  no (threshold 0.51)")):
        assert expected in list(answer_text.lines(answer, predictor.networks))[1]


def test_the_threshold_is_corrected_like_the_probabilities(project: Path) -> None:
    content = yaml.safe_load((project / "params.yaml").read_text())
    content["calibration"]["base_rate"]["archive"]["disk"] = 0.1
    network = trained.load(project / "models", parameters.parse(content))[Task.DISK]
    assert network.threshold == pytest.approx(0.1)
    assert answer_text.THRESHOLDS in answer_text.heading({Task.DISK: network})


def test_a_base_rate_of_the_simulated_sun_is_not_used_for_an_archive(predictor: Predictor) -> None:
    network = predictor.networks[Task.DISK]
    assert network.base_rate is None
    assert network.share == 0.5  # of the rows that fitted the calibration
    assert "no base rate is stated, so it holds for the sample's share of yes, 0.5" in next(
        answer_text.heading(predictor.networks)
    )
    assert answer_text.THRESHOLDS not in answer_text.heading(predictor.networks)


def test_without_a_network_for_regions_nothing_is_said_of_regions(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(project / "models/disk", "models/disk")
    absent.mark(Path("models/region"), "tasks leaves it out")
    shutil.copy(project / "params.yaml", ".")
    Path(NAME).write_bytes(draw_sun(9))
    result = CliRunner().invoke(app, ["predict", NAME])
    assert result.exit_code == 0
    assert "region" not in result.output.replace("numbered region", "")


def test_help_and_refusals_list_the_instruments(predictor: Predictor) -> None:
    said = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200"}).output
    refused = answer_for(draw_sun(1), predictor, "holiday.jpg").refusal
    assert all(instrument in text for instrument in tables.INSTRUMENTS for text in (said, refused))


def test_labels_of_a_picture_do_not_cover_each_other() -> None:
    ring = Bbox.from_bounds(480, 200, 30, 30)  # at the right edge of 512 pixels
    labels: list[Bbox] = []
    for _ in range(3):
        labels.append(picture._free_place("AR 11944 S09W12\n0.02 no", ring, [ring], labels, 512, 0.017))
    assert [label.count_overlaps(labels) for label in labels] == [1, 1, 1]  # itself
    assert max(label.x1 for label in labels) <= 512


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


ODD = {
    "blank": lambda: np.zeros((512, 512, 3)),
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (512, 512, 3)),
    "cropped": lambda: np.kron(pixels(draw_sun(1))[128:384, 128:384], np.ones((2, 2, 1))),
    "covered": lambda: np.where(np.arange(512)[:, None, None] < 250, 0, pixels(draw_sun(1))),
    "other colours": lambda: pixels(draw_sun(1)) * np.array([1, 1, 0.2]),
    "thumbnail": lambda: pixels(draw_sun(1))[::4, ::4],
}


@pytest.mark.parametrize("kind", ODD)
def test_an_image_without_the_whole_sun_is_refused(predictor: Predictor, kind: str) -> None:
    answer = answer_for(jpeg(ODD[kind]()), predictor)
    assert answer.refusal
    assert answer.disk is None
    assert answer.regions is None


@pytest.mark.parametrize(("what", "axis"), [("rows", 0), ("columns", 1)])
def test_an_image_with_missing_lines_is_refused(what: str, axis: int, predictor: Predictor) -> None:
    image = np.moveaxis(pixels(draw_sun(1)).copy(), axis, 0)
    image[241:257] = 0
    refusal = answer_for(jpeg(np.moveaxis(image, 0, axis)), predictor).refusal
    assert re.search(rf"{what} 24\d to 25\d have one grey level, so a part of it is missing", refusal), refusal


def test_an_image_with_fewer_pixels_than_those_of_the_training_is_refused(predictor: Predictor) -> None:
    small = np.asarray(Image.fromarray(pixels(draw_sun(1))).resize((300, 300), Image.Resampling.LANCZOS))
    assert "300 x 300 pixels, and the networks learned from 512" in answer_for(jpeg(small), predictor).refusal


def test_another_instrument_is_refused(predictor: Predictor) -> None:
    assert "aia171" in answer_for(draw_sun(1), predictor, "20140201_120000_512_0171.jpg").refusal
    assert "--instrument" in answer_for(draw_sun(1), predictor, "holiday.jpg").refusal


def test_a_network_does_not_answer_for_the_other_sun(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(project / "models", "models")
    for task in TASKS:
        path = Path(f"models/{task}/model.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"origin": "simulated"}))
        hashes.write(path.parent)
    chosen = parameters.load(project / "params.yaml")
    own = trained.load(Path("models"), chosen)
    strict = Predictor(own, lambda time: None)
    assert "solarflare experiment" in answer_for(draw_sun(9), strict).refusal
    lenient = Predictor(own, lambda time: None, simulated_model=True)
    assert not answer_for(draw_sun(9), lenient).refusal


def test_regions_of_a_file_turn_with_the_sun(project: Path, tmp_path: Path, predictor: Predictor) -> None:
    Path("regions.csv").write_text("time,noaa_ar,location\n2014-02-01T00:00:00,11944,S09E10\n")
    known = regions.from_file(Path("regions.csv"))(TIME)
    assert known is not None
    assert known.numbers == [11944]
    assert known.longitude[0] == pytest.approx(-3.4, abs=0.5)


def test_a_file_of_regions_that_is_not_there_is_one_sentence(predictor: Predictor) -> None:
    with pytest.raises(InputError, match=r"^there is no file nothere.csv; --regions takes a table of daily reports"):
        regions.lookup("nothere.csv", lambda: pytest.fail("NOAA's list is not asked for"))


def test_images_of_one_name_have_pictures_of_their_own(project: Path, predictor: Predictor) -> None:
    for folder in "AB":
        Path(folder).mkdir()
        Path(folder, NAME).write_bytes(draw_sun(9))
    models = str(project / "models")
    result = CliRunner().invoke(app, ["predict", "A", "B", "--models", models, "--figures", "figures"])
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path("figures").glob("*.png")} == {f"A-{NAME}.png", f"B-{NAME}.png"}


def test_json_has_the_question_and_how_often_the_answer_is_yes(predictor: Predictor) -> None:
    content = answer_text.content(answer_for(draw_sun(9), predictor), predictor.networks)
    disk = json.loads(json.dumps(content))["models"]["disk"]
    assert disk["question"] == predictor.networks[Task.DISK].question
    assert disk["label"]["target"] == "active_region"
    assert (disk["base_rate"], disk["share"]) == (None, 0.5)
    assert disk["average"] == "no base rate is stated, so it holds for the sample's share of yes, 0.5"


AGES: dict[str, tuple[list[float], tuple[Fault, ...], str]] = {
    "fresh": ([0.5, 3], (), "30 minutes old"),
    "hours old": ([7], (), "7.0 hours old"),
    "days old": ([75], (), "3.1 days old"),
    "missing": ([], (), "no image of the last 10 days"),
    "corrupt": ([0.5, 3], (Fault(r"_512_0211\.jpg$", "cut", times=None),), "no image of the last 10 days"),
}


Reports = Sequence[tuple[pd.Timestamp, int]]
"""The time and number of each region in NOAA's list."""


@pytest.fixture
def today() -> pd.Timestamp:
    return pd.Timestamp.now("UTC").tz_localize(None).floor("s")


@contextmanager
def archive(folder: Path, times: list[pd.Timestamp], *faults: Fault, reports: Reports = ()) -> Iterator[Live]:
    """Serve an archive with an image of each time and NOAA's list of regions; yield the parameters that name them."""
    shots = [Shot("aia211", dt.datetime.fromisoformat(str(time)), draw_sun(9, time)) for time in times]
    rows = [(time, noaa_ar, 10, 20, 100, "Bxo", "beta", 3) for time, noaa_ar in reports]
    table = pd.DataFrame(rows, columns=list(tables.REGIONS.columns))
    table = tables.check(table, tables.REGIONS, "the list") if rows else tables.empty(tables.REGIONS)
    world = World.make(folder / "site", shots, tables.empty(tables.FLARES), table)
    (folder / "site").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, world.serve(*faults) as site:
        patch.setenv("DVC_ROOT", str(folder))
        sources = choices(site.url)["scrape"]["live"]["sources"] | {"aia211": ["gsfc"]}
        yield parameters.parse(choices(site.url, sources=sources), paths.PARAMS).scrape.live


@pytest.mark.parametrize("case", AGES)
def test_now_prints_the_age_of_the_image(
    case: str, predictor: Predictor, today: pd.Timestamp, tmp_path: Path, capsys: Any
) -> None:
    hours, faults, expected = AGES[case]
    times = [today - pd.Timedelta(hours=number) for number in hours]
    with archive(tmp_path, times, *faults) as live:
        answered = now.answer_now(predictor, live, now.Output())
    assert expected in capsys.readouterr().out
    assert answered is bool(hours and not faults)


LIST = r"solar_regions\.json$"
ABSENT: dict[str, tuple[tuple[Fault, ...], list[int], str]] = {  # faults, days since each report, the warning
    "missing": ((Fault(LIST, "missing"),), [1], "NOAA's list of regions cannot be fetched"),
    "corrupt": ((Fault(LIST, "html"),), [1], "NOAA's list of regions cannot be fetched"),
    "empty": ((), [], "NOAA's list of regions is empty for these days"),
    "old": ((), [8], ""),
}


def with_list(project: Path, name: str | None, live: Live) -> Predictor:
    """Return the networks; `name` is the option ``--regions`` of `solarflare predict`."""
    return Predictor(networks(project), regions.lookup(name, lambda: live))


@pytest.mark.parametrize("name", [None, "swpc"])
def test_regions_of_an_image_of_today_are_those_of_noaas_list(
    name: str | None, project: Path, today: pd.Timestamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = today.floor("D")
    with archive(tmp_path, [], reports=[(report, 14001), (report - pd.Timedelta(days=5), 13990)]) as live:
        answer = answer_for(draw_sun(9, today), with_list(project, name, live), f"{today:%Y%m%d_%H%M%S}_512_0211.jpg")
    assert answer.regions_from == f"NOAA's list of {report:%Y-%m-%d %H:%M}"
    assert [region.noaa_ar for region in answer.regions or []] == [14001]


@pytest.mark.parametrize("case", ABSENT)
def test_where_noaas_list_has_no_regions_the_image_shows_them(
    case: str, project: Path, today: pd.Timestamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    faults, days, expected = ABSENT[case]
    monkeypatch.chdir(tmp_path)
    reports = [(today.floor("D") - pd.Timedelta(days=number), 14001) for number in days]
    with archive(tmp_path, [], *faults, reports=reports) as live:
        answer = answer_for(draw_sun(9, today), with_list(project, None, live), f"{today:%Y%m%d_%H%M%S}_512_0211.jpg")
    assert answer.regions_from == "found in the image"
    assert expected in caplog.text
    assert bool(caplog.text) is bool(expected)


def test_noaas_list_is_not_fetched_for_an_old_image(project: Path, tmp_path: Path, predictor: Predictor) -> None:
    with archive(tmp_path, [], reports=[(TIME, 11944)]) as live:
        answer = answer_for(draw_sun(9), with_list(project, "swpc", live))
    assert answer.regions_from == "found in the image"


@pytest.fixture
def served(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: pd.Timestamp) -> Iterator[Path]:
    """Yield networks whose parameters lead to an archive with an image of half an hour ago and NOAA's list of today."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(project / "models", "trained/models")
    content = yaml.safe_load((project / "params.yaml").read_text())
    with archive(tmp_path, [today - pd.Timedelta(minutes=30)], reports=[(today.floor("D"), 14001)]) as live:
        content["scrape"]["live"] = live.model_dump(mode="json")
        Path("trained/params.yaml").write_text(yaml.safe_dump(content))
        yield Path("trained/models")


def test_json_of_now_is_json_of_predict_with_source_and_age(served: Path) -> None:
    result = CliRunner().invoke(app, ["now", "--models", str(served), "--json", "--figures", "figures"])
    assert result.exit_code == 0
    content = json.loads(result.stdout)
    assert (content["source"], content["age_hours"]) == ("gsfc", pytest.approx(0.5, abs=0.1))
    assert [region["noaa_ar"] for region in content["regions"]] == [14001]
    (figure,) = Path("figures").glob("*.png")
    assert figure.name == f"{Path(content['path']).stem}.png"

    taken = next(Path("site").rglob("*_512_0211.jpg"))
    result = CliRunner().invoke(app, ["predict", "--models", str(served), "--json", str(taken)])
    del content["source"], content["age_hours"]
    assert json.loads(result.stdout) == content | {"path": str(taken)}


def test_now_without_a_network_names_the_host_once_and_what_to_do(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    live = parameters.parse(choices("http://127.0.0.1:1"), paths.PARAMS).scrape.live
    sources = live.sources.model_copy(update={"aia211": ["gsfc"]})
    assert not now.answer_now(predictor, live.model_copy(update={"sources": sources}), now.Output())
    assert capsys.readouterr().out == (
        "For aia211 no archive answers: 127.0.0.1:1: cannot be reached (Connection refused); "
        "check the internet connection and try again.\n"
    )


def test_now_without_an_image_is_json_too(predictor: Predictor, tmp_path: Path, capsys: Any) -> None:
    with archive(tmp_path, []) as live:
        assert not now.answer_now(predictor, live, now.Output(as_json=True, figures=OutputFolder(Path("figures"))))
    content = json.loads(capsys.readouterr().out)
    assert "no image of the last 10 days" in content["refusal"]
    assert content["path"] is content["age_hours"] is content["disk"] is None
    assert not Path("figures").exists()


def test_a_watch_goes_on_after_a_round_without_an_answer(
    project: Path, today: pd.Timestamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    rounds = []

    def lookup(time: pd.Timestamp) -> None:
        rounds.append(time)
        if len(rounds) == 1:
            raise InputError("the list of regions is broken")
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    predictor = Predictor(networks(project), lookup)
    with archive(tmp_path, [today]) as live, pytest.raises(KeyboardInterrupt):
        now.watch(predictor, live, now.Output(), pause=0.01)
    assert "no answer this time: the list of regions is broken" in caplog.text


def test_a_forecast_needs_networks_that_forecast(predictor: Predictor) -> None:
    with pytest.raises(InputError, match=r"label.disk.target is active_region, .*solarflare experiment sdo-euv"):
        now.forecasting_networks(predictor.networks)


def test_a_forecast_has_one_header(predictor: Predictor) -> None:
    asked: dict[str, Any] = {"event": "start", "min_class": "C1.0", "before": 0, "after": 24}
    for task, after in ((Task.DISK, 24), (Task.REGION, 12)):
        network = predictor.networks[task]
        network.about = replace(network.about, question=asked | {"after": after})
    with pytest.raises(InputError, match=r"label.disk and label.region differ in min_class or after"):
        now.forecasting_networks(predictor.networks)
    network.about = replace(network.about, question=asked, origin="simulated")
    assert list(now.forecasting_networks(predictor.networks)) == [Task.DISK]


def test_the_remedy_fits_the_instrument() -> None:
    assert "sdo-euv" in trained.how_to_train("aia211")
    assert "sdo-magnetogram" in trained.how_to_train("hmi")
    assert "sdo-euv" not in trained.how_to_train("gong")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("models", "`dvc repro`"), ("sdo-euv-test-2014", "`solarflare experiment sdo-euv`"), ("x", "`dvc repro`")],
)
def test_the_error_for_missing_networks_names_the_command_that_trains_them(
    name: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    for profile in ("sdo-euv", "sdo"):
        Path("profiles").mkdir(exist_ok=True)
        Path(f"profiles/{profile}.yaml").touch()
    with pytest.raises(InputError, match=f"^{name} is no folder, and no experiment or commit .*{remedy} trains"):
        trained.find(name)


def test_a_folder_of_networks_has_its_own_parameters(project: Path) -> None:
    folder, chosen = trained.find(str(project / "models"))
    assert folder == project / "models"
    assert chosen.instrument.disk == "aia211"


def test_no_mutated_model_answers(project: Path, tmp_path: Path) -> None:
    chosen, files = parameters.load(project / "params.yaml"), sorted((project / "models/disk").iterdir())
    for seed in range(60):
        models = shutil.copytree(project / "models", tmp_path / f"{seed}")
        random, path = np.random.default_rng(seed), models / "disk" / files[seed % len(files)].name
        content = bytearray(path.read_bytes())
        content[random.integers(len(content))] ^= 1 << random.integers(8)
        path.write_bytes(content[: random.integers(1, len(content))] if seed % 3 == 0 else content)
        with pytest.raises(InputError, match=r"the model is damaged; delete .*disk, then make or fetch it again"):
            trained.load(models, chosen)
