"""What may change the bytes of a result, apart from its inputs: code, Python and packages, as one hash."""

import hashlib
import importlib.metadata
import platform
import re
from functools import cache
from pathlib import Path


@cache
def identity(*patterns: str) -> str:
    """Return the hash of the code, of Python's version, and of the versions of the packages that this one needs.

    Parameters
    ----------
    *patterns : str
        Which files of this package count, such as ``"sun/images/*.py"``. By default all modules do.
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sorted({path for pattern in patterns or ("**/*.py",) for path in package.glob(pattern)}):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    needed = (name for name in importlib.metadata.requires("solarflare") or () if "extra ==" not in name)
    for name in sorted(match[0] for line in needed if (match := re.match(r"[\w.-]+", line))):
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    return digest.hexdigest()
