"""Mount Wilson magnetic classes of active regions, in the spellings of different lists."""

import re
import unicodedata

MOUNT_WILSON = ("alpha", "beta", "gamma", "delta")
"""Mount Wilson classes in the order of complexity (Hale et al. 1919, doi:10.1086/142452; delta: Kunzel 1960)."""

# Latin and Greek letters. The sharp s is a common substitute for beta.
_LETTERS = dict(zip("abgd\u03b1\u03b2\u03b3\u03b4", MOUNT_WILSON * 2, strict=True)) | {"ß": "beta"}
_PART = re.compile("|".join([*MOUNT_WILSON, *_LETTERS]))
_SEPARATORS = re.compile(r"[\s\-\u2013\u2014/_,.+()]+")


def mount_wilson(text: str) -> str | None:
    """Return a magnetic class as ``beta-gamma-delta``; blank if the text is blank; None if it is no magnetic class.

    Examples
    --------
    >>> [mount_wilson(text) for text in ("BGD", "Beta-Gamma", "βγ-δ", "", "Hsx")]
    ['beta-gamma-delta', 'beta-gamma', 'beta-gamma-delta', '', None]
    """
    letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).lower())
    parts = [_LETTERS.get(part, part) for part in _PART.findall(letters)]
    ranks = [MOUNT_WILSON.index(part) for part in parts]
    return None if _PART.sub("", letters) or ranks != sorted(set(ranks)) else "-".join(parts)
