"""Whatever is wrong, every stage says so in one sentence, exits with 1 and leaves nothing half-written."""

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.sources.archive import scrape as archive
from tests import archives
from tests.projects import ROOT, Project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archives.make(tmp_path / "archive")


@pytest.fixture
def project(tmp_path: Path, folder: Path) -> Project:
    return Project.make(tmp_path / "project", archives.choices(folder, archive.digest(folder)))


def changed(project: Project, folder: Path) -> None:
    """Let the parameters name the archive as it is now."""
    project.choose(archives.choices(folder, archive.digest(folder)))


def assert_refused(project: Project, done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence with these words as the last line, exit code 1, nothing half-written."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert errors == done.stderr.splitlines()[-1:]
    assert all(word in errors[0] for word in words), errors
    assert project.left_over() == []


# Parameters

STAGES = [
    pytest.param(stage, marks=[pytest.mark.slow] if stage in ("train_disk", "train_region", "evaluate") else [])
    for stage in sorted(path.stem for path in (ROOT / "stages").glob("[a-z]*.py"))
]


@pytest.mark.parametrize("stage", STAGES)
def test_missing_parameters(stage: str, project: Project) -> None:
    (project.folder / "params.yaml").unlink()
    assert_refused(project, project.run(stage), "params.yaml is not there")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("tasks: [disk\nscrape: {", ["params.yaml, line 2", "not YAML"]),
        ("- tasks\n", ["params.yaml", "expected groups of keys"]),
        ("tasks: [disk]\n", ["params.yaml", "instrument is missing"]),
    ],
)
def test_broken_parameters(content: str, words: list[str], project: Project) -> None:
    (project.folder / "params.yaml").write_text(content)
    assert_refused(project, project.run("scrape"), *words)


# The archive


def test_an_archive_that_is_not_there(project: Project) -> None:
    project.choose(archives.choices("nowhere/sun", None))
    assert_refused(project, project.run("scrape"), "scrape.archive.path", "nowhere/sun")


def test_an_archive_without_flares(project: Project, folder: Path) -> None:
    (folder / "flares.csv").unlink()
    changed(project, folder)
    assert_refused(project, project.run("scrape"), "flares.csv")


def test_a_missing_column(project: Project, folder: Path) -> None:
    (folder / "flares.csv").write_text("start,noaa_ar\n2014-01-01,11944\n")
    changed(project, folder)
    assert_refused(project, project.run("scrape"), "flares.csv", "goes_class is missing")


def test_an_unreadable_date_and_the_next_run(project: Project, folder: Path) -> None:
    (folder / "flares.csv").write_text(archives.FLARES.replace("2014-01-02T10:00:00", "2014-01-32T10:00:00"))
    changed(project, folder)
    assert_refused(project, project.run("scrape"), "flares.csv, row 2, column start", "2014-01-32T10:00:00")
    (folder / "flares.csv").write_text(archives.FLARES)
    changed(project, folder)
    assert project.run("scrape").returncode == 0


def test_a_truncated_jpeg_and_a_gif_called_jpg_are_counted(project: Project, folder: Path) -> None:
    truncated = archives.write_image(folder / "20140103_000000_512_0211.jpg", 10)
    truncated.write_bytes(truncated.read_bytes()[:-400])
    archives.write_image(folder / "20140103_010000_512_0211.jpg", 11, image_format="GIF")
    changed(project, folder)
    done = project.run("scrape")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("images dropped: 1, ") == 2
    assert len(tables.read(project.folder / "data/raw/images.csv", tables.IMAGES)) == 4


# Labels and splits


DAYS = 300


def disk_alone(project: Project, folder: Path) -> None:
    """Let the project ask for flares on the disk alone, with a raw image a day and a list that is complete for them."""
    params = archives.choices(folder, None, tasks=["disk"])
    params["label"]["disk"]["target"] = "flare"
    params["train_disk"]["network"] = "compact"  # there are no regions to be shown
    project.choose(params)
    raw = project.folder / "data/raw"
    time = pd.Timestamp("2014-01-01 12:00") + pd.to_timedelta(range(DAYS), "D")
    images = pd.DataFrame({"path": [f"{day:%Y%m%d}.jpg" for day in time], "time": time, "instrument": "aia211"})
    images[["width", "height", "bytes"]] = 512
    images[["sha256", "pair_id", "origin"]] = ""
    tables.write(images, raw / "images.csv", tables.IMAGES)
    for path in images["path"]:
        os.link(folder / "2014/01/01/20140101_000000_512_0211.jpg", raw / path)
    complete = {"list": "swpc", "start": "2013-01-01", "end": "2015-01-01", "min_class": "C1.0", "status": "complete"}
    tables.write(pd.DataFrame([complete | {"reason": ""}]), raw / "coverage.csv", tables.COVERAGE)
    tables.write(tables.empty(tables.REGIONS), raw / "regions.csv", tables.REGIONS)


def flares_on(project: Project, days: range) -> None:
    """Give the project a flare at noon of these days."""
    start = pd.Timestamp("2014-01-01 12:00") + pd.to_timedelta(days, "D")
    flares = pd.DataFrame({"start": start, "goes_class": "C2.0", "list": "swpc"})
    columns = list(tables.FLARES.columns)
    tables.write(flares.reindex(columns=columns), project.folder / "data/raw/flares.csv", tables.FLARES)


@pytest.mark.parametrize(
    ("days", "words"),
    [(range(0), ["the labels of disk", "none of 300", "label.disk"]), (range(0, 150, 2), ["the split of disk, test"])],
    ids=["an empty class", "no positives in test"],
)
def test_labels_that_cannot_be_learned_from(days: range, words: list[str], project: Project, folder: Path) -> None:
    disk_alone(project, folder)
    flares_on(project, days)
    done = project.run("label")
    assert done.returncode == 0, done.stderr
    assert_refused(project, project.run("split"), *words)
    assert not (project.folder / "data/splits").exists()


# The machine


SMALL_DISK = """\
mkdir -p data && mv data kept && mkdir data && mount -t tmpfs -o size=16k none data || exit 77
find kept -mindepth 1 -maxdepth 1 -exec ln -s ../{} data/ ";"
"$@"
code=$?
find data -mindepth 1 ! -type l
exit $code
"""


def assert_full_disk_is_said(project: Project, stage: str) -> None:
    """Run a stage with 16 kB of disk at data/, in a namespace of its own; it leaves nothing there."""
    if not shutil.which("unshare"):
        pytest.skip("needs unshare to mount a small disk")
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh"]
    done = project.execute([*namespace, *project.command(stage)])
    if done.returncode == 77 or done.stderr.startswith("unshare"):
        pytest.skip("needs the right to mount a small disk in a namespace of its own")
    assert_refused(project, done, "the disk is full")
    assert done.stdout == ""


def test_a_full_disk_while_images_are_copied(project: Project) -> None:
    assert_full_disk_is_said(project, "scrape")


def test_a_full_disk_while_crops_are_written(project: Project, folder: Path) -> None:
    disk_alone(project, folder)
    assert_full_disk_is_said(project, "crop")


def many_images(folder: Path) -> None:
    """Let an archive take seconds to import."""
    first = folder / "2014/01/01/20140101_000000_512_0211.jpg"
    for number in range(500):
        os.link(first, folder / f"20140201_{number // 3600:02}{number // 60 % 60:02}{number % 60:02}_512_0211.jpg")


def test_ctrl_c_keeps_the_old_data_and_the_next_run_continues(project: Project, folder: Path) -> None:
    assert project.run("scrape").returncode == 0
    before = {path: path.read_bytes() for path in project.folder.rglob("data/raw/**/*.*")}
    many_images(folder)
    changed(project, folder)
    done = project.interrupt(project.command("scrape"), when=lambda line: line.startswith("images checked"))
    assert_refused(project, done, "interrupted")
    assert {path: path.read_bytes() for path in project.folder.rglob("data/raw/**/*.*")} == before
    assert project.run("scrape").returncode == 0


def test_ctrl_c_reaches_the_workers_of_crop(project: Project, folder: Path) -> None:
    disk_alone(project, folder)
    done = project.interrupt(project.command("crop"), when=lambda line: line.startswith("months of images cut"))
    assert_refused(project, done, "interrupted")
    assert not (project.folder / "data/crops").exists()


@pytest.mark.slow
def test_ctrl_c_while_a_network_is_trained_keeps_the_former_one(project: Project, folder: Path) -> None:
    disk_alone(project, folder)
    flares_on(project, range(0, DAYS, 2))
    for stage in ("label", "split", "crop"):
        assert project.run(stage).returncode == 0
    former = project.folder / "models/disk/model.weights.h5"
    former.parent.mkdir(parents=True)
    former.write_text("former")
    done = project.interrupt(project.command("train_disk"), when=lambda line: "images to train on" in line)
    assert_refused(project, done, "interrupted")
    assert former.read_text() == "former"


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_while_a_stage_is_still_starting(stage: str, project: Project) -> None:
    command = project.command(stage, "-X", "importtime")
    done = project.interrupt(command, when=lambda line: line.strip().endswith(" numpy"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in done.stderr
