"""Manifests: tables that name images by place and hash, so that everybody fetches the same images.

A manifest is a CSV file with the columns of `COLUMNS`. It holds facts only, no image and no host.
"""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from solarflare.core import csv_text, tables
from solarflare.core.cells import BadCell, refusal
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path
from solarflare.core.paths import RAW_IMAGES
from solarflare.sources.common import filenames
from solarflare.sources.live import registry
from solarflare.sources.live.http import addresses
from solarflare.sources.live.schema import Live, LiveParams
from solarflare.sources.live.source import Frame
from solarflare.sun.images.instruments import Instrument

COLUMNS = {
    "name": "a file name without folders",
    "instrument": "the instrument in the file's name, one of " + ", ".join(tables.INSTRUMENTS),
    "time": "the time in the file's name, UTC, such as 2014-01-01T12:00:00",
    "sha256": "64 hexadecimal digits, or blank if it is not known",
    "bytes": "the size of the file, from 1, or blank if it is not known",
    "where": "archive/folders/name, such as gsfc/2014/01/01/20140101_120000_512_0211.jpg, each place once",
}
"""The columns, and what is expected in each. `where` is the name of an archive in ``scrape.live.urls`` and the path
below the archive's address there."""

_NAME = re.compile(r"\w[\w.-]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_SHA256 = re.compile(r"([0-9a-f]{64})?")
_BYTES = re.compile(r"([1-9]\d{0,11})?")


class Entry(NamedTuple):
    """An image of a manifest: `time` is UTC; `sha256` is blank, and `bytes` 0, if it is not known."""

    name: str
    instrument: Instrument
    time: np.datetime64
    sha256: str
    bytes: int
    where: str

    @property
    def archive(self) -> str:
        """The name of the archive."""
        return self.where.partition("/")[0]

    def frame(self, live: Live) -> Frame:
        """Return the image as a frame, with its addresses at the mirrors of an archive that is ``by_path``."""
        names = self.where.split("/")[1:]
        urls = tuple(addresses.join(base, *names) for base in live.urls[self.archive])
        return Frame(self.instrument, self.time, self.where, urls)


def read(path: Path) -> list[Entry]:
    """Read a manifest; return its images sorted by time and place.

    Raises
    ------
    InputError
        If the file is missing or not a table, has other columns or no row, or with its wrong cells; see
        `cells.refusal`.
    """
    df = csv_text.read(path)
    if list(df.columns) != list(COLUMNS):
        raise InputError(f"{path}: the columns are {', '.join(df.columns)}; expected {', '.join(COLUMNS)}")
    if df.empty:
        raise InputError(f"{path} names no image; expected a row for each")
    rows = list(df.itertuples(index=False, name=None))
    repeated = df["where"].duplicated().tolist()
    wrong = [
        BadCell(number, column, df[column][number], COLUMNS[column])
        for number, row in enumerate(rows)
        for column in dict.fromkeys(_wrong_columns(*row) + ["where"] * repeated[number])
    ]
    if wrong:
        raise refusal(str(path), wrong)
    entries = [
        Entry(name, instrument, np.datetime64(time, "s"), sha256, int(size or 0), where)
        for name, instrument, time, sha256, size, where in rows
    ]
    return sorted(entries, key=lambda entry: (entry.time, entry.where))


def is_same(content: bytes, entry: Entry) -> bool:
    """Return whether content has the hash and the size that a manifest names, as far as it names them."""
    same_hash = entry.sha256 in ("", hashlib.sha256(content).hexdigest())
    return same_hash and entry.bytes in (0, len(content))


def chosen(params: LiveParams) -> list[Entry]:
    """Return the images of the parameters' manifest that the tasks need, sorted by time and place.

    Raises an InputError as `read` does, or if the manifest names no image of an instrument.
    """
    path = Path(params.scrape.live.manifest)
    entries = read(path)
    for task in params.tasks:
        if (instrument := params.instrument.of(task)) not in {entry.instrument for entry in entries}:
            raise InputError(
                f"{path} names no image of {instrument}, which params.yaml has in instrument.{task}; name another "
                "manifest in scrape.live.manifest, or another instrument"
            )
    instruments = {params.instrument.of(task) for task in params.tasks}
    if unknown := {entry.archive for entry in entries} - set(params.scrape.live.urls):
        raise InputError(
            f"params.yaml: key scrape.live.urls has no address of {min(unknown)}; {path} names it: add one"
        )
    return [entry for entry in entries if entry.instrument in instruments]


def _wrong_columns(name: str, instrument: str, time: str, sha256: str, size: str, where: str) -> list[str]:
    """Return the columns of a row whose cell is wrong, alone or beside the file's name."""
    stamp = filenames.parse(name)
    parts = where.split("/")
    served = registry.IMAGES[parts[0]].instruments if parts[0] in registry.IMAGES else ()
    right = {
        "name": _NAME.fullmatch(name),
        "instrument": instrument in ({stamp.instrument} if stamp else tables.INSTRUMENTS),
        "time": _is_time(time) and (not stamp or np.datetime64(time) == np.datetime64(stamp.time, "s")),
        "sha256": _SHA256.fullmatch(sha256),
        "bytes": _BYTES.fullmatch(size),
        "where": len(parts) > 1 and parts[-1] == name and instrument in served and all(map(_NAME.fullmatch, parts)),
    }
    return [column for column, is_right in right.items() if not is_right]


def _is_time(text: str) -> bool:
    try:
        return _TIME.fullmatch(text) is not None and not np.isnat(np.datetime64(text))
    except ValueError:
        return False


def write(raw: Path, live: Live, path: Path) -> int:
    """Write a manifest of the images that a scrape left in a folder of raw data; return their number.

    An image of a live scrape has the place where it was. An image of a user's archive gets the place at which the first
    archive of its instrument (``scrape.live.sources``) keeps such a file: the folder of its day. Raises an InputError
    if the folder has no table of images, or images that no observatory took.
    """
    table = raw / RAW_IMAGES.name
    images = tables.read(table, tables.IMAGES)
    origin = images["origin"].str.partition("/")[0]
    if (other := origin[~origin.isin([*registry.IMAGES, "archive"])]).any():
        raise InputError(
            f"{table}, row {other.index[0] + 1}, column origin: {other.iloc[0]} images are in no observatory's archive;"
            " scrape with the origin live or archive first"
        )
    name = images["path"].str.rpartition("/")[2]
    archive = images["instrument"].map(lambda instrument: live.sources.of(instrument)[0])
    usual = archive + "/" + images["time"].dt.strftime("%Y/%m/%d") + "/" + name
    rows = images.assign(name=name, where=images["origin"].where(origin != "archive", usual))[list(COLUMNS)]
    with atomic_path(path) as partial:
        rows.to_csv(partial, index=False, date_format=tables.TIME_FORMAT, lineterminator="\n")
    return len(rows)
