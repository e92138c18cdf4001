"""JSON as its standard has it (RFC 8259): without NaN and infinity, which Python would read and write."""

import json
import math
from typing import Any, NoReturn


def parse(text: str | bytes) -> Any:
    """Return the content of a JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, if it is nested too deep, or if a number is NaN, infinite or longer than Python reads.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def dumps(content: Any, **options: Any) -> str:
    """Return content as JSON. The options are those of ``json.dumps``.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    return json.dumps(content, allow_nan=False, **options)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no finite number")
