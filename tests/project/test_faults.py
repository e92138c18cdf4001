"""The suite of faults itself: one cheap fault of most kinds, and the page that it writes."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import corruption, disks, kills, quoting, reference, signals, table
from tests.faults.kinds import KINDS
from tests.faults.processes import Said
from tests.faults.reference import COMMANDS, Reference
from tests.faults.trial import Case, Outcome, refused


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """The reference, which takes a minute or two."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "site").mkdir()
    with reference.site(folder / "site") as server:
        of = Reference(folder / "reference/project", server)
        of.ready()
        yield of


LABEL = COMMANDS["label"]
CHEAP: dict[str, Case] = {
    "kill": lambda of: kills.kill(of, LABEL, 0.5, inner=True),
    "signal": lambda of: signals.interrupt(of, LABEL, signal.SIGHUP, 0.5),
    "disk": lambda of: disks.largest_file(of, LABEL),
    "damage": lambda of: corruption.damaged_cache(of, "cut in half", 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CHEAP.values(), ids=CHEAP)
def test_a_fault_is_withstood(made: Reference, case: Case) -> None:
    outcome = case(made)
    assert outcome.good, outcome


@pytest.mark.slow
def test_a_lost_byte_is_noticed(made: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(made.files, "data/labels/disk.csv", "another hash")
    outcome = kills.kill(made, LABEL, 0.5, inner=False)
    assert not outcome.good
    assert "other bytes: data/labels/disk.csv" in outcome.text


@pytest.mark.parametrize("in_environment", [False, True])
@pytest.mark.parametrize("value", quoting.VALUES)
@pytest.mark.parametrize("target", quoting.TARGETS)
def test_make_quotes_what_it_is_given(target: str, value: str, in_environment: bool) -> None:
    outcome = quoting.odd_value(None, target, value, in_environment)
    assert outcome.good, outcome


def test_there_are_sixty_kills_of_commands() -> None:
    assert sum(kills.TIMES.values()) == 60
    assert set(kills.TIMES) == set(COMMANDS)


def test_a_traceback_and_a_failure_without_a_sentence_are_noticed() -> None:
    assert refused(Said(1, "Traceback (most recent call last):\nValueError"))
    assert refused(Said(1, "it did not work"))
    assert not refused(Said(1, "error: the disk is full"))


def test_outcomes_are_a_row_for_each_fault() -> None:
    outcomes = [
        Outcome("kill", "label", "same"),
        Outcome("kill", "crop", "same"),
        Outcome("kill", "crop", "lost", False),
    ]
    assert table.render(outcomes).splitlines()[2:] == [
        "| kill | label, crop | 2 | same |",
        "| kill | crop | 1 | **not withstood**: lost |",
    ]


def test_the_page_has_a_table_of_every_kind_and_no_fault_that_was_not_withstood() -> None:
    text = Path(table.PAGE).read_text()
    for kind in KINDS:
        rows = re.search(rf"<!-- faults:{kind} -->\n(.*?)\n<!-- /faults:{kind} -->", text, re.DOTALL)
        assert rows, kind
        assert rows[1].startswith(table.HEAD)
    assert "not withstood" not in text
