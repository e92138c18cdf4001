"""Thumbnails of the experiment of 2020: one wavelength, true colours, no frame."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from solarflare.core import tables
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder
from solarflare.sources.live import scrape as live
from solarflare.sources.live.images import cutouts
from tests import parameters
from tests.archive_server import ArchiveServer, Fault, Page
from tests.archive_server.pages import hek
from tests.archive_server.world import choices

SERVICE = "ssw_service_140105_{number:06d}_12345"
LINK = "http://sdowww.lmsal.com/a/b/{service}/www/ssw_cutout_{wavelength}_context_thumb.gif"


def thumbnail(image_format: str = "GIF") -> bytes:
    """Return a golden square in a white frame with ticks, with a palette."""
    pixels = np.full((268, 272, 3), (200, 150, 0), np.uint8)
    pixels[:3] = pixels[-3:] = pixels[:, :3] = pixels[:, -3:] = 255
    pixels[::9, :8] = 255
    content = io.BytesIO()
    Image.fromarray(pixels).quantize(64).convert("P" if image_format == "GIF" else "RGB").save(content, image_format)
    return content.getvalue()


def event(number: int, kind: str = "AR", wavelength: int = 171) -> dict[str, object]:
    """Return an event of HEK with its thumbnail."""
    link = LINK.format(service=SERVICE.format(number=number), wavelength=wavelength)
    time = f"2014-01-05T{number:02d}:00:00"
    return {"event_type": kind, "event_starttime": time, "event_endtime": time, "gs_thumburl": link, "ar_noaanum": 1944}


def save(tmp_path: Path, *faults: Fault) -> Path:
    """Save the thumbnails of a site that has five events, one of another wavelength, one without a thumbnail."""
    events = [event(1), event(2), event(3, "FL"), event(4, "FL", 193), event(5) | {"gs_thumburl": ""}]
    mounts = {"/hek/her": hek(events), "/cutouts/": lambda path, _: Page(thumbnail(), "image/gif")}
    with ArchiveServer(tmp_path / "site", mounts=mounts, faults=list(faults)) as site:
        content = choices(site.url)
        content["scrape"]["live"]["urls"]["lmsal_cutout"] = [f"{site.url}/gone", f"{site.url}/cutouts"]
        chosen = parameters.parse(content, Path("params.yaml")).scrape.live
        with live.fetching(chosen) as fetcher:
            cutouts.save(chosen, fetcher, 171, OutputFolder(tmp_path / "cutouts"))
    return tmp_path / "cutouts"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))


def test_thumbnails_of_one_wavelength_come_from_the_host_that_has_them(tmp_path: Path) -> None:
    folder = save(tmp_path)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    services = [SERVICE.format(number=number) for number in (1, 2, 3)]
    assert files == [f"AR/{services[0]}.png", f"AR/{services[1]}.png", f"FL/{services[2]}.png"]


def test_what_is_saved_has_true_colours_and_no_frame(tmp_path: Path) -> None:
    path = next(save(tmp_path).rglob("*.png"))
    with Image.open(path) as image:
        assert image.getcolors() == [(244 * 248, (200, 150, 0))]


def test_a_page_under_a_thumbnails_name_is_absent_with_its_reason(tmp_path: Path) -> None:
    folder = save(tmp_path, Fault(f"/cutouts/{SERVICE.format(number=2)}", "html"))
    table = tables.read(folder / "cutouts.csv", tables.CUTOUTS)
    assert list(table["file"] == "") == list(table["reason"] != "") == [False, True, False]
    assert len(list(folder.rglob("*.png"))) == 2


def test_where_nothing_comes_what_is_there_stays(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in save(tmp_path).rglob("*.*")}
    for path in (tmp_path / "data").rglob("*.json"):
        path.unlink()
    with pytest.raises(InputError, match=r"no thumbnail of 171 angstrom .* came \(3 listed; .*404 Not Found\)"):
        save(tmp_path, Fault("^/cutouts/", "missing"))
    assert {path: path.read_bytes() for path in (tmp_path / "cutouts").rglob("*.*")} == before


def test_no_link_leads_out_of_the_archive() -> None:
    hostile = event(1) | {
        "gs_thumburl": "http://a/ssw_service_140105_000001_1/../../www/ssw_cutout_171_context_thumb.gif"
    }
    assert cutouts.parse([hostile], 171) == []


def test_real_thumbnails_lose_their_frame(shared_sun: Path) -> None:
    for path in sorted((shared_sun / "samples/lmsal_cutouts").glob("*.gif")):
        content = path.read_bytes()
        assert cutouts.why_not_a_thumbnail(content) is None
        white = cutouts.pixels(content).min(axis=2) > 180
        edges = [white[0], white[-1], white[:, 0], white[:, -1]]
        assert max(edge.mean() for edge in edges) < 0.06, path.name


def test_the_real_export_names_thumbnails(shared_sun: Path) -> None:
    with (shared_sun / "samples/hek/isolsearch_export.csv").open() as file:
        events: list[dict[str, object]] = list(csv.DictReader(file))
    found = cutouts.parse(events, 171)
    assert {cutout.event_type for cutout in found} == {"AR", "FL"}
    assert len({cutout.file for cutout in found}) == len(found)
