"""Files that were emptied, cut in half, or lost a bit: DVC's cache, tables, shards, networks and the MLflow store."""

import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import yaml

from solarflare.core import tables
from tests.faults.reference import CHECK, LOG, REPRO, Reference, cached
from tests.faults.trial import SAME, Case, Outcome, judged, refused, trial

FILES = {
    "table": ("data/raw/images.csv", "label"),
    "image": ("data/raw/images", "crop"),
    "shard": ("data/crops/disk", "train_disk"),
    "model": ("models/region/model.weights.h5", "evaluate"),
    "scores": ("metrics/details/disk.json", "report"),
}
"""A file, or a folder from which a file is taken, and the stage that reads it."""


def _emptied(content: bytes, _: random.Random) -> bytes:
    return b""


def _halved(content: bytes, _: random.Random) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "emptied": _emptied,
    "cut in half": _halved,
    "one bit flipped": _flipped,
}


def cases(rng: random.Random) -> Iterator[Case]:
    """Yield each damage of each file, read by a stage, then made good by the next run; then cache and store."""
    for damage in DAMAGES:
        for kind in FILES:
            yield partial(damaged_output, kind=kind, damage=damage, seed=rng.random())
        yield partial(damaged_cache, damage=damage, seed=rng.random())
        yield partial(damaged_store, damage=damage, seed=rng.random())
        yield partial(damaged_lock, damage=damage, seed=rng.random())


def damaged_output(of: Reference, kind: str, damage: str, seed: float) -> Outcome:
    """Damage an output of a stage. The next stage, run by itself, says so; DVC's next run restores it."""
    name, reader = FILES[kind]
    with trial(of) as copy:
        path = _shard(copy.folder) if kind == "shard" else _largest(copy.folder / name)
        _damage(path, damage, seed)
        said = copy.processes.run(("-m", f"stages.{reader}"))
        wrong = refused(said)
        # A bit may be flipped where nothing can tell, as in a digit: DVC's hashes do.
        if damage != "one bit flipped" and not said.code:
            wrong.append(f"{reader} did not notice")
        # What the stage wrote from the damaged file is no result either. MLflow rightly keeps its training.
        wrong += copy.rerun(REPRO, with_runs=bool(said.code))
        return judged(f"{kind} {damage}", f"{reader}, then make", wrong)


def damaged_cache(of: Reference, damage: str, seed: float) -> Outcome:
    """Damage DVC's copy of the crops and delete the crops: the next run makes them again."""
    with trial(of) as copy:
        (crops,) = yaml.safe_load((copy.folder / "dvc.lock").read_text())["stages"]["crop"]["outs"]
        listed = yaml.safe_load(cached(copy.folder, crops["md5"]).read_text())
        copies = [cached(copy.folder, entry["md5"]) for entry in listed]
        _damage(max(copies, key=lambda path: (path.stat().st_size, path)), damage, seed)
        shutil.rmtree(copy.folder / "data/crops")
        return judged(f"cache of DVC {damage}", "make", copy.rerun(REPRO))


def damaged_store(of: Reference, damage: str, seed: float) -> Outcome:
    """Damage the MLflow store: `log` says so in one sentence; once it is moved away, all is logged again."""
    with trial(of) as copy:
        store = copy.folder / "mlflow.db"
        _damage(store, damage, seed)
        said = copy.processes.run(LOG.arguments)
        wrong = refused(said)
        copy.forget(LOG)
        text = said.sentence and "one sentence says to move it away; then all is logged again"
        return judged(f"MLflow store {damage}", "log", wrong + copy.rerun(LOG), text or SAME)


def damaged_lock(of: Reference, damage: str, seed: float) -> Outcome:
    """Damage dvc.lock: the first command of `make` says so, or DVC makes it again."""
    with trial(of) as copy:
        lock = copy.folder / "dvc.lock"
        whole = lock.read_bytes()
        _damage(lock, damage, seed)
        said = copy.processes.run(CHECK.arguments)
        wrong = refused(said)
        if said.code:
            lock.write_bytes(whole)
        text = f"one sentence; then {SAME}" if said.code else SAME
        wrong += copy.rerun(REPRO)
        return judged(f"dvc.lock {damage}", "make", wrong, text)


def _damage(path: Path, damage: str, seed: float) -> None:
    content = DAMAGES[damage](path.read_bytes(), random.Random(seed))
    path.chmod(0o644)  # DVC protects its cache
    path.write_bytes(content)


def _shard(project: Path) -> Path:
    """Return a shard with an image of the training: nothing reads those whose images are all between the parts."""
    crops = tables.read(project / "data/crops/disk/index.csv", tables.CROPS)
    splits = tables.read(project / "data/splits/disk.csv", tables.SPLITS)
    training = splits.loc[splits["part"] == "train", "path"]
    return project / "data/crops/disk" / crops.loc[crops["path"].isin(training), "shard"].iloc[0]


def _largest(path: Path) -> Path:
    """Return a file, or the largest of a folder."""
    files = [path] if path.is_file() else [below for below in path.rglob("*") if below.is_file()]
    return max(files, key=lambda file: (file.stat().st_size, file))
