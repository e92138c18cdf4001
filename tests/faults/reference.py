"""The small project that every fault is tried on: its commands, what they write, and how long each takes."""

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.archive_server import ArchiveServer, Page
from tests.archive_server.pages import hek
from tests.archive_server.world import choices
from tests.faults.processes import Processes
from tests.project.test_pipeline import TINY, choose, commit, copy_of_the_project
from tests.projects import ROOT
from tests.sources.test_live_cutouts import event, thumbnail

SMALLEST: dict[str, dict[str, Any]] = {
    **TINY,
    "scrape.simulated": {"start": "2010-06-01", "end": "2011-12-01", "disk_images": 40, "region_images": 40},
    "train_disk": {"epochs": 1},
    "train_region": {"epochs": 1},
}
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
RESULTS = ("data", "models", "metrics", "reports", "dvc.lock", "review.md", "review", "answers", "thumbnails", "docs")
NETWORKS, REGIONS = "pretrained/aia211", "docs/images/20141025_regions.csv"
IMAGE = "20141025_00{:02d}01_512_0211.jpg"
IMAGES = 24  # real images that `predict` answers for, enough for it to start processes


@dataclass(frozen=True)
class Command:
    """A command, without the interpreter, and what it writes: that is deleted before a fault, so that all is made."""

    name: str
    arguments: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def is_stage(self) -> bool:
        """Return whether DVC runs it."""
        return self.name in STAGES


def _stage(name: str, content: dict[str, Any]) -> Command:
    entries = content["outs"] + content.get("metrics", [])
    outputs = (entry if isinstance(entry, str) else next(iter(entry)) for entry in entries)
    return Command(name, ("-m", "dvc", "repro", "--single-item", name), tuple(outputs))


def _own(name: str, *arguments: str, writes: tuple[str, ...]) -> Command:
    return Command(name, ("-m", "solarflare.cli", name, *arguments), writes)


LOG = _own("log", writes=("mlflow.db", "mlartifacts"))
CHECK = Command("check", ("-m", "solarflare.cli", "check"), ())
REPRO = Command("repro", ("-m", "dvc", "repro"), ())
MAKE = CHECK, REPRO, LOG
"""What ``make`` runs and what can change anything."""

COMMANDS = {
    command.name: command
    for command in (
        *(_stage(name, content) for name, content in STAGES.items()),
        LOG,
        _own("review", "--base", "main~1", writes=("review.md", "review")),
        _own(
            "predict", "images", "--models", NETWORKS, "--regions", REGIONS, "--figures", "answers", writes=("answers",)
        ),
        _own("cutouts", "thumbnails", writes=("thumbnails", "data/cache")),
        _own("experiment", "smallest", writes=("docs/results/smallest.json",)),
    )
}


@dataclass
class Reference:
    """The project after all commands, and the seconds that each took."""

    folder: Path
    site: ArchiveServer
    seconds: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    runs: list[Any] = field(default_factory=list)

    def ready(self) -> None:
        """Make the project, unless an earlier run has left it there."""
        kept = self.folder.parent / "reference.json"
        if not kept.exists():
            self.make()
            kept.write_text(json.dumps(self.seconds))
        else:
            # The site has another address now, which these write down.
            ask(self.folder, self.site)
            for name in ("review", "experiment"):
                Processes(self.folder, "reference").checked(COMMANDS[name].arguments)
        self.seconds = json.loads(kept.read_text())
        self.files, self.runs = files(self.folder), runs(self.folder)

    def sizes(self, command: Command) -> list[int]:
        """Return the sizes, in bytes, of the files that a command writes."""
        written = (self.folder / name for name in command.writes)
        below = (path for name in written for path in (name.rglob("*") if name.is_dir() else [name]))
        return [path.stat().st_size for path in below if path.is_file()]

    def make(self) -> None:
        """Make the project, run its pipeline at two commits, and every command once."""
        self.folder.mkdir(parents=True)
        copy_of_the_project(self.folder, SMALLEST)
        _add_images(self.folder / "images")
        profile = {"overrides": {"calibration.base_rate.simulated.disk": 0.6}}
        (self.folder / "profiles/smallest.yaml").write_text(yaml.safe_dump(profile))
        _ignore(self.folder, "images", "answers", "thumbnails", "review", "review.md", "docs/results/smallest*")
        processes = Processes(self.folder, "reference")
        processes.checked(REPRO.arguments)
        commit(self.folder, "one epoch")
        choose(self.folder, {"train_region": {"epochs": 2}})
        processes.checked(REPRO.arguments)
        commit(self.folder, "two epochs")
        shutil.rmtree(self.folder / ".dvc/cache/runs")
        ask(self.folder, self.site)
        for command in COMMANDS.values():
            forget(self.folder, command)
            started = time.monotonic()
            processes.checked(command.arguments)
            self.seconds[command.name] = time.monotonic() - started
        # The store then has what one run logs, and nothing of the earlier commit.
        forget(self.folder, LOG)
        processes.checked(LOG.arguments)


def site(folder: Path) -> ArchiveServer:
    """Return a server with HEK's list of events, and a thumbnail of each that takes a moment."""

    def slowly(*_: object) -> Page:
        time.sleep(0.1)
        return Page(thumbnail(), "image/gif")

    events = [event(number) for number in range(1, 24)]
    return ArchiveServer(folder, mounts={"/hek/her": hek(events), "/cutouts/": slowly})


def ask(project: Path, server: ArchiveServer) -> None:
    """Let `cutouts` of a project ask the server. No stage of the simulated Sun depends on these parameters."""
    live = choices(server.url)["scrape"]["live"]
    live["urls"]["lmsal_cutout"] = [f"{server.url}/cutouts"]
    choose(project, {"scrape.live": {name: live[name] for name in ("start", "end", "urls", "manners", "slower")}})


def forget(project: Path, command: Command) -> None:
    """Delete what a command writes, and DVC's copies of it, which it would bring back instead of running the stage."""
    for path in (project / name for name in command.writes):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
    if command.is_stage:
        for out in yaml.safe_load((project / "dvc.lock").read_text())["stages"][command.name]["outs"]:
            cached(project, out["md5"]).unlink(missing_ok=True)


def cached(project: Path, md5: str) -> Path:
    """Return where DVC keeps its copy of a file, or its list of the files of a folder, by the hash in dvc.lock."""
    return project / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


def files(project: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the commands write, by path."""
    return {path.relative_to(project).as_posix(): _digest(path) for path in sorted(_written(project))}


def runs(project: Path) -> list[Any]:
    """Return what MLflow's store tells of its runs: experiment, stage, and hashes of inputs and outputs.

    A training that failed is rightly there as failed, and is left out.
    """
    query = (
        "SELECT e.name, r.status, "
        "(SELECT count(*) FROM latest_metrics m WHERE m.run_uuid = r.run_uuid AND m.key NOT LIKE 'system/%'), "
        "(SELECT group_concat(value, ' ') FROM (SELECT value FROM tags t WHERE t.run_uuid = r.run_uuid "
        "AND key IN ('stage', 'state', 'evaluation', 'verdict') ORDER BY key)) "
        "FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id "
        "WHERE r.lifecycle_stage = 'active' AND r.status != 'FAILED'"
    )
    try:
        with closing(sqlite3.connect(project / "mlflow.db")) as connection:
            return sorted(connection.execute(query).fetchall(), key=str)
    except sqlite3.Error as error:
        return [str(error)]


def left_over(project: Path) -> list[str]:
    """Return the files and folders that were never meant to stay."""
    paths = (path for pattern in (".partial*", ".former*") for path in project.rglob(pattern))
    return sorted(path.relative_to(project).as_posix() for path in paths)


def _written(project: Path) -> Iterator[Path]:
    for path in (project / name for name in RESULTS):
        below = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in below if file.is_file() and project / "data/cache" not in file.parents)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _add_images(folder: Path) -> None:
    """Put a real image there many times, each with a time of its own."""
    folder.mkdir()
    for minute in range(IMAGES):
        shutil.copy(ROOT / f"docs/images/{IMAGE.format(44)}", folder / IMAGE.format(minute))


def _ignore(project: Path, *names: str) -> None:
    with (project / ".gitignore").open("a") as file:
        file.write("".join(f"/{name}\n" for name in names))
