"""A pull request from a stranger: files of results that hold something else, and text that is more than text."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from solarflare.tracking.mlflow import registry
from solarflare.tracking.review import page, revisions
from solarflare.tracking.review.score_changes import Comparison, compare
from solarflare.tracking.review.verdicts import Review, headline
from solarflare.verification.evaluation.schema import Evaluate
from solarflare.verification.scores.seeds import Spread
from solarflare.verification.scores.trust import Trust
from tests import parameters
from tests.tracking.test_review import forecasts, write

DETAILS, AUDIT, DATA = (Path(f"metrics/details/{name}.json") for name in ("disk", "audit", "data"))
ROC, PREDICTIONS = Path("metrics/plots/disk/roc.csv"), Path("metrics/predictions/disk.csv")
HOSTILE = "<img src=x onerror=alert(1)>[a](https://example.org)![b](c) @octocat `# x` | y\n\x1b[31mred\x07\u202e"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copy(parameters.FIXED, folder / "params.yaml")
        write(forecasts(1.2, seed=2))
    return folder


@pytest.fixture
def before(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> revisions.Revision:
    """The results before a change, in whose folder the test runs."""
    monkeypatch.chdir(shutil.copytree(template, tmp_path / "results"))
    return revisions.read()


def reviewed(before: revisions.Revision) -> Review:
    """Return the review of the working folder, without figures."""
    after, settings = revisions.read(), Evaluate.model_construct(resamples=50, seed=1)
    spread = Spread(0, {}, "nothing measured it")
    comparisons: list[Comparison] = [
        compare(task, before.tasks[task], after.tasks[task], settings, spread, reseeded=False) for task in Task
    ]
    return Review("`base`", before, after, comparisons, [], {}, [])


def change(path: Path, *keys: str, value: Any) -> None:
    """Set a value of a JSON file."""
    content = json.loads(path.read_text())
    group = content
    for key in keys[:-1]:
        group = group[key]
    group[keys[-1]] = value
    path.write_text(json.dumps(content))


JUNK: dict[str, Any] = {
    "null": None,
    "text": "many",
    "list": [1],
    "negative": -1.5,
    "nan": float("nan"),
    "infinite": float("inf"),
    "nested": {"value": {"value": 1}},
    "true": True,
}
READ: list[tuple[Path, tuple[str, ...]]] = [
    (DETAILS, ("n",)),
    (DETAILS, ("blocks",)),
    (DETAILS, ("confusion",)),
    (DETAILS, ("confusion", "tp")),
    (DETAILS, ("roc_auc",)),
    (DETAILS, ("tss",)),
    (DETAILS, ("base_rate", "value")),
    (AUDIT, ("disk",)),
    (AUDIT, ("disk", "probes")),
    (AUDIT, ("disk", "probes", "printed_boxes", "roc_auc")),
    (DATA, ("disk", "labelled")),
    (DATA, ("disk", "parts", "test")),
]


@pytest.mark.parametrize(("path", "keys"), READ, ids=[f"{path.stem}.{'.'.join(keys)}" for path, keys in READ])
@pytest.mark.parametrize("junk", JUNK)
def test_a_value_of_another_form_is_not_comparable(
    before: revisions.Revision, path: Path, keys: tuple[str, ...], junk: str
) -> None:
    change(path, *keys, value=JUNK[junk])
    review = reviewed(before)
    assert review.broken.startswith(f"{path}: ")
    assert headline(review).startswith(f"disk: not comparable, `{path}: ")
    assert f"- **disk: not comparable**, `{path}: " in page.render(review)


FILES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_text(""),
    "conflict": lambda path: path.write_text("<<<<<<< HEAD\n{}\n"),
    "list": lambda path: path.write_text("[]"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "long number": lambda path: path.write_text(f'{{"n": {"9" * 5000}}}'),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "header": lambda path: path.write_text("fpr,tpr,low,high\n"),
    "ragged": lambda path: path.write_text("fpr,tpr\n1,2,3,4,5\n1\n"),
    "words": lambda path: path.write_text("fpr,tpr,low,high\na,b,c,d\n"),
}


@pytest.mark.parametrize("fault", FILES)
@pytest.mark.parametrize("path", [DETAILS, AUDIT, DATA, ROC, PREDICTIONS], ids=lambda path: path.name)
def test_a_file_of_another_form_is_not_comparable(before: revisions.Revision, path: Path, fault: str) -> None:
    FILES[fault](path)
    review = reviewed(before)
    assert headline(review).startswith("disk: not comparable, ")
    assert str(path) in page.render(review)


def test_rows_that_occur_twice_are_not_comparable(before: revisions.Revision) -> None:
    header, *rows = PREDICTIONS.read_text().splitlines(keepends=True)
    PREDICTIONS.write_text("".join([header, *rows, *rows]))
    assert "not comparable" in headline(reviewed(before))


STAGES = ", ".join(f"{name}: 1" for name in ("scrape", "label", "split", "crop", "train_disk", "evaluate"))


@pytest.mark.parametrize("content", ["stages: 1", f"stages: {{{STAGES}}}", "[]", "stages: [1]"])
def test_a_tampered_lock_is_one_sentence(before: revisions.Revision, content: str) -> None:
    Path("dvc.lock").write_text(content)
    with pytest.raises(InputError, match=r"^dvc\.lock"):
        reviewed(before)


def inert(text: str) -> None:
    """Assert that a text in Markdown has none of `HOSTILE` outside of backticks, and no control character."""
    outside = "".join(part for line in text.splitlines() for part in line.split("`")[::2])
    assert not any(part in outside for part in ("<img", "example.org", "octocat", "[b]", "31m"))
    assert all(character.isprintable() or character == "\n" for character in text)


def judge(trusted: str | bool, key: str) -> None:
    change(DETAILS, "trusted", value=trusted)
    change(DETAILS, key, value=HOSTILE)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: judge("no", "trusted_reason"),
        lambda: judge(False, "untrusted_because"),
        lambda: judge("insufficient", "trusted_reason"),
        lambda: DETAILS.write_text(json.dumps({"absent": HOSTILE})),
        lambda: change(DETAILS, "roc_auc", value={HOSTILE: 1}),
        lambda: change(DETAILS, "combinations", value={HOSTILE: {}}),
        lambda: change(AUDIT, "disk", value={"absent": HOSTILE}),
        lambda: change(AUDIT, "disk", "probes", value={HOSTILE: HOSTILE}),
        lambda: change(DATA, "disk", "left_out", value={HOSTILE: 3}),
        lambda: change(DATA, "disk", "parts", value={HOSTILE: -3}),
    ],
)
def test_text_of_a_file_is_only_text(before: revisions.Revision, tamper: Callable[[], object]) -> None:
    write(forecasts(2.4, seed=3))
    tamper()
    review = reviewed(before)
    inert(page.render(review))
    inert(headline(review))


def test_the_name_of_a_leaking_probe_is_only_text(before: revisions.Revision) -> None:
    write(forecasts(2.4, seed=3), leak=True)
    AUDIT.write_text(AUDIT.read_text().replace('"printed_boxes"', json.dumps(HOSTILE)))
    inert(page.render(reviewed(before)))


def test_the_reason_in_mlflows_registry_is_only_text() -> None:
    inert(registry._description(Trust("no", HOSTILE), None, wins=False))
