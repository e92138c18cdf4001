"""Files that a person hands to the project, a few bytes of each changed: an answer, or one sentence, no traceback.

The first files are the shapes of real ones that once gave wrong answers. `tests/sources/test_live_fuzz.py` does the
same to what the live sources send, and both print how many files they tried.
"""

import shutil
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core import params, tables
from solarflare.core.errors import InputError
from solarflare.predict import forecast_files
from solarflare.predict.leaderboard import entries
from solarflare.sources.common import coverage, event_tables
from solarflare.sources.common.identity import identify
from solarflare.sun.images import imaging, usable
from tests import archives, field_files, parameters
from tests.mutations import mutated

pytestmark = pytest.mark.slow
LONGEST = 60  # seconds; a parser that needs longer for a small file hangs

ROWS = [(f"2014-01-{day:02}", (day * 37 % 97) / 100, day % 3 == 0) for day in range(1, 29)]


def forecasts(header: str, row: Callable[[str, float, bool], str]) -> bytes:
    """Return a file of forecasts whose rows are made of a date, a probability and what happened."""
    return "\n".join([header, *(row(*values) for values in ROWS), ""]).encode()


FORECASTS = [
    forecasts("timestamp,prob,label_predicted,y_true", lambda time, p, y: f"{time},{p},{int(p > 0.5)},{int(y)}"),
    forecasts("timestamp,no_flare_probability,flare_prob,flare", lambda time, p, y: f"{time},{1 - p:.2f},{p},{int(y)}"),
    forecasts("date,time,prob,obs", lambda time, p, y: f"{time},00:30,{p},{int(y)}"),
    forecasts("date,prob,obs", lambda time, p, y: f"{time[8:]}/{time[5:7]}/{time[:4]},{p},{int(y)}"),
    forecasts("date,prob,event", lambda time, p, y: f"{time},{p},{y}"),
    forecasts("time,probability,label", lambda time, p, y: f"{time},{100 * p:.0f}%,{'yes' if y else 'no'}"),
    forecasts("time;probability;label", lambda time, p, y: f"{time};{str(p).replace('.', ',')};{int(y)}"),
    forecasts("t_rec,forecast,flare,noaa_ar,threshold,block", lambda time, p, y: f"{time},{p},{int(y)},1194,0.5,3"),
    forecasts("time,probability,label", lambda time, p, y: f"{time}T08:09:10+01:00,{p if y else -1},{int(y)}"),
]
FLARES = [
    archives.FLARES.encode(),
    archives.FLARES.replace("2014-01-01T00:55", "2104-01-01T00:55").encode(),
    archives.FLARES.replace("2014-01-01T00:40:00,2014-01-01T00:55:00", "1752,1903").encode(),
    archives.FLARES.replace("noaa_ar", "noaa_active_region").encode(),
    archives.FLARES.replace("11944", "11944.0").replace("M1.0,", "X17+,0.0").encode(),
    b"start,goes_class,location\n2014-01-01,>X17,S22E79( 4405 )\n2014-01-02,C1.0,---\n2014/01/03 10:00 UT,M1,N01W02\n",
]
REGIONS = [archives.REGIONS.encode(), archives.REGIONS.replace("BETA-GAMMA", "BGD").encode()]
COVERAGE = [
    b"list,start,end,min_class,status,reason\nswpc,2014-01-01,2014-02-01,C1.0,,\nregions,2014-01-01,2014-02-01,,absent,x\n"
]


@dataclass(frozen=True)
class Target:
    """What reads a file, the name of the file, the files to change, and how many changed ones it gets."""

    read: Callable[[Path], object]
    name: str
    seeds: Callable[[Path], list[bytes]]
    count: int


def read_flares(path: Path) -> None:
    flares = event_tables.read_flares(path)
    if len(flares):
        coverage.infer(flares, tables.empty(tables.REGIONS))
        event_tables.merge_lists(flares)


def read_image(path: Path) -> None:
    stamp = identify(path, "aia211").stamp
    if stamp and usable.refusal(path, stamp.instrument, stamp.time) is None:
        imaging.decode(path, "RGB", stamp.instrument, stamp.time)


def read_board(path: Path) -> None:
    entries.read([path], entries.Wish({}, (entries.ALL,), missing=(-1.0,)))


def images(folder: Path) -> list[bytes]:
    kinds = {"JPEG": "a.jpg", "PNG": "a.png"}
    return [archives.write_image(folder / name, 3, image_format=kind).read_bytes() for kind, name in kinds.items()]


def fits(folder: Path) -> list[bytes]:
    header = field_files.place(field_files.HMI, field_files.DISK)
    whole = field_files.write(folder / "whole.fits", field_files.field(), header, compressed=True).read_bytes()
    return [whole, whole[:40_000]]


TARGETS = {
    "forecasts": Target(forecast_files.read, "f.csv", lambda _: FORECASTS, 1500),
    "leaderboard": Target(read_board, "f.csv", lambda _: FORECASTS, 700),
    "flares": Target(read_flares, "flares.csv", lambda _: FLARES, 1500),
    "regions": Target(event_tables.read_regions, "regions.csv", lambda _: REGIONS, 800),
    "coverage": Target(event_tables.read_coverage, "coverage.csv", lambda _: COVERAGE, 500),
    "images": Target(read_image, "20140101_000000_512_0211.jpg", images, 800),
    "fits": Target(read_image, "20170301_000000_512_0211.fits", fits, 500),
    "parameters": Target(
        lambda path: params.check(params.read_yaml(path), path),
        "params.yaml",
        lambda _: [parameters.FIXED.read_bytes()],
        700,
    ),
}


def _hangs(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"longer than {LONGEST} s")


@pytest.mark.parametrize("name", TARGETS)
def test_a_changed_file_is_read_or_refused_in_a_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    target, generator = TARGETS[name], np.random.default_rng(1)
    seeds, path, refused = target.seeds(tmp_path), tmp_path / target.name, 0
    signal.signal(signal.SIGALRM, _hangs)
    for number in range(target.count):
        seed = seeds[number % len(seeds)]
        content = seed if number < len(seeds) else mutated(seed, generator)
        path.write_bytes(content)
        signal.alarm(LONGEST)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                target.read(path)
        except InputError:
            refused += 1
        except Exception as error:
            kept = shutil.copy(path, tmp_path / f"failed-{target.name}")
            raise AssertionError(f"{name} cannot stand input {number}, {kept}: {content[:3000]!r}") from error
        finally:
            signal.alarm(0)
    with capsys.disabled():
        print(f" {name}: {target.count} changed files, {refused} refused")


def test_a_changed_file_of_forecasts_is_scored_or_refused_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    generator, path, count = np.random.default_rng(2), tmp_path / "f.csv", 200
    for number in range(count):
        path.write_bytes(mutated(FORECASTS[number % len(FORECASTS)], generator))
        done = CliRunner().invoke(app, ["score", str(path), "--resamples", "100"])
        assert isinstance(done.exception, InputError | SystemExit | None), path.read_bytes()
        assert done.exception or done.output
    with capsys.disabled():
        print(f" score: {count} changed files")
