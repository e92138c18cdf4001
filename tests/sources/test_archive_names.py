"""Archives of strangers: names of files that are more than text, links that lead elsewhere, and very many files."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from solarflare.core import tables
from solarflare.sources.archive import listing
from solarflare.sources.archive import scrape as archive
from tests import archives, parameters

MANY = 100_000
ODD = {
    b"20140105_000000_512_0211\xff.jpg": r"20140105_000000_512_0211\udcff.jpg",
    b"20140106_000000_512_0211\n.jpg": r"20140106_000000_512_0211\n.jpg",
    b"20140107_000000_512_\x1b[31m0211.jpg": r"20140107_000000_512_\x1b[31m0211.jpg",
    "20140108_000000_512_0211\u202e.jpg".encode(): r"20140108_000000_512_0211\u202e.jpg",
    b"\xff\n/20140109_000000_512_0211.jpg": r"\udcff\n/20140109_000000_512_0211.jpg",
}
"""Names, and how they are shown."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archives.make(tmp_path / "archive")


def add(folder: Path, name: bytes, seed: int) -> None:
    """Add an image with a name in bytes."""
    path = folder / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    archives.write_image(folder / "new.jpg", seed).rename(path)


def left_out(folder: Path, raw: Path) -> list[str]:
    """Import the archive, and return the files that are not imported with the reasons, in the order of the text."""
    raw.mkdir()
    archive.scrape(parameters.parse(archives.choices(folder, archive.digest(folder))), raw)
    rows = tables.read(raw / "coverage.csv", tables.COVERAGE).query("list == 'images'")
    return sorted(rows["reason"])


def test_names_that_are_no_printable_text_are_left_out_and_said(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for seed, name in enumerate(ODD):
        add(folder, name, seed + 20)
    said = sorted(f"{shown}: {listing.ODD_NAME}" for shown in ODD.values())
    with caplog.at_level(logging.INFO, "solarflare"):
        assert archive.check(folder) == [*said, "aia211: 4 of 4 images can be used"]
        assert left_out(folder, tmp_path / "raw") == said
    assert all(record.message.isprintable() for record in caplog.records)


@pytest.mark.parametrize("name", ["a$^$", "é è", "a,b", 'a"b', "=1+1", "$(id)", "`id`", "a;b"])
def test_a_printable_name_is_only_a_name(name: str, folder: Path, tmp_path: Path) -> None:
    (folder / "2014").rename(folder / name)
    add(folder, f"{name}.jpg".encode(), 40)
    assert left_out(folder, tmp_path / "raw") == [f"{name}.jpg: no time in the name"]
    images = tables.read(tmp_path / "raw/images.csv", tables.IMAGES)
    assert images["origin"].str.startswith(f"archive/{name}/").tolist() == [True] * 4


def test_a_link_to_a_file_is_read_wherever_it_leads(folder: Path, tmp_path: Path) -> None:
    before = archive.digest(folder)
    elsewhere = archives.write_image(tmp_path / "elsewhere.jpg", 50)
    link = folder / "20140105_000000_512_0211.jpg"
    link.symlink_to(elsewhere)
    linked = archive.digest(folder)
    assert left_out(folder, tmp_path / "raw") == []
    copied = tmp_path / "raw/images/aia211/2014/01/05" / link.name
    assert copied.read_bytes() == elsewhere.read_bytes()
    assert not copied.is_symlink()
    link.unlink()
    archives.write_image(link, 50)
    assert archive.digest(folder) == linked != before


def test_what_is_no_file_is_left_out_and_said(folder: Path, tmp_path: Path) -> None:
    other = archives.make(tmp_path / "other")
    (folder / "circle").symlink_to(folder)
    (folder / "other").symlink_to(other)
    (folder / "20140105_000000_512_0211.jpg").symlink_to("nowhere")
    (folder / "20140106_000000_512_0211.jpg").symlink_to("20140106_000000_512_0211.jpg")
    os.mkfifo(folder / "20140107_000000_512_0211.jpg")
    assert left_out(folder, tmp_path / "raw") == [
        f"20140105_000000_512_0211.jpg: {listing.NOWHERE}",
        f"20140106_000000_512_0211.jpg: {listing.NOWHERE}",
        f"20140107_000000_512_0211.jpg: {listing.NO_FILE}",
        f"circle: {listing.LINKED_FOLDER}",
        f"other: {listing.LINKED_FOLDER}",
    ]
    assert len(tables.read(tmp_path / "raw/images.csv", tables.IMAGES)) == 4


def test_the_text_of_a_table_cannot_control_a_terminal(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = "\x1b[31mred\x07\u202e"
    (folder / "flares.csv").write_text(archives.FLARES.replace("swpc", hostile))
    with caplog.at_level(logging.INFO, "solarflare"):
        archive.check(folder)
    assert all(record.message.isprintable() for record in caplog.records)
    assert left_out(folder, tmp_path / "raw") == []
    assert set(tables.read(tmp_path / "raw/flares.csv", tables.FLARES)["list"]) == {r"\x1b[31mred\x07\u202e"}
    (folder / "flares.csv").write_text(archives.FLARES.replace("goes_class", f"class{hostile}"))
    command = [sys.executable, "-m", "solarflare.cli", "check", "--archive", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert r"class\x1b[31mred\x07\u202e" in done.stderr
    assert all(line.isprintable() for line in done.stderr.splitlines())


@pytest.mark.slow
def test_a_hundred_thousand_other_files_are_counted(folder: Path) -> None:
    for number in range(MANY):
        (folder / f"{number}.txt").touch()
    lines = archive.check(folder)
    assert len(lines) == MANY + 1
    assert lines[-1] == "aia211: 4 of 4 images can be used"
