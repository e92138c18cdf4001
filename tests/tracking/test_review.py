"""A review reads the right verdict: in repositories whose truth is known, through Git, as a user runs it."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dvc.utils.hydra import apply_overrides
from PIL import Image

from solarflare.core import params, paths, tables
from solarflare.report import figures
from solarflare.tracking import dvc_state
from solarflare.tracking.review import review
from solarflare.verification.scores import curves
from solarflare.verification.scores.assessment import assess
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.score_table import SCORES
from solarflare.verification.scores.scores import Forecast
from tests import parameters
from tests.project.test_cli import solarflare

ROOT = Path(__file__).resolve().parents[2]
ROWS = 400
LEAK = {"kind": "gated", "leak": True, "corrected_low": 0.9, "roc_auc": {"value": 0.97, "low": 0.94, "high": 0.99}}
NO_LEAK = {**LEAK, "leak": False, "corrected_low": 0.44, "roc_auc": {"value": 0.5, "low": 0.45, "high": 0.55}}
ALL = "ROC-AUC, TSS and Brier skill"
COUNTS = {"labelled": {"0": 500, "1": 500}, "unlabelled": {}, "parts": {"test": ROWS}, "left_out": {}}


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def commit(message: str) -> None:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", message)


def forecasts(skill: float, seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Return predictions of a network whose scores are `skill` standard deviations apart; seeds differ a little."""
    time = pd.date_range("2014-01-01", periods=rows, freq="36h")
    label = np.random.default_rng(0).integers(0, 2, rows)
    image = np.random.default_rng(1).normal(size=rows)
    own = np.random.default_rng(seed).normal(size=rows)
    logit = skill * (skill * (label - 0.5) + 0.95 * image + 0.3 * own)
    return pd.DataFrame(
        {
            "path": [f"images/gong/{day:%Y/%m/%d/%H%M}.jpg" for day in time],
            "noaa_ar": pd.NA,
            "time": time,
            "label": label,
            "probability": (1 / (1 + np.exp(-logit))).round(6),
            "threshold": 0.5,
            "base_rate": 0.5,
            "block": np.arange(rows) // 18,
        }
    )


def write(predictions: pd.DataFrame, leak: bool = False, parameters: int = 1000, data: dict[str, Any] = COUNTS) -> None:
    """Write into the working folder what the pipeline writes about a task disk; the task region is off."""
    for folder in ("metrics/details", "metrics/predictions", "metrics/plots/disk"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    tables.write(predictions, Path("metrics/predictions/disk.csv"), tables.PREDICTIONS)
    label, probability = predictions["label"].to_numpy(int), predictions["probability"].to_numpy(float)
    network, plan = Forecast(label, probability, 0.5, 0.5), BlockBootstrap(predictions["block"].to_numpy(), 200, 1)
    scores = assess(network, {}, plan) | {"cost": {"parameters": parameters, "epochs": 10}, "trusted": not leak}
    if leak:
        scores["untrusted_because"] = "the audit found a leak: printed_boxes"
    absent = {"absent": "region is not among the tasks in params.yaml"}
    audit = {"leak": leak, "probes": {"printed_boxes": LEAK if leak else NO_LEAK}, "near_duplicates": {"pairs": 0}}
    for name, content in (
        ("disk", scores),
        ("region", absent),
        ("audit", {"disk": audit, "region": absent}),
        ("data", {"disk": data, "region": absent}),
    ):
        Path(f"metrics/details/{name}.json").write_text(json.dumps(content))
    curves.roc(network, plan).to_csv("metrics/plots/disk/roc.csv", index=False)
    curves.precision_recall(network, plan).to_csv("metrics/plots/disk/pr.csv", index=False)
    curves.calibration(network, plan).to_csv("metrics/plots/disk/reliability.csv", index=False)


def choose(key: str, value: Any) -> None:
    """Change a parameter."""
    apply_overrides(paths.PARAMS.as_posix(), [f"{key}={value}"])


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with committed results on its branch main, on a branch of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(parameters.FIXED, tmp_path)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "a user")
    git("config", "user.email", "user@example.org")
    choose("evaluate.resamples", 300)
    Path(".gitignore").write_text("review*\n")
    write(forecasts(1.2, seed=2))
    commit("the first results")
    git("checkout", "-q", "-b", "change")
    return tmp_path


def page(base: str = "main") -> str:
    """Return the page of a review."""
    review.write(base, Path("review.md"))
    return Path("review.md").read_text()


def better() -> None:
    choose("train_disk.learning_rate", 0.001)
    write(forecasts(2.4, seed=3), parameters=900)


def reseeded() -> None:
    choose("train_disk.seed", 2)
    write(forecasts(1.2, seed=3))


def leaking() -> None:
    choose("crop.mask", "false")
    write(forecasts(4, seed=3), leak=True)


BRANCHES: dict[str, tuple[Callable[[], None], int, str, list[str]]] = {
    "better": (
        better,
        0,
        f"disk: {ALL} better",
        ["No leak found by the audit: disk before and disk after.", f"- **disk: {ALL} better**; ROC-AUC from 0."],
    ),
    "reseeded": (
        reseeded,
        0,
        "disk: neither better nor worse, only the seed changed",
        [", which is the noise of seeds\n", "| noise of seeds | 0.0"],
    ),
    "leaking": (
        leaking,
        1,
        "NOT TRUSTED: disk after; disk: no verdict, as disk after is not trusted",
        [
            "**NOT TRUSTED: disk after**, `the audit found a leak: printed_boxes`. Do not rely",
            "| **LEAK:** `printed boxes` 0.97 [0.94, 0.99] (limit 0.60); 0 of 1 gated probes passed |",
            "| no leak: 1 of 1 gated probes passed, the highest `printed boxes` 0.50 [0.45, 0.55] (limit 0.60) |",
        ],
    ),
}


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_gets_its_verdict(repository: Path, branch: str) -> None:
    change, code, headline, sentences = BRANCHES[branch]
    change()
    commit(branch)
    done = solarflare("review")
    assert done.stdout == f"review.md: {headline}\n", done.stderr
    assert done.returncode == code
    assert ("error: the audit found a leak in disk" in done.stderr) == bool(code)
    text = Path("review.md").read_text()
    assert f"# {headline}\n" in text
    assert [sentence for sentence in sentences if sentence not in text] == []


def measure_seeds(deviation: float) -> None:
    """Write what five trainings that differ in their seeds alone would have left in docs/results."""
    seeds = {f"seed-{number}": number for number in range(5)}
    scores = {
        variant: {name: {"value": 0.8 + deviation * (number - 2) / 2**0.5} for name in SCORES}
        for variant, number in seeds.items()
    }
    content = {
        "variants": {
            variant: {"metrics": {"disk": found, "region": {"absent": ""}}} for variant, found in scores.items()
        },
        "parameters": params.dotted(params.read_yaml(paths.PARAMS)),
    }
    Path("docs/results").mkdir(parents=True)
    Path("docs/results/seeds.json").write_text(json.dumps(content))
    commit("what another seed does")


@pytest.mark.parametrize(("deviation", "verdict"), [(0.001, "better"), (0.5, "not distinguishable"), (None, "better")])
def test_a_difference_within_the_noise_of_seeds_is_not_called_better(
    repository: Path, deviation: float | None, verdict: str
) -> None:
    if deviation is not None:
        measure_seeds(deviation)
    better()
    text = page("HEAD")
    assert f"# disk: {ALL} {verdict}\n" in text
    allowed = f"with 5 seeds, whose ROC-AUC have a standard deviation of {deviation}"
    unknown = "not for the method: another seed alone may move the scores, and docs/results/seeds.json is not there."
    assert (unknown if deviation is None else allowed) in text


def test_no_verdict_rests_on_few_blocks_and_the_scores_are_shown(repository: Path) -> None:
    for skill, seed in ((1.2, 2), (2.4, 3)):
        commit("few blocks")
        rows = forecasts(skill, seed)
        write(rows.assign(block=rows["block"] // 3))
    text = page("HEAD")
    assert "\n# disk: insufficient, `the test rows lie in 8 blocks of days, and at least 10 are needed`\n" in text
    assert "**INSUFFICIENT: disk after**" in text
    assert "No leak found by the audit: disk before and disk after." in text
    assert "## Scores" in text


def test_scores_that_disagree_are_told_apart_in_the_title(repository: Path) -> None:
    """Probabilities that are all too low rank the rows alike, are calibrated worse, and raise no alarm."""
    predictions = forecasts(1.2, seed=2)
    write(predictions.assign(probability=predictions["probability"] / 2.5))
    assert "\n# disk: TSS and Brier skill worse, ROC-AUC not distinguishable\n" in page()


def test_the_scores_of_what_is_not_trusted_are_not_shown(repository: Path) -> None:
    leaking()
    text = page()
    assert "## Scores" not in text
    assert "## Answers that changed" not in text
    assert "ROC of disk" not in text


def test_near_duplicates_are_counted_apart_from_probes_that_passed(repository: Path) -> None:
    audit = json.loads(Path("metrics/details/audit.json").read_text())
    audit["disk"] |= {"leak": True, "near_duplicates": {"pairs": 12}}
    Path("metrics/details/audit.json").write_text(json.dumps(audit))
    told = "**LEAK:** 12 pairs of near duplicates across the test's border (allowed: 0); 1 of 1 gated probes passed |"
    assert told in page()


def test_a_difference_that_no_score_could_reach_is_called_so(repository: Path) -> None:
    measure_seeds(0.3)
    better()
    assert ", more than a perfect score would gain (0." in page("HEAD")


def test_a_network_with_one_answer_is_said_to_have_one(repository: Path) -> None:
    write(forecasts(1.2, seed=3).assign(threshold=0.999999))
    scores = json.loads(Path("metrics/details/disk.json").read_text())
    scores["confusion"] = {"tp": 1, "fp": 0, "tn": 199, "fn": 200}
    Path("metrics/details/disk.json").write_text(json.dumps(scores))
    text = page()
    assert "- disk after answers *no* to 100% of the test images\n" in text
    assert "disk before answers" not in text


def test_scores_that_are_gone_are_said_to_be_gone(repository: Path) -> None:
    better()
    Path("metrics/details/disk.json").unlink()
    assert "metrics/details/disk.json is not there" in page()


def test_whether_to_trust_comes_before_everything_else(repository: Path) -> None:
    leaking()
    lines = page().splitlines()
    assert lines[3].startswith("**NOT TRUSTED: disk after**")
    assert lines[5] == "No leak found by the audit: disk before."


def test_what_is_not_committed_yet_is_reviewed_too(repository: Path) -> None:
    better()
    assert f"# disk: {ALL} better" in page()
    assert f"# disk: {ALL} better" in page("HEAD")


def record(**inputs: Any) -> None:
    """Write what DVC records of the stages up to the evaluation of disk; each reads the parameters in `inputs`."""
    deps = [{"path": "stages/x.py", "md5": "a"}, {"path": "data/raw", "md5": str(inputs.pop("data", ""))}]
    stage = {"deps": deps, "outs": deps[1:], "params": {"params.yaml": {"scrape.origin": "simulated"} | inputs}}
    names = ("scrape", "label", "split", "crop", "train_disk", "evaluate")
    Path("dvc.lock").write_text(json.dumps({"stages": dict.fromkeys(names, stage)}))


@pytest.fixture
def recorded(repository: Path) -> None:
    """Record what the results of the base were made from, then write those of another machine."""
    record(train_disk={"epochs": 3}, train_region={"epochs": 3})
    commit("what DVC recorded")
    write(forecasts(2.4, seed=3))


@pytest.mark.parametrize(
    "inputs",
    [
        {"train_disk": {"epochs": 3}, "train_region": {"epochs": 3}, "data": "of another processor"},
        {"train_disk": {"epochs": 3}, "train_region": {"epochs": 4}},
    ],
)
@pytest.mark.usefixtures("recorded")
def test_what_a_change_did_not_touch_is_another_machines(inputs: dict[str, Any]) -> None:
    record(**inputs)
    text = page("HEAD")
    assert "\n# disk: not touched by this change: another machine\n" in text
    assert not [heading for heading in ("## Scores", "## Answers that changed", "## Figures") if heading in text]


@pytest.mark.usefixtures("recorded")
def test_what_was_edited_by_hand_is_not_another_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    record(train_disk={"epochs": 3}, train_region={"epochs": 3})
    monkeypatch.setattr(dvc_state, "modified", lambda: {"evaluate": ["metrics/predictions"]})
    text = page("HEAD")
    assert "another machine" not in text
    assert "disk: not comparable, `metrics/predictions` is not what dvc.lock records" in text


@pytest.mark.parametrize(
    "inputs",
    [{"train_disk": {"epochs": 4}}, {"train_disk": {"epochs": 3}, "scrape.origin": "live", "data": "of today"}],
)
@pytest.mark.usefixtures("recorded")
def test_what_a_change_touched_is_scored(inputs: dict[str, Any]) -> None:
    record(train_region={"epochs": 3}, **inputs)
    assert f"\n# disk: {ALL} better\n" in page("HEAD")


def test_what_main_did_meanwhile_is_not_held_against_a_branch(repository: Path) -> None:
    git("checkout", "-q", "main")
    better()
    commit("somebody else's work")
    git("checkout", "-q", "change")
    assert page().startswith("<!-- solarflare review -->\nNothing changed ")


def test_nothing_changed_is_one_line(repository: Path) -> None:
    lines = page().splitlines()
    assert len(lines) == 2
    assert "No leak found by the audit: " in lines[1]
    assert list(Path("review").glob("*.png")) == []


def test_a_leak_that_was_there_before_is_still_one(repository: Path) -> None:
    leaking()
    commit("a leak")
    assert solarflare("review", "--base", "HEAD").returncode == 1


def test_a_leak_may_be_told_to_warn(repository: Path) -> None:
    leaking()
    choose("audit.on_leak", "warn")
    assert solarflare("review").returncode == 0


def test_parameters_costs_and_rows_are_shown_before_and_after(repository: Path) -> None:
    better()
    data = {**COUNTS, "labelled": {"0": 500, "1": 450}, "unlabelled": {"too far": 50}}
    write(forecasts(2.4, seed=3), parameters=900, data=data)
    text = page()
    for row in (
        "| `train_disk.learning_rate` | `0.002` | `0.001` |",
        "| disk: parameters | 1,000 | 900 (-10%) |",
        "| disk: labelled `1` | 500 | 450 | -50 |",
        "| disk: no label: `too far` | 0 | 50 | +50 |",
    ):
        assert row in text
    assert "epochs trained" not in text


def test_a_cost_that_an_older_version_did_not_know_did_not_change(repository: Path) -> None:
    write(forecasts(1.2, seed=2), parameters=0)
    commit("an older version, which counted wrongly")
    better()
    assert "| disk: parameters | unknown | 900 |" in page("HEAD")


def test_profiles_are_parameters_too(repository: Path) -> None:
    Path("profiles").mkdir()
    Path("profiles/x.yaml").write_text("overrides: {tasks: [disk]}\n")
    assert "| `profiles/x.yaml: overrides.tasks` | `not there` | `['disk']` |" in page()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda df: df[10:], "10 rows only before"),
        (lambda df: df.assign(path="other/" + df["path"]), "400 rows only before, 400 rows only after"),
        (lambda df: df.assign(label=[1 - df["label"][0], *df["label"][1:]]), "1 labels changed"),
    ],
)
def test_another_test_set_is_not_compared(
    repository: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    write(change(forecasts(3, seed=2)))
    text = page()
    assert f"# disk: not comparable, the test set changed: {said}\n" in text
    assert f"- **disk: not comparable**, the test set changed: {said}\n" in text
    assert "better" not in text


def test_predictions_of_an_older_form_are_not_compared(repository: Path) -> None:
    path = Path("metrics/predictions/disk.csv")
    whole = path.read_text()
    pd.read_csv(path).drop(columns="threshold").to_csv(path, index=False)
    commit("as it was once")
    path.write_text(whole)
    assert "- **disk: not comparable**, metrics/predictions/disk.csv has another form before" in page("HEAD")


def test_first_results_are_new_and_last_ones_gone(repository: Path) -> None:
    shutil.rmtree("metrics")
    assert "- **disk: gone**, `metrics/details/disk.json is not there`" in page()
    commit("no results")
    write(forecasts(1.2, seed=2))
    text = page("HEAD")
    assert "# disk: new\n" in text
    assert "No leak found by the audit: disk after." in text


def test_answers_that_changed_are_counted_and_named(repository: Path) -> None:
    predictions = forecasts(1.2, seed=2)
    first = int((predictions["probability"] < 0.3).idxmax())
    predictions.loc[first, "probability"] = 0.9
    write(predictions)
    right = predictions["label"][first] == 1
    text = page()
    counted = f"- disk: 1 of 400 test images, {int(right)} now right and {int(not right)} now wrong"
    assert f"{counted}; *yes* is from 0.50 before, from 0.50 after" in text
    assert predictions["path"][first] in text


def test_the_largest_changes_of_answers_are_shown_first_and_the_rest_is_counted(repository: Path) -> None:
    write(forecasts(1.2, seed=3))
    section = page().partition("## Answers that changed")[2].partition("</details>")[0]
    changed = int(re.findall(r"disk: (\d+) of 400 test images", section)[0])
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `images/")]
    changes = [abs(float(row[3]) - float(row[2])) for row in rows]
    assert len(rows) == 10 < changed
    assert f"the largest changes first, 10 of {changed} shown</summary>" in section
    # Before and after are rounded to two decimals.
    assert all(larger >= smaller - 0.021 for larger, smaller in itertools.pairwise(changes))


def test_a_probability_just_below_its_threshold_is_not_printed_as_equal(repository: Path) -> None:
    predictions = forecasts(1.2, seed=2)
    alarm = predictions["probability"].idxmax()
    predictions.loc[alarm, "probability"] = 0.4996
    write(predictions)
    text = page()
    assert "*yes* is from 0.5000 before, from 0.5000 after" in text
    assert f"{predictions['path'][alarm]}` | {predictions['label'][alarm]} | 0.9" in text
    assert " | 0.4996 | " in text


def test_every_figure_of_the_page_is_there(repository: Path) -> None:
    better()
    shown = set(re.findall(r"\]\((.+?)\)", page()))
    assert shown == {path.as_posix() for path in Path("review").glob("*.png")}
    assert len(shown) == 5


def test_the_roc_curves_of_both_sides_are_in_one_figure(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[str]] = []
    roc = figures.roc

    def draw(curves: dict[str, pd.DataFrame], title: str) -> Any:
        drawn.append(list(curves))
        return roc(curves, title)

    monkeypatch.setattr(figures, "roc", draw)
    better()
    page()
    (curves_of_disk,) = drawn
    assert [text.split()[0] for text in curves_of_disk] == ["before", "after"]


def test_images_whose_answer_changed_are_shown_where_the_crops_are_at_hand(repository: Path) -> None:
    predictions = forecasts(2.4, seed=3)
    index = pd.DataFrame({"path": predictions["path"], "noaa_ar": pd.NA, "shard": "x.npy", "row": range(ROWS)})
    Path("data/crops/disk").mkdir(parents=True)
    tables.write(index.assign(x=1, y=1, radius=1, fitted="yes"), Path("data/crops/disk/index.csv"), tables.CROPS)
    np.save("data/crops/disk/x.npy", np.full((ROWS, 16, 16, 1), 138, np.uint8))
    write(predictions)
    assert "![Answers of disk that changed](review/disk-flipped.png)" in page()
    # Ten greys above a magnetogram's zero, 128, are forty at the contrast of the page.
    assert Image.open("review/disk-flipped.png").convert("L").histogram()[168] > 1000


def test_a_base_that_is_none_is_one_sentence(repository: Path) -> None:
    done = solarflare("review", "--base", "no-such-branch")
    assert done.returncode == 1
    remedy = "fetch it, or name another with --base (with make: BASE=...)"
    sentence = f"'no-such-branch' is no branch, tag or commit here; {remedy}"
    assert done.stderr == f"error: {sentence}\n"


def test_a_merge_conflict_in_the_results_is_one_sentence(repository: Path) -> None:
    Path("metrics/details/disk.json").write_text("<<<<<<< HEAD\n{}\n")
    done = solarflare("review")
    broken = "metrics/details/disk.json: this is not JSON; make it again with `dvc repro`"
    assert (done.returncode, done.stderr) == (1, f"error: not comparable: {broken}\n")
    assert "disk: not comparable, `metrics/details/disk.json: this is not JSON" in Path("review.md").read_text()


def test_results_that_are_out_of_date_are_called_so(repository: Path) -> None:
    stage = {
        "cmd": "true",
        "params": ["train_disk.epochs"],
        "metrics": [{"metrics/details/disk.json": {"cache": False}}],
    }
    Path("dvc.yaml").write_text(json.dumps({"stages": {"train_disk": stage}}))
    for command in (["init", "-q"], ["commit", "-q", "-f"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], check=True, capture_output=True)
    commit("a pipeline")
    assert "OUT OF DATE" not in page()
    choose("train_disk.epochs", 41)
    title, _, sentence = page().splitlines()[1:4]
    assert title == "# OUT OF DATE: `train_disk`; disk: unchanged"
    assert sentence.startswith("**OUT OF DATE: `train_disk`**, `train_disk.epochs` changed since the results were made")
