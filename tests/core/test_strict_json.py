"""JSON without NaN and infinity."""

import math

import pytest

from solarflare.core import strict_json


@pytest.mark.parametrize(
    "text", ["NaN", '{"a": [Infinity]}', "-Infinity", "1e999", "-1e999", "9" * 5000, "[" * 100_000, "", "\x00"]
)
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.parse(text)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match=r"JSON compliant"):
        strict_json.dumps({"a": [number]})


def test_what_is_written_reads_back() -> None:
    content = {"a": [1, 2.5e-300, None, True, "Infinity"]}
    assert strict_json.parse(strict_json.dumps(content)) == content
