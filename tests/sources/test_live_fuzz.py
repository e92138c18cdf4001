"""Reports as no site should send them: each parser ends in rows that fit their table, or says what it cannot read."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solarflare.sources.live.http import listing
from solarflare.sources.live.lists import hek, ncei_science, ngdc_xrs, spaceweatherlive, srs, swpc_events, swpc_json
from solarflare.sources.live.lists.report import Report, flare_table, region_table
from tests.archive_server import pages
from tests.archive_server.server import index
from tests.live_tables import FLARES, REGIONS
from tests.mutations import mutated

DAY = dt.date(2014, 1, 30)
CASES = 1500
"""Of each parser."""

Records = list[dict[Any, Any]]


@dataclass(frozen=True)
class Target:
    """A parser, the check of its input, the table of its rows, and a report of its kind."""

    parse: Callable[[bytes], Report | list]
    problem: Callable[[bytes], str | None]
    table: Callable[..., object]
    report: bytes


def hek_flares(content: bytes) -> Report:
    return hek.deduplicate(hek.parse(content).events)


def hek_regions(content: bytes) -> Report:
    return hek.parse_regions(hek.parse(content).events)


def names(content: bytes) -> Report:
    found = listing.names(content)
    assert not any("/" in name for name in found)
    return Report()


def targets() -> dict[str, Target]:
    flares: Records = FLARES.to_dict("records")
    regions: Records = REGIONS.to_dict("records")
    texts: dict[str, tuple[Callable, Callable, Callable, str]] = {
        "swpc_events": (
            lambda content: swpc_events.parse(content, DAY),
            lambda content: swpc_events.why_not_the_report(content, DAY),
            flare_table,
            pages.event_report(DAY, flares),
        ),
        "srs": (
            lambda content: srs.parse(content, DAY),
            lambda content: srs.why_not_the_report(content, DAY),
            region_table,
            pages.region_summary(DAY, regions),
        ),
        "spaceweatherlive": (
            lambda content: spaceweatherlive.parse(content, DAY),
            spaceweatherlive.why_not_the_page,
            flare_table,
            pages.archive_page(flares, "leading table"),
        ),
        "ngdc_xrs": (
            ngdc_xrs.parse,
            lambda content: ngdc_xrs.why_not_the_report(content, 2014),
            flare_table,
            pages.yearly_report(flares),
        ),
        "ncei_science": (
            lambda content: Report() if ncei_science.why_not_the_report(content) else ncei_science.parse(content),
            ncei_science.why_not_the_report,
            flare_table,
            pages.science_report(flares),
        ),
        "edited_events": (
            swpc_json.parse_flares,
            swpc_json.why_not_an_array,
            flare_table,
            json.dumps(pages.edited_events(flares)),
        ),
        "goes_flares": (
            swpc_json.parse_flares,
            swpc_json.why_not_an_array,
            flare_table,
            json.dumps(pages.goes_flares(flares)),
        ),
        "solar_regions": (
            swpc_json.parse_regions,
            swpc_json.why_not_an_array,
            region_table,
            json.dumps(pages.solar_regions(regions)),
        ),
        "hek_flares": (
            hek_flares,
            hek.why_not_an_answer,
            flare_table,
            json.dumps({"result": pages.hek_flares(flares)}),
        ),
        "hek_regions": (
            hek_regions,
            hek.why_not_an_answer,
            region_table,
            json.dumps({"result": pages.hek_regions(regions)}),
        ),
        "listing": (
            names,
            listing.why_not_a_listing,
            lambda *_: None,
            index("/", ["a.jpg", "../b.jpg", "%2e%2e/c", "d e"]),
        ),
    }
    return {name: Target(parse, problem, table, text.encode()) for name, (parse, problem, table, text) in texts.items()}


TARGETS = targets()
VALUES: list[Any] = [None, "", "Unk", -1, 0, 1e308, 1e-320, True, [], {}, "1e999", "NaN", "0001-01-01", 2**70]
VALUES += ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "2014-01-30", {"a": [1]}, "N10", "A" * 1000]
BYTES = st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace")))


def twisted(report: bytes, generator: np.random.Generator) -> bytes:
    """Return JSON with some values of its records replaced."""
    content = json.loads(report)
    records = content if isinstance(content, list) else content["result"]
    for _ in range(generator.integers(1, 6)):
        record = records[generator.integers(len(records))]
        if isinstance(record, dict) and record:
            record[sorted(record)[generator.integers(len(record))]] = VALUES[generator.integers(len(VALUES))]
        if generator.random() < 0.1:
            records[generator.integers(len(records))] = VALUES[generator.integers(len(VALUES))]
    return json.dumps(content).encode()


def cases(seeds: list[bytes]) -> Iterator[bytes]:
    generator = np.random.default_rng(1)
    for number in range(CASES):
        report = seeds[number % len(seeds)]
        is_json = report[:1] in (b"[", b"{")
        yield (twisted if is_json and number % 2 else mutated)(report, generator)


def check(target: Target, content: bytes) -> None:
    reason = target.problem(content)
    assert reason is None or (reason and "\n" not in reason)
    parsed = target.parse(content)
    assert isinstance(parsed, Report)
    if parsed.rows:
        target.table(parsed.rows, "a list")
    # What a site sends reaches tables and terminals without its control characters.
    assert parsed.gap.isprintable()


def real(shared: Path, name: str) -> list[bytes]:
    patterns = {"swpc_events": "swpc_events/*events.txt", "srs": "swpc_srs/*SRS.txt"}
    return [path.read_bytes() for path in sorted((shared / "samples").glob(patterns[name]))] if name in patterns else []


@pytest.mark.parametrize("name", TARGETS)
def test_reports_as_they_are_leave_nothing_unread(name: str) -> None:
    target = TARGETS[name]
    assert target.problem(target.report) is None
    assert not target.parse(target.report).gap  # type: ignore[union-attr]  # all parsers but one give Report


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_mutated_reports(name: str, shared_sun: Path, capsys: pytest.CaptureFixture) -> None:
    target = TARGETS[name]
    count = 0
    for content in cases([target.report, *real(shared_sun, name)]):
        try:
            check(target, content)
        except Exception as error:
            raise AssertionError(f"{name} cannot stand {content!r}") from error
        count += 1
    with capsys.disabled():
        print(f" {name}: {count} mutated reports")


@pytest.mark.parametrize("name", TARGETS)
@given(content=BYTES)
def test_any_bytes(name: str, content: bytes) -> None:
    check(TARGETS[name], content)
