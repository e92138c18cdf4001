"""The page as its readers open it: from the disk, in a browser, on a phone, at night, on paper."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from solarflare.core import tables
from solarflare.core.paths import PAGE, PARAMS
from solarflare.core.tasks import TASKS, Task
from solarflare.report import task_figures
from solarflare.report.page import page
from solarflare.report.page.phrases import changed_answers, compared, precision_at, worse_in_other_scores
from solarflare.report.page.sections import slices_by
from solarflare.report.page.timeline import timeline
from solarflare.tracking.mlflow import page_copy
from solarflare.verification.evaluation import evaluate
from tests import parameters
from tests.import_graph import ROOT
from tests.verification.test_evaluate import RECORDS, make_two_folds, small_and_fast, write_inputs

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PHONE, DESKTOP = 390, 1280
HEIGHT = 900


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working folder, in which regions were scored and there is no disk."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copy(parameters.FIXED, folder)
        write_inputs(*make_two_folds(folder / "trained"))
        coverage = {"list": "swpc", "start": "2014-01-01", "end": "2014-01-03", "status": "complete"}
        absent = {
            "list": "regions",
            "start": "2014-01-03",
            "end": "2014-01-04",
            "status": "absent",
            "reason": "no report",
        }
        listed = pd.DataFrame([coverage, absent]).fillna("").assign(min_class="C1.0")
        tables.write(listed[list(tables.COVERAGE.columns)], Path("data/raw/coverage.csv"), tables.COVERAGE)
        for name, schema in (("flares", tables.FLARES), ("regions", tables.REGIONS)):
            tables.write(tables.empty(schema), Path(f"data/raw/{name}.csv"), schema)
        Path("metrics/details/audit.json").write_text(json.dumps({"region": audit(), "disk": {"absent": "off"}}))
        for task in TASKS:
            evaluate.evaluate(task, small_and_fast(), RECORDS)
            task_figures.draw(task, small_and_fast())
        take_room(Path("metrics/details/region.json"))
        write_probes(Path("metrics/plots/audit/region.csv"))
        page.write(small_and_fast())
        yield folder


def take_room(metrics: Path) -> None:
    """Give the table of scores the longest numbers and verdicts that it may have to show."""
    scores, around_zero = json.loads(metrics.read_text()), {"value": -0.03, "low": -0.17, "high": 0.11}
    for differences in scores["differences"].values():
        differences["roc_auc"] |= around_zero | {"verdict": "not distinguishable"}
    for baseline in scores["baselines"].values():
        baseline |= {"tss": around_zero, "brier_skill": around_zero}
    metrics.write_text(json.dumps(scores))


def audit() -> dict[str, object]:
    score = {"value": 0.5, "low": 0.4, "high": 0.6}
    probe = {"kind": "gated", "question": "Does the hour tell?", "leak": False, "roc_auc": score}
    probe |= {"balanced_accuracy": score, "corrected_low": 0.4, "detectable_roc_auc": 0.7}
    return {"leak": False, "rows": 80, "near_duplicates": {"pairs": 0, "first": []}, "probes": {"time_of_day": probe}}


def write_probes(path: Path) -> None:
    """Write the scores of a probe of each kind."""
    path.parent.mkdir(parents=True)
    probes = pd.DataFrame({"probe": ["time_of_day", "year", "raw_sky"], "kind": ["gated", "confounder", "raw"]})
    probes.assign(roc_auc=0.5, low=0.4, high=0.6, detectable=[0.7, float("nan"), float("nan")]).to_csv(
        path, index=False
    )


@pytest.fixture
def opened(project: Path, chromium: "Chrome") -> "Chrome":
    """The page, opened in a window as wide as a desk's."""
    chromium.get_log("performance")
    resize(chromium, DESKTOP)
    emulate(chromium)
    chromium.get((project / PAGE).as_uri())
    return chromium


def resize(driver: "Chrome", width: int) -> None:
    size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width == PHONE}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def emulate(driver: "Chrome", medium: str = "", scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": features})


def test_the_answer_comes_first(opened: "Chrome", project: Path) -> None:
    first = opened.find_element("css selector", "main > section").text
    scores = json.loads((project / "metrics/details/region.json").read_text())
    assert opened.find_element("tag name", "h1").is_displayed()
    assert "Is this region flaring?" in first
    assert f"{scores['roc_auc']['value']:.2f}" in first
    assert "No leak found" in first
    assert "the audit may have missed a leak with a ROC-AUC below 0.70" in first


def test_the_card_says_what_was_asked_of_which_rows(opened: "Chrome", project: Path) -> None:
    card = opened.find_element("css selector", "article[aria-labelledby='answer-region']").text
    threshold = json.loads((project / "metrics/details/region.json").read_text())["threshold"]["fold-0"]
    assert "Flaring means that a flare of C1.0 or more is in progress in this region." in card
    assert f"Its threshold is a probability of {round(threshold, 2)}" in card
    assert (
        "The images were drawn in pairs, one flaring and one quiet; each region on them is a row. "
        "Of rows at regular times, 2.1 % are flaring. There, with the same recall and specificity"
    ) in card


@pytest.mark.parametrize(("key", "name"), [("tss", "TSS"), ("brier_skill", "Brier skill"), ("accuracy", "Accuracy")])
def test_the_card_has_each_score_that_is_not_the_roc_auc(opened: "Chrome", project: Path, key: str, name: str) -> None:
    score = json.loads((project / "metrics/details/region.json").read_text())[key]
    card = opened.find_element("css selector", "article[aria-labelledby='answer-region'] dl").text.split("\n")
    assert card[card.index(name) + 1].startswith(f"{score['value']:z.2f}")


def test_the_table_of_scores_has_the_accuracy_of_each_baseline(opened: "Chrome", project: Path) -> None:
    baselines = json.loads((project / "metrics/details/region.json").read_text())["baselines"]
    heads = opened.find_elements("css selector", "#scores .scores thead th")
    column = [head.text for head in heads].index("accuracy")
    rows = "return [...document.querySelectorAll('#scores .scores tbody tr')]"
    texts = opened.execute_script(f"{rows}.map(row => [...row.cells].map(cell => cell.innerText))")
    shown = {row[0]: row[column].split()[0] for row in texts[1:]}
    assert shown == {
        name: f"{scores['accuracy']['value']:.2f}" for name, scores in baselines.items() if "absent" not in scores
    }


@pytest.mark.parametrize("curve", ["Loss", "ROC-AUC"])
def test_the_training_is_drawn_by_epoch(opened: "Chrome", curve: str) -> None:
    chart = f"#curves svg[aria-label='Is this region flaring? {curve}, by epoch']"
    opened.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    texts = opened.find_element("css selector", chart).text
    assert "training" in texts
    assert "validation" in texts


def test_every_term_on_the_page_has_a_definition(opened: "Chrome") -> None:
    buttons = "return [...document.querySelectorAll('button.term')].map(one => one.getAttribute('popovertarget'))"
    ids = "return [...document.querySelectorAll('[popover]')].map(one => one.id)"
    used, defined = set(opened.execute_script(buttons)), set(opened.execute_script(ids))
    assert used <= defined
    # This question has no ceiling and no cross-fitting, these data no reports, and these images are no magnetograms.
    reports = {"term-catalogue", "term-records", "term-fusion", "term-from_regions", "term-regions_history"}
    assert defined - used == {"term-ceiling", "term-magnetogram", *reports}


def test_a_tap_on_a_term_shows_its_definition_on_a_phone(opened: "Chrome") -> None:
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
    from selenium.webdriver.common.actions.pointer_input import PointerInput

    resize(opened, PHONE)
    definition = "document.getElementById('term-tss')"
    assert not opened.execute_script(f"return {definition}.checkVisibility()")
    button = opened.find_element("css selector", "#answer [popovertarget='term-tss']")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
    touch = ActionBuilder(opened, mouse=PointerInput(POINTER_TOUCH, "finger"))
    touch.pointer_action.move_to(button).pointer_down().pointer_up()
    touch.perform()
    shown = opened.execute_script(f"return {definition}.getBoundingClientRect().toJSON()")
    assert shown["width"] > 200
    assert shown["left"] >= 0
    assert shown["right"] <= PHONE
    assert shown["bottom"] <= HEIGHT


def test_every_link_leads_somewhere(opened: "Chrome") -> None:
    links = [link.get_dom_attribute("href") for link in opened.find_elements("css selector", "a[href]")]
    ids = set(opened.execute_script("return [...document.querySelectorAll('[id]')].map(one => one.id)"))
    assert [link for link in links if link.startswith("#") and link[1:] not in ids] == []
    files = [link.removeprefix("../") for link in links if link.startswith("../")]
    assert "docs/metrics.md" in files
    assert [name for name in files if not (ROOT / name).is_file()] == []
    assert [link for link in links if not link.startswith(("#", "../", "https://"))] == []


def test_it_has_eight_screens_at_most_with_two_questions(
    project: Path, chromium: "Chrome", monkeypatch: pytest.MonkeyPatch
) -> None:
    written = (project / PAGE).read_text()
    monkeypatch.setattr(page, "TASKS", (Task.REGION, Task.REGION))
    page.write(small_and_fast())
    resize(chromium, DESKTOP)
    chromium.get((project / PAGE).as_uri())
    (project / PAGE).write_text(written)
    assert len(chromium.find_elements("css selector", "article.card")) == 2
    assert chromium.execute_script("return document.documentElement.scrollHeight") <= 8 * 800


def test_the_copy_of_a_run_says_which_run_it_is_and_leads_to_no_file(project: Path) -> None:
    from mlflow.entities import Run, RunData, RunInfo, RunTag

    written = (project / PAGE).read_text()
    tags = {"number": "3", "question": "C1.0 flare in progress", "commit": "abc123", "dirty": "true"}
    info = RunInfo("id", "1", "user", "FINISHED", 1_400_000_000_000, None, "active")
    copy = page_copy.of_run(written, Run(info, RunData(tags=[RunTag(*tag) for tag in tags.items()])))
    line = "Run #3 of C1.0 flare in progress, 2014-05-13 16:53 UTC, commit abc123 with changes that were not committed."
    assert line in copy
    assert line not in written
    assert 'href="../' not in copy
    assert "docs/metrics.md" in copy


def test_a_precision_is_that_of_the_base_rate_it_is_for() -> None:
    scores = {"recall": {"value": 0.8}, "specificity": {"value": 0.9}}
    # Of 1000, 500 and then 20 are positive: 400 of 450 alarms are right, and 16 of 114.
    assert precision_at(0.5, scores) == pytest.approx(400 / 450)
    assert precision_at(0.02, scores) == pytest.approx(16 / 114)


def test_what_is_never_called_has_no_precision() -> None:
    assert precision_at(0.02, {"recall": {"value": 0.0}, "specificity": {"value": 1.0}}) is None


def test_what_was_before_is_called_as_the_answer_is() -> None:
    scores = {"n": 90, "slices": {"quiet_before": part(60, 5), "active_before": part(30, 4)}}
    found = slices_by("_before", "By what was before", scores, "flaring")
    assert found is not None
    assert [name for name, *_ in found.table.rows] == ["quiet before", "flaring before"]


def test_a_sample_that_was_not_matched_is_not_called_so(project: Path) -> None:
    written, chosen = (project / PAGE).read_text(), PARAMS.read_text()
    assert "sampling: matched" in chosen
    PARAMS.write_text(chosen.replace("sampling: matched", "sampling: original", 1))
    page.write(small_and_fast())
    assert "drawn in pairs" not in (project / PAGE).read_text()
    PARAMS.write_text(chosen)
    (project / PAGE).write_text(written)


def test_the_page_of_an_archive_has_no_base_rate_of_the_simulated_sun(project: Path) -> None:
    written, chosen = (project / PAGE).read_text(), small_and_fast()
    page.write(chosen.model_copy(update={"scrape": chosen.scrape.model_copy(update={"origin": "archive"})}))
    text = " ".join((project / PAGE).read_text().split())
    assert "No base rate is stated" in text
    assert "at regular times" not in text
    (project / PAGE).write_text(written)


def test_an_absent_task_says_why(opened: "Chrome") -> None:
    answer = opened.find_element("id", "answer").text
    assert "Is the Sun active?" in answer
    assert "tasks leaves it out" in answer


@pytest.mark.parametrize("section", ["scores", "curves", "audit", "errors", "explanation", "data", "provenance"])
def test_every_section_is_reached_from_the_contents(opened: "Chrome", section: str) -> None:
    assert opened.find_element("css selector", f"nav a[href='#{section}']").is_displayed()
    assert opened.find_element("css selector", f"#{section} :is(svg, img, table, details)").is_displayed()


def test_the_browser_has_nothing_to_complain_about(opened: "Chrome") -> None:
    assert opened.get_log("browser") == []


def test_nothing_is_asked_of_a_network(opened: "Chrome") -> None:
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in asked)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_it_scrolls_in_one_direction_only(opened: "Chrome", width: int) -> None:
    resize(opened, width)
    opened.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


def test_tables_can_be_read_on_a_phone(opened: "Chrome") -> None:
    resize(opened, PHONE)
    sizes = "return [...document.querySelectorAll(arguments[0])].map(one => parseFloat(getComputedStyle(one).fontSize))"
    assert min(opened.execute_script(sizes, "table :is(th, td, .ci, .note)")) >= 14


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_key_stands_out(opened: "Chrome", scheme: str) -> None:
    emulate(opened, scheme=scheme)
    paper = luminance(opened.execute_script("return getComputedStyle(document.body).backgroundColor"))
    colours = opened.execute_script(
        "return [...document.querySelectorAll('.key:not(.out)')]"
        ".map(one => [one.innerText, getComputedStyle(one, '::before').backgroundColor])"
    )
    assert {"training", "no label"} < {name for name, _ in colours}
    colours += opened.execute_script(
        "return ['sun', 'sky', 'gold', 'muted', 'dim'].map(name => ["
        "name, getComputedStyle(document.querySelector(`svg [style*='stroke: var(--${name})']`)).stroke])"
    )
    # WCAG 2.1, 1.4.11: graphics contrast 3:1 with what is beside them.
    ratios = {
        name: (max(paper, one) + 0.05) / (min(paper, one) + 0.05) for name, c in colours for one in [luminance(c)]
    }
    assert {name: ratio for name, ratio in ratios.items() if ratio < 3} == {}


def luminance(colour: str) -> float:
    """Return the relative luminance of a computed colour, ``rgb(...)`` or ``color(srgb ...)`` (WCAG 2.1)."""
    most = 255 if colour.startswith("rgb") else 1
    channels = [float(one) / most for one in re.findall(r"[\d.]+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_image_is_there_and_is_told_in_words(opened: "Chrome") -> None:
    images = opened.execute_script("return [...document.images].map(one => [one.alt.trim(), one.naturalWidth])")
    assert len(images) >= 36
    assert [alt for alt, width in images if not alt or not width] == []
    labels = opened.execute_script("return [...document.querySelectorAll('svg')].map(one => one.ariaLabel)")
    assert any(re.search(r"ROC, area [01]\.\d\d \[[01]\.\d\d, ", label) for label in labels)
    charts_without_words = "return document.querySelectorAll('svg:not([role=img][aria-label])').length"
    assert opened.execute_script(charts_without_words) == 0


def test_headings_and_tables_are_told_apart_without_eyes(opened: "Chrome") -> None:
    headings = opened.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, h4')].map(one => Number(one.tagName[1]))"
    )
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    for wrong in ("th:not([scope])", "table:not(:has(caption))", "section:not([aria-labelledby])"):
        assert opened.execute_script("return document.querySelectorAll(arguments[0]).length", wrong) == 0, wrong


def test_the_keyboard_skips_to_the_answer(opened: "Chrome") -> None:
    opened.find_element("tag name", "body").send_keys("\ue004")  # the tabulator
    assert opened.execute_script("return document.activeElement.getAttribute('href')") == "#answer"


def test_it_is_dark_at_night(opened: "Chrome") -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        emulate(opened, scheme=scheme)
        colour = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3]))
    assert brightness["dark"] < 100 < 600 < brightness["light"]


def test_paper_shows_what_the_screen_folds_away(opened: "Chrome") -> None:
    emulate(opened, medium="print")
    folded = "return document.querySelector('#provenance details table').getBoundingClientRect().height"
    assert opened.execute_script(folded) > 100


def test_it_is_one_small_file_without_scripts(project: Path) -> None:
    text = (project / PAGE).read_text()
    assert len(text) < 5_000_000
    assert "<script" not in text
    assert os.fspath(project) not in text


def test_the_same_outputs_give_the_same_bytes(project: Path) -> None:
    before = (project / PAGE).read_bytes()
    page.write(small_and_fast())
    assert (project / PAGE).read_bytes() == before


def test_scores_that_prove_nothing_are_not_trusted_on_the_page(project: Path) -> None:
    metrics, written = project / "metrics/details/region.json", (project / PAGE).read_text()
    scores = metrics.read_text()
    metrics.write_text(json.dumps(json.loads(scores) | {"trusted": "no", "trusted_reason": "a leak: <hour>"}))
    page.write(small_and_fast())
    assert "Not trusted" in (project / PAGE).read_text()
    assert "a leak: &lt;hour&gt;" in (project / PAGE).read_text()
    metrics.write_text(json.dumps(json.loads(scores) | {"trusted": "insufficient", "trusted_reason": "3 blocks"}))
    page.write(small_and_fast())
    assert "Not trusted" not in (project / PAGE).read_text()
    assert "The test is too small for a verdict: 3 blocks." in (project / PAGE).read_text()
    metrics.write_text(scores)
    page.write(small_and_fast())
    assert (project / PAGE).read_text() == written


def test_the_page_shows_the_drift_of_each_year(project: Path) -> None:
    drift = json.loads((project / "metrics/details/region.json").read_text())["drift"]
    text = (project / PAGE).read_text()
    assert drift
    assert "Drift by year" in text
    for year in drift.values():
        assert f"{year['mean_brightness']['value']:+.2f}" in text


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["better", "better"], "better than all in ROC-AUC"),
        (
            ["better", "worse", "not distinguishable"],
            "worse than b; not distinguishable from c; better than a, in ROC-AUC",
        ),
        (["worse", "worse", "worse"], "worse than a, b and c, in ROC-AUC"),
    ],
)
def test_the_comparison_says_the_bad_news_first(verdicts: list[str], said: str) -> None:
    differences = {name: {"roc_auc": {"verdict": verdict}} for name, verdict in zip("abc", verdicts, strict=False)}
    assert compared(list(differences), differences, "all") == said


def test_a_score_in_which_the_network_is_worse_is_not_passed_over() -> None:
    verdicts = {"tss": {"verdict": "worse"}, "brier_skill": {"verdict": "better"}}
    assert worse_in_other_scores(["a", "b"], {"a": verdicts, "b": verdicts}) == ["worse than a and b in TSS"]


def part(n: int, positive: int, **scores: float) -> dict[str, Any]:
    unsaid = dict.fromkeys(("recall", "specificity", "roc_auc"), 0.5)
    return {"n": n, "positive": positive} | {
        name: {"value": value, "low": 0.0, "high": 1.0} for name, value in (unsaid | scores).items()
    }


def test_what_turned_is_told_by_what_it_turned_to() -> None:
    slices = {"quiet_before": part(90, 16, recall=0.4), "active_before": part(80, 70, specificity=0.8)}
    found = changed_answers(slices, ("quiet", "active"))
    assert [(answer, rows, score["value"]) for answer, rows, score in found] == [
        ("active", 16, 0.4),
        ("quiet", 10, 0.8),
    ]


def test_where_nothing_turned_nothing_is_said_of_it() -> None:
    nothing = part(80, 80) | {"specificity": {"value": None, "low": None, "high": None}}
    assert (
        changed_answers({"quiet_before": {"absent": "no test row is there"}, "active_before": nothing}, ("no", "yes"))
        == []
    )


def test_a_part_that_has_all_rows_is_left_out() -> None:
    scores = {"n": 90, "slices": {"inside_30_degrees": part(60, 5), "inside_60_degrees": part(90, 9)}}
    found = slices_by("_degrees", "By longitude", scores, "flaring")
    assert found is not None
    assert [name for name, *_ in found.table.rows] == ["inside 30°"]


def test_classes_of_flares_are_not_compared_in_what_they_share() -> None:
    found = slices_by(
        "class_", "By class", {"n": 90, "slices": {"class_C": part(80, 9), "class_M": part(75, 4)}}, "flaring"
    )
    assert found is not None
    assert list(found.charts) == ["Recall", "ROC-AUC"]
    assert found.table.columns == ("part", "rows", "flaring", "Recall", "ROC-AUC")


def test_a_timeline_counts_every_row_once() -> None:
    labels = pd.DataFrame({"path": ["a", "b", "c", "d"], "label": [1, 0, None, 1]})
    labels["time"] = pd.to_datetime(["2013-12-01", "2014-01-31", "2014-03-01", "2014-03-02"])
    labels["reason"] = ["", "", "a flare without a class", ""]
    splits = pd.DataFrame({"path": ["a", "b", "d"], "fold": 0, "part": ["train", "", "test"]})
    drawn = timeline(Task.DISK, labels, splits, tables.empty(tables.COVERAGE))
    parts = ["training", "validation", "test", "left out"]
    assert drawn["by_year"].columns == ["year", "label 1", "label 0", "no label", *parts]
    assert drawn["by_year"].rows == [
        ("2013", "1", "0", "0", "1", "0", "0", "0"),
        ("2014", "1", "1", "1", "0", "0", "1", "1"),
    ]
    assert drawn["unlabelled"].rows == [("a flare without a class", "1")]
    assert drawn["most"] == 2
    assert "training 2013-12 to 2013-12, left out 2014-01 to 2014-01, test 2014-03 to 2014-03" in drawn["strips"][0][1]
