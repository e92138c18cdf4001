"""The shipped networks: what is in their folders, what answers, and that nothing heavy is imported for it."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core import printable
from solarflare.core.errors import InputError
from solarflare.core.files import sha256
from solarflare.core.tasks import TASKS, Task
from solarflare.networks import calibration, description, hashes, shipped
from solarflare.networks.calibration import Calibration, Platt
from solarflare.predict import choose, pretrained, terminal_picture
from solarflare.predict.choose import Choice, Wish
from solarflare.predict.images import find_images
from solarflare.predict.network import Member, Network
from solarflare.predict.predictor import ImageAnswer
from solarflare.tracking.pretrained import card, make
from tests.image_rehearsal import IMAGE
from tests.import_graph import ROOT
from tests.predict.test_predict import NAME, archive, draw_sun, today
from tests.predict.test_predict import project as project

__all__ = ["project", "today"]

FOLDER = pretrained.FOLDER / "aia211"
SHIPPED = [FOLDER / task for task in TASKS]
HEAVY = ("tensorflow", "keras", "mlflow", "dvc", "sunpy", "astropy", "sklearn", "pandera", "matplotlib", "requests")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drawn Sun in a working folder without a project."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / NAME
    path.write_bytes(draw_sun(9))
    return path


def answer_of(image: Path, **wish: Any) -> ImageAnswer:
    (file,) = find_images([image])
    return Choice(Wish(**wish)).predictor(file)(file)


# What is shipped


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_shipped_folder_holds_what_its_hashes_say(folder: Path) -> None:
    hashes.check(folder, "")
    listed = {line.split("  ")[1] for line in (folder / hashes.SUMS).read_text().splitlines()}
    assert listed == {shipped.NETWORK, shipped.CARD, shipped.PAGE, "model.json", "calibration.json", "ranges.json"}


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_card_says_what_the_files_say(folder: Path) -> None:
    content = pretrained.card(folder)
    about, fitted = description.about(folder), calibration.read(folder / description.CALIBRATION)
    assert (content["task"], content["instrument"]) == (about.task, about.instrument) == (folder.name, "aia211")
    assert content["network"]["bytes"] == (folder / shipped.NETWORK).stat().st_size
    assert content["calibration"]["threshold"] == fitted.threshold
    assert content["calibration"]["share_of_yes"] == fitted.fitted_rate
    assert (folder / shipped.PAGE).read_text() == card.markdown(content)


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_card_names_the_manifest_of_the_training(folder: Path) -> None:
    training = pretrained.card(folder)["training"]
    manifest = ROOT / training["manifest"]["path"]
    assert sha256(manifest) == training["manifest"]["sha256"]
    with manifest.open(newline="") as file:
        days = sorted(row["time"][:10] for row in csv.DictReader(file))
    assert days[0] <= training["first"] <= training["last"] <= days[-1]


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_card_has_the_scores_of_the_results(folder: Path) -> None:
    variants = json.loads((ROOT / "docs/results/sdo-euv.json").read_text())["variants"]
    for variant, scores in pretrained.card(folder)["scores"].items():
        assert scores["roc_auc"] == variants[variant]["metrics"][folder.name]["roc_auc"]


@pytest.mark.parametrize("folder", SHIPPED)
def test_a_shipped_network_agrees_with_keras(folder: Path) -> None:
    assert pretrained.card(folder)["network"]["largest_difference_from_keras"] < 1e-5


def test_all_that_is_shipped_is_a_few_hundred_kilobytes() -> None:
    assert sum(path.stat().st_size for path in pretrained.FOLDER.rglob("*")) < 700_000


@pytest.mark.parametrize("name", [shipped.NETWORK, shipped.CARD, "calibration.json", "ranges.json"])
def test_a_damaged_file_is_refused(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "aia211")
    path = folder / "region" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"region/{name} differs from .*SHA256SUMS: the model is damaged; copy it"):
        pretrained.load(folder)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "aia211")
    (folder / "disk" / "extra.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"extra\.bin is not in"):
        pretrained.load(folder)
    (folder / "disk" / "extra.bin").unlink()
    (folder / "disk" / shipped.NETWORK).unlink()
    with pytest.raises(InputError, match=r"model\.tflite is not there"):
        pretrained.load(folder)


def test_a_network_that_the_hashes_lack_too_is_one_sentence(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "aia211")
    (folder / "disk" / shipped.NETWORK).unlink()
    hashes.write(folder / "disk")
    with pytest.raises(InputError, match=r"model\.tflite is not there; copy it again"):
        pretrained.load(folder)


def test_a_model_in_the_folder_of_the_other_task_is_refused(tmp_path: Path) -> None:
    for task, other in (TASKS, TASKS[::-1]):
        shutil.copytree(FOLDER / task, tmp_path / "swapped" / other)
    with pytest.raises(InputError, match=r"the model for region, and it is in the folder for disk; move it"):
        pretrained.load(tmp_path / "swapped")


def test_the_remedy_of_a_damaged_model_fits_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = tmp_path / "exported"
    (exported / "data").mkdir(parents=True)
    (exported / "MLmodel").touch()
    monkeypatch.chdir(ROOT)
    assert pretrained.remedy(Path("pretrained/aia211/disk")) == "`git checkout pretrained/aia211/disk`"
    assert f"delete {exported} and make it again" in pretrained.remedy(exported / "data/aia211/disk")
    assert pretrained.remedy(tmp_path / "aia211/disk").startswith("copy it again from where it came; the networks of")
    monkeypatch.setattr(pretrained, "FOLDER", shutil.copytree(pretrained.FOLDER, tmp_path / "unpacked/pretrained"))
    assert pretrained.remedy(pretrained.FOLDER / "aia211/disk").startswith("copy it again")


# Who answers


def test_where_nothing_is_answered_the_networks_are_not_introduced(image: Path, tmp_path: Path) -> None:
    holiday = Path(shutil.copy(image, tmp_path / "holiday.jpg"))
    refused = CliRunner().invoke(app, ["predict", str(holiday)])
    assert refused.exit_code == 2
    assert [line[:11] for line in refused.output.splitlines()] == ["holiday.jpg", "  no answer"]
    both = CliRunner().invoke(app, ["predict", str(holiday), str(IMAGE)]).output
    assert both.startswith(refused.output)
    assert both.count("the probability that") == len(TASKS)


@pytest.mark.parametrize("name", ["models/pretrained", "pretrained"])
def test_a_folder_without_networks_is_answered_with_one_that_has_some(name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name} .*(such as|networks in) \S*pretrained/aia211$"):
        choose.networks(name)


def test_a_task_without_a_network_in_the_folder_is_said(
    image: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(FOLDER / "region", tmp_path / "some/region")
    answer = answer_of(image, models=str(tmp_path / "some"))
    assert answer.disk is None
    assert f"{tmp_path}/some has no folder disk, so nothing is answered for disk" in caplog.text
    caplog.clear()
    answer_of(image, models=str(FOLDER))
    assert caplog.text == ""


def test_the_name_of_an_image_cannot_control_a_terminal(image: Path, tmp_path: Path) -> None:
    odd = tmp_path / "\x1b[31mred\n\udcff.jpg"
    shutil.copy(image, odd)
    output = CliRunner().invoke(app, ["predict", str(odd)]).output
    assert output.splitlines()[0] == r"\x1b[31mred\n\udcff.jpg"


@pytest.mark.parametrize("name", ["a$^$", "$x", "\udcff\n", '<script>"', "_a"])
def test_any_name_of_an_image_has_a_picture(name: str, tmp_path: Path) -> None:
    shutil.copy(IMAGE, tmp_path / f"{name}.jpg")
    wish = ["--instrument", "aia211", "--time", "2014-10-25T00:44", "--regions", "image"]
    done = CliRunner().invoke(app, ["predict", str(tmp_path), *wish, "--figures", str(tmp_path / "figures")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"figures/{printable.one_line(name)}.png").is_file()


def test_a_real_image_is_answered_without_a_project(image: Path) -> None:
    assert answer_of(image, tasks=(Task.REGION,), regions="image").refusal.startswith("it is unlike the images")
    given = CliRunner().invoke(app, ["predict", str(IMAGE), "--regions", "image"])
    assert given.exit_code == 0, given.output
    assert "pretrained/aia211 answers, trained on" in given.output


def test_a_blank_image_is_refused(image: Path) -> None:
    blank = image.with_name("20140202_120000_512_0211.jpg")
    from tests.predict.test_predict import jpeg

    blank.write_bytes(jpeg(np.zeros((512, 512, 3))))
    assert answer_of(blank).refusal


def test_an_own_network_of_the_real_sun_comes_first(project: Path, image: Path) -> None:
    shutil.copytree(project / "models", "models")
    shutil.copy(project / "params.yaml", ".")
    (file,) = find_images([image])
    assert Choice(Wish()).predictor(file).name == "models"


def test_a_network_of_the_simulated_sun_leaves_real_images_to_the_shipped_one(project: Path, image: Path) -> None:
    shutil.copytree(project / "models", "models")
    shutil.copy(project / "params.yaml", ".")
    for task in TASKS:
        path = Path(f"models/{task}/model.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"origin": "simulated"}))
        hashes.write(path.parent)
    (file,) = find_images([image])
    assert Choice(Wish()).predictor(file).name == "pretrained/aia211"
    assert Choice(Wish()).of_today().name == "pretrained/aia211"
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/images.csv").write_text(f"path,sha256,origin\n{NAME},{sha256(image)},simulated/{NAME}\n")
    assert Choice(Wish()).predictor(file).name == "models"


def test_a_shipped_network_does_not_answer_for_the_simulated_sun(image: Path) -> None:
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/images.csv").write_text(f"path,sha256,origin\n{NAME},{sha256(image)},simulated/{NAME}\n")
    assert "it is of the simulated Sun" in answer_of(image, models=str(FOLDER)).refusal
    assert "it is of the simulated Sun" in answer_of(image).refusal


def test_an_image_of_another_instrument_is_refused_with_what_is_known(image: Path) -> None:
    other = image.rename(image.with_name("20140201_120000_512_0171.jpg"))
    assert "the networks of pretrained/aia211 know only disks of aia211" in answer_of(other).refusal


def test_many_images_have_the_answers_of_each_alone(tmp_path: Path, image: Path) -> None:
    for minute in range(20):
        (tmp_path / "many").mkdir(exist_ok=True)
        (tmp_path / f"many/20140201_12{minute:02}00_512_0211.jpg").write_bytes(draw_sun(minute % 3))
    given = CliRunner().invoke(app, ["predict", "many", "--json", "--regions", "image"])
    answers = [json.loads(line) for line in given.stdout.splitlines()]
    assert [answer["path"] for answer in answers] == sorted(answer["path"] for answer in answers)
    assert len(answers) == 20
    alone = CliRunner().invoke(app, ["predict", answers[7]["path"], "--json", "--regions", "image"])
    assert json.loads(alone.stdout) == answers[7]


def test_no_heavy_library_is_imported_for_an_answer() -> None:
    program = f"""
import sys
from solarflare.predict.answer import answer
from solarflare.predict.choose import Wish
from solarflare.predict.images import find_images
import pathlib
answer(find_images([pathlib.Path({str(IMAGE)!r})]), Wish())
heavy = {set(HEAVY)!r} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, env=None
    )
    assert done.returncode == 0, done.stderr
    assert "pretrained/aia211" in done.stdout


def test_no_probability_is_nan() -> None:
    about = description.about(FOLDER / "disk")
    broken = Member(lambda crops: np.full(len(crops), np.nan, np.float32), Calibration(Platt(1.0, 0.0), 0.5, 0.5), 0.5)
    crop = pretrained.load(FOLDER, (Task.DISK,))[Task.DISK].cutter.settings
    network = Network("broken", "nothing", about, crop, [broken], [], None)
    with pytest.raises(InputError, match="gives no number"):
        network.probabilities(network.scores(np.zeros((2, *about.shape), np.uint8)))


def test_now_answers_with_the_shipped_networks(
    tmp_path: Path, today: pd.Timestamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal on the loopback interface: the newest image, NOAA's list, and the networks of a fresh clone."""
    import yaml

    from solarflare.core import params
    from tests import parameters

    monkeypatch.chdir(tmp_path)
    content = params.read_yaml(parameters.FIXED)
    with archive(tmp_path, [today - pd.Timedelta(minutes=30)], reports=[(today.floor("D"), 14001)]) as live:
        content["scrape"]["live"] = live.model_dump(mode="json")
        Path("params.yaml").write_text(yaml.safe_dump(content))
        result = CliRunner().invoke(app, ["now", "--json"])
    said = json.loads(result.stdout)
    assert said["source"] == "gsfc"
    assert said["models"]["region"]["name"] == "pretrained/aia211"
    assert result.exit_code == (2 if said["refusal"] else 0)


# The picture in the terminal


def test_a_terminal_shows_the_image_with_numbered_boxes(image: Path, project: Path) -> None:
    networks = choose.networks(str(project / "models"))
    from solarflare.predict.predictor import Predictor

    (file,) = find_images([image])
    answer = Predictor(networks, lambda time: None)(file)
    assert answer.regions
    lines = list(terminal_picture.lines(answer, networks[Task.REGION]))
    assert len(lines) == terminal_picture.COLUMNS // 2
    assert all(line.count("▀") == terminal_picture.COLUMNS for line in lines)
    bare = list(terminal_picture.lines(answer, None))
    assert lines != bare


# Making them


def test_a_manifest_has_to_name_the_images_of_the_training(tmp_path: Path) -> None:
    images, manifest = tmp_path / "images.csv", tmp_path / "manifest.csv"
    images.write_text(f"path,sha256\na,{'1' * 64}\n")
    name = "20140101_000000_512_0211.jpg"
    row = f"{name},aia211,2014-01-01T00:00:00,{{}},1,gsfc/{name}\n"
    header = "name,instrument,time,sha256,bytes,where\n"
    manifest.write_text(header + row.format("1" * 64))
    assert make.check_manifest(manifest, images) == {"path": manifest.as_posix(), "sha256": sha256(manifest)}
    manifest.write_text(header + row.format("3" * 64))
    with pytest.raises(InputError, match="lacks 1 images of the archive and names 1 others"):
        make.check_manifest(manifest, images)


def test_a_time_that_contradicts_the_name_gets_no_answer(image: Path) -> None:
    result = CliRunner().invoke(app, ["predict", str(image), "--time", "2001-01-01"])
    assert result.exit_code == 2
    assert "no answer: its name says" in result.stdout
    assert "--time says 2001-01-01 00:00" in result.stdout


def test_reports_of_another_month_are_named_as_of_no_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reports = tmp_path / "reports.csv"
    reports.write_text("time,noaa_ar,latitude,longitude\n2001-01-01T00:00:00,9999,10,10\n")
    answer = answer_of(ROOT / "docs/images/20141025_004401_512_0211.jpg", regions=str(reports))
    assert answer.regions_from == "found in the image"
    assert f"{reports} has no report with a position near" in caplog.text
