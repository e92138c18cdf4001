"""Reads the cells of anybody's CSV files as text, and says in one sentence why a file is no such table."""

import csv
import gzip
import io
import warnings
import zlib
from pathlib import Path

import pandas as pd

from solarflare.core.errors import InputError

EXPORT = "export it again as CSV, in UTF-8"
KINDS = {
    b"PK\x03\x04": f"it is an Excel file or another ZIP archive; {EXPORT}",
    b"\xd0\xcf\x11\xe0": f"it is an Excel file; {EXPORT}",
    b"\xff\xfe": f"it is in UTF-16; {EXPORT}",
    b"\xfe\xff": f"it is in UTF-16; {EXPORT}",
    b"sep=": "its first line is Excel's sep=; delete this line",
    b"{": f"it is JSON; {EXPORT}",
    b"[": f"it is JSON; {EXPORT}",
}
"""What a file is that begins with these bytes."""

SEPARATORS = {"semicolons": b";", "tabs": b"\t", "vertical bars": b"|"}
GZIP = b"\x1f\x8b"


def read(path: Path) -> pd.DataFrame:
    """Read all cells of a CSV file, which may be compressed by gzip, as text, blanks as ``""``.

    Raises
    ------
    InputError
        If the file is missing, is not a CSV table in UTF-8 with commas, has two columns of one name, has a row with
        more cells than the header has names, or holds a byte 0.
    """
    content = _content(path)
    try:
        with warnings.catch_warnings():
            # If a row has more cells than the header, pandas shifts or loses cells and only warns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            header = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, header=None, nrows=1)
            df = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise InputError(f"{path}: {_not_utf8(content)}; {EXPORT}") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        reason = _too_long(content) or str(error).strip()
        raise InputError(f"{path} is not a CSV table with a header ({reason}); mend or replace it") from None
    # pandas gives the second column of a name another one.
    for name, count in header.iloc[0].value_counts().items():
        if count > 1 and name:
            raise InputError(f"{path} has {count} columns called {name}; leave one of them, or rename them")
    return df


def _content(path: Path) -> bytes:
    """Return the bytes of a file, unless they show that it is no CSV table."""
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content.startswith(GZIP) else content
    except FileNotFoundError:
        raise InputError(f"{path} is not there; make it with `dvc repro`, or name the folder that holds it") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{path}: gzip cannot decompress it; get it again") from None
    for beginning, reason in KINDS.items():
        if content.startswith(beginning):
            raise InputError(f"{path} is not a CSV table: {reason}")
    # pandas ends a cell at a byte 0.
    if (place := content.find(0)) >= 0:
        line = content.count(b"\n", 0, place) + 1
        raise InputError(f"{path}: line {line:,} holds a byte 0, which no text has; {EXPORT}")
    header = content.partition(b"\n")[0]
    for name, separator in SEPARATORS.items():
        if separator in header and b"," not in header:
            raise InputError(
                f"{path}: its header has {name} between the names of the columns; expected commas, and points in the "
                "numbers (0.25); export it again with these"
            )
    return content


def _not_utf8(content: bytes) -> str:
    """Return a sentence that names the first line that is not in UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line:,} is not in UTF-8"
    return "it is not in UTF-8"


def _too_long(content: bytes) -> str:
    """Return a sentence that names the first line with more cells than the header has names; blank if none has."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    try:
        names = next(row for row in reader if row)
        for row in reader:
            if len(row) > len(names):
                return (
                    f"line {reader.line_num:,} has {len(row)} cells, and the header {','.join(names)} has {len(names)}"
                )
    except (StopIteration, csv.Error):
        return ""
    return ""
