"""Keeps the crops of earlier runs, so that a run decodes and cuts only images that are new.

There is a file for each task and month. Its first line is the SHA-256 of the second. The second line is JSON: the
SHA-256 of the rest, and for each image its key, its disk and its number of crops. The rest is the month's shard. A file
that is not as its hashes say counts as missing. The key of an image is a hash of all that decides the bytes of its
crops, so that a crop is never taken for another image, another setting, or other code.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from shutil import copyfileobj
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from solarflare.core import processor, strict_json
from solarflare.core.console import log
from solarflare.core.files import sha256
from solarflare.core.identity import identity
from solarflare.core.tasks import TASKS
from solarflare.dataset.crops.cutter import Cutter
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels

CODE = ("core/processor.py", "sun/images/*.py", "dataset/crops/*.py", "dataset/shards/*.py")
"""The files of the package that decide the bytes of a crop."""

CutImage = tuple[Disk, Pixels]
Known = Mapping[str, CutImage]
"""The disk of an image and its crops (n, H, W, C), uint8, by the image's key. The crops are memory-mapped."""


class CropCache:
    """The kept crops of a task.

    Parameters
    ----------
    folder : Path or None
        The folder of all tasks. If it is None, nothing is known and nothing is kept.
    cutter : Cutter
        What cuts the images that are not known.
    """

    def __init__(self, folder: Path | None, cutter: Cutter) -> None:
        self._folder = folder and folder / cutter.task
        self._cutter = cutter
        settings = cutter.settings.model_dump_json(exclude={task.value for task in TASKS if task != cutter.task})
        common = identity(*CODE), processor.pinned_late, cutter.task, cutter.instrument, settings
        self._common = repr(common).encode()

    def key(self, places: Mapping[str, npt.NDArray[Any]]) -> str:
        """Return the key of an image from its columns, as `Cutter` takes them. It is blank if there is no such file."""
        if self._folder is None:
            return ""
        try:
            content = sha256(self._cutter.raw / places["path"][0])
        except OSError:  # the cutter says so
            return ""
        digest = hashlib.sha256(self._common + content.encode())
        for name, column in places.items():
            if name != "path":
                digest.update(f"{name} {column.dtype} {len(column)} ".encode() + column.tobytes())
        return digest.hexdigest()

    def read(self, month: str) -> Known:
        """Return the known images of a month. If its file is damaged, none is known and the log says so."""
        if self._folder is None:
            return {}
        path = self._folder / month
        try:
            return dict(_read(path))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("%s is damaged or unreadable: the images of that month are cut again", path)
            return {}

    def keep(self, month: str, images: Sequence[tuple[str, Disk, int]], shard: Path) -> None:
        """Keep the crops of a month in the place of those that were kept before.

        Two processes may do so at once: the file of the last one stays. If the folder cannot be used, the log says so
        once, and nothing is kept any more.

        Parameters
        ----------
        month : str
            The month, ``YYYY-MM``.
        images : sequence of (str, Disk, int)
            The key of each image, its disk, and the number of its crops, in the order of the shard.
        shard : Path
            The file of the month's crops.
        """
        if self._folder is None:
            return
        try:
            _write(self._folder / month, images, shard)
        except OSError as error:
            log.warning("%s cannot be used (%s): no crops are kept for the next run", self._folder, error.strerror)
            self._folder = None


def _read(path: Path) -> Iterator[tuple[str, CutImage]]:
    """Yield the key, the disk and the crops of each image of a file. Raises ValueError if its hashes are wrong."""
    with path.open("rb") as file:
        seal, line = file.readline().decode().strip(), file.readline()
        if hashlib.sha256(line).hexdigest() != seal:
            raise ValueError
        content, start = strict_json.parse(line), file.tell()
        if hashlib.file_digest(file, "sha256").hexdigest() != content["shard"]:
            raise ValueError
        file.seek(start)
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        crops = np.memmap(file, dtype, "r", file.tell(), shape)
    ends = accumulate((image["crops"] for image in content["images"]), initial=0)
    for image, (begin, end) in zip(content["images"], pairwise(ends), strict=True):
        yield image["key"], (Disk(**image["disk"]), crops[begin:end])


def _write(path: Path, images: Sequence[tuple[str, Disk, int]], shard: Path) -> None:
    """Write a file that `_read` reads, first under a name that no other process uses."""
    described = [{"key": key, "disk": vars(disk), "crops": count} for key, disk, count in images]
    line = f"{strict_json.dumps({'shard': sha256(shard), 'images': described})}\n".encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{uuid4().hex}")
    try:
        with partial.open("wb") as file, shard.open("rb") as crops:
            file.write(f"{hashlib.sha256(line).hexdigest()}\n".encode() + line)
            copyfileobj(crops, file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
