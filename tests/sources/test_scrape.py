"""The stage scrape: the origin that the parameters name, in data/raw/, all of it or nothing."""

import sys
from pathlib import Path

import pytest

from solarflare.core import tables
from solarflare.sources.archive import scrape as archive
from tests import archives
from tests.projects import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = archives.make(tmp_path / "archive")
    return Project.make(tmp_path / "project", archives.choices(folder, archive.digest(folder)))


def test_scrape_imports_the_archive(project: Project) -> None:
    done = project.run("scrape")
    assert done.returncode == 0, done.stderr
    assert "4 images of aia211" in done.stderr
    assert len(tables.read(project.folder / "data/raw/images.csv", tables.IMAGES)) == 4


def test_what_is_no_longer_in_the_archive_is_no_longer_in_the_data(project: Project, tmp_path: Path) -> None:
    project.run("scrape")
    (tmp_path / "archive/2014/01/01/20140101_000000_512_0211.jpg").unlink()
    project.choose(archives.choices(tmp_path / "archive", archive.digest(tmp_path / "archive")))
    assert project.run("scrape").returncode == 0
    assert len(list(project.folder.glob("data/raw/images/**/*.jpg"))) == 3


def test_a_relative_path_is_seen_from_the_main_checkout(project: Project, tmp_path: Path) -> None:
    archives.make(tmp_path / "checkout" / "sun")
    project.choose(archives.choices("sun", archive.digest(tmp_path / "checkout" / "sun")))
    done = project.run("scrape", DVC_ROOT=str(tmp_path / "checkout"))
    assert done.returncode == 0, done.stderr


def test_only_the_chosen_origin_is_imported(project: Project) -> None:
    program = (
        "import sys, stages.scrape; stages.scrape.main(); print('solarflare.sources.simulated.scrape' in sys.modules)"
    )
    assert project.execute([sys.executable, "-c", program]).stdout == "False\n"
