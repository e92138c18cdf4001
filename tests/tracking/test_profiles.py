"""A profile becomes DVC experiments, for real, on a pipeline of one stage that scores its own parameters."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import solarflare
from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS
from solarflare.tracking import profiles, published_pages, published_results, published_tables
from tests import parameters
from tests.repositories import commit_all, make_repository, shell

ROOT = Path(__file__).resolve().parents[2]
STAGE = """
import json, pathlib, yaml
params = yaml.safe_load(open("params.yaml"))
plots = pathlib.Path("metrics/plots/disk")
plots.mkdir(parents=True, exist_ok=True)
(plots / "roc.csv").write_text("fpr,tpr,low,high\\n0,0,0,0\\n0.2,0.8,0.7,0.9\\n1,1,1,1\\n")
score = {"value": params["train_disk"]["epochs"] / 100, "low": 0.0, "high": 1.0}
scores = dict.fromkeys(["base_rate", "roc_auc", "tss", "hss", "brier_skill"], score)
baselines = {"baselines": {"climatology": scores}, "differences": {"climatology": scores}}
disk = {"trusted": "yes", "n": 10, **scores, **baselines}
contents = {"disk": disk, "region": {"absent": params["split"]["chronological"]["test_start"]}}
pathlib.Path("metrics/details").mkdir(parents=True, exist_ok=True)
for name, content in {**contents, "audit": params["scrape"]}.items():
    pathlib.Path(f"metrics/details/{name}.json").write_text(json.dumps(content))
"""
COMMIT = """
import os, subprocess
subprocess.run(["git", "commit", "--allow-empty", "--quiet", "--message", "meanwhile"], cwd=os.environ["DVC_ROOT"])
"""
METRICS = [{f"metrics/details/{name}.json": {"cache": False}} for name in ("disk", "region", "audit")]
STAGES = {
    "evaluate": {
        "cmd": "python stage.py",
        "deps": ["stage.py"],
        "params": ["scrape", "split", "train_disk"],
        "outs": [{"metrics/plots/disk": {"cache": False}}],
        "metrics": METRICS,
    }
}
SIMULATED = {
    "overrides": {"tasks": ["disk"], "split.chronological.test_start": "2014-01-01"},
    "variants": {"short": {"train_disk": {"epochs": 3}}},
}


def read(content: Any, folder: Path | None = None) -> profiles.Profile:
    """Write a profile and read it."""
    profiles.PROFILES.mkdir(exist_ok=True)
    (profiles.PROFILES / "x.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return profiles.read("x", folder)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's parameters, in which the test runs."""
    shutil.copy(parameters.FIXED, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(project: Path) -> Path:
    """The same as a Git and DVC repository with a pipeline and a profile."""
    read(SIMULATED)
    Path("stage.py").write_text(STAGE)
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    make_repository()
    commit_all("a pipeline")
    return project


@pytest.mark.parametrize("path", sorted(profiles.PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_projects_profiles_fit_the_parameters(path: Path) -> None:
    assert profiles.read(path.stem).variants


def test_keys_may_be_nested_or_dotted(project: Path) -> None:
    profile = read({"overrides": {"crop": {"disk.img_width": 64}}, "variants": {"a": {"label.disk": {"after": 6}}}})
    assert profile.overrides == {"crop.disk.img_width": 64}
    assert profile.variants == {"a": {"label.disk.after": 6}}


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            {"train_disk.epocs": 3},
            r"^profiles/x\.yaml: overrides: key train_disk\.epocs is not known \(did you mean epochs\?\)",
        ),
        ({"train_disk.epochs": 0}, r"^profiles/x\.yaml: overrides: key train_disk\.epochs is 0; expected greater than"),
        ({"tasks.disk": True}, r"^profiles/x\.yaml: overrides: key tasks is "),
        ({"no.such.group": 1}, r"^profiles/x\.yaml: overrides: key no is not known"),
        ({1: 2}, r"^profiles/x\.yaml: overrides is \{1: 2\}; expected keys of params\.yaml"),
        ("nothing", r"^profiles/x\.yaml: overrides is 'nothing'; expected keys of params\.yaml"),
        ({"scrape.origin": "archive"}, r"^the profile x needs an archive: add --archive FOLDER"),
    ],
)
def test_a_profile_that_does_not_fit_is_one_sentence(project: Path, overrides: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read({"overrides": overrides, "variants": {"a": {}}})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {"variant": {}},
            r"^profiles/x\.yaml: key variant is not known; allowed here: overrides, variants, published$",
        ),
        ({"variants": ["a"]}, r"^profiles/x\.yaml: variants is \['a'\]; expected the changes of each variant"),
        ({"variants": {}}, r"^profiles/x\.yaml: variants is \{\}; .* or leave the key out"),
        ({"variants": {2014: {}}}, r"^profiles/x\.yaml: variants has the name 2014; expected letters"),
        ({"variants": {"a": 3}}, r"^profiles/x\.yaml: variants\.a is 3; expected keys of params\.yaml"),
        ({"variants": {"a": {"train_disk.epocs": 3}}}, r"^profiles/x\.yaml: variants\.a: key train_disk\.epocs is not"),
    ],
)
def test_a_wrong_key_of_a_profile_is_named(project: Path, content: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read(content)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("overrides: [\n", r"^profiles/x\.yaml, line 2: this is not YAML; mend the file$"),
        ("- tasks\n", r"^profiles/x\.yaml: expected groups of keys, got list; mend the file$"),
    ],
)
def test_a_profile_that_git_does_not_know_is_mended_by_hand(project: Path, text: str, sentence: str) -> None:
    profiles.PROFILES.mkdir()
    (profiles.PROFILES / "x.yaml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        profiles.read("x")


def test_a_wrong_key_of_the_parameters_is_not_blamed_on_the_profile(project: Path) -> None:
    paths.PARAMS.write_text(paths.PARAMS.read_text().replace("resamples: 1000", "resamples: many"))
    with pytest.raises(InputError, match=r"^params\.yaml: key audit\.resamples is 'many'"):
        read(SIMULATED)


def test_a_profile_without_variants_has_one(project: Path) -> None:
    assert read({"overrides": {"train_disk.epochs": 3}}).variants == {"default": {}}


@pytest.mark.parametrize("published", [{"disc": 0.9}, {"disk": 94.7}, {"disk": "high"}, 0.9])
def test_a_published_accuracy_that_is_none_is_one_sentence(project: Path, published: Any) -> None:
    with pytest.raises(InputError, match=r"^profiles/x\.yaml: published is .*; expected accuracies, 0 to 1, by task"):
        read({"published": published, "overrides": {}, "variants": {"a": {}}})


def test_an_unknown_profile_is_told_the_known_ones(project: Path) -> None:
    read(SIMULATED)
    with pytest.raises(InputError, match=r"^profiles/y\.yaml is not there; the profiles here are x$"):
        profiles.read("y")


def test_an_archive_is_relative_and_identified_by_its_content(project: Path) -> None:
    folder = project / "sun"
    folder.mkdir()
    profile = read({"overrides": {"scrape.origin": "archive"}, "variants": {"a": {}}}, folder)
    assert profile.overrides["scrape.archive.path"] == "sun"
    assert len(profile.overrides["scrape.archive.digest"]) == 64


@pytest.mark.parametrize("origin", ["archive", "live"])
def test_an_archive_takes_the_place_of_the_observatories(project: Path, tmp_path: Path, origin: str) -> None:
    overrides = {"scrape": {"origin": origin, "live": {"sampling": "manifest"}}, "tasks": ["disk"]}
    profile = read({"overrides": overrides}, tmp_path)
    assert profile.overrides.pop("scrape.archive.digest")
    assert profile.overrides == {"scrape.origin": "archive", "scrape.archive.path": ".", "tasks": ["disk"]}


def test_an_archive_for_a_simulated_sun_is_one_sentence(project: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the profile x makes a Sun of its own and reads no archive"):
        read(SIMULATED, tmp_path)


def test_the_cost_of_a_profile_is_known_without_a_request(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(project))
    (project / "manifests").symlink_to(ROOT / "manifests")
    overrides = {"scrape.origin": "live", "scrape.live.sampling": "manifest", "instrument.disk": "aia211"}
    lines = profiles.cost(read({"overrides": overrides})).splitlines()
    assert lines[0] == "338 images of aia211, 2010-06-02 to 2014-12-31"
    assert lines[-3].split()[:2] == ["sdo.gsfc.nasa.gov", "338"]
    assert not (project / "data").exists()


def test_the_cost_of_a_profile_that_fetches_nothing_is_one_sentence(project: Path) -> None:
    assert profiles.cost(read(SIMULATED)) == "The profile x fetches nothing: its origin is simulated."


def test_an_experiment_has_the_overrides_and_leaves_the_workspace_as_it_was(repository: Path) -> None:
    profile = profiles.read("x")
    revisions = profiles.run(profile)
    published_results.collect(profile, revisions)
    assert shell("git", "status", "--porcelain") == "?? docs/"
    metrics = json.loads((published_results.RESULTS / "x.json").read_text())["variants"]["short"]["metrics"]
    assert metrics["disk"]["roc_auc"]["value"] == 0.03
    assert metrics["region"] == {"absent": "2014-01-01"}
    assert (published_results.RESULTS / "x-disk-roc.png").stat().st_size < 100_000
    assert "| short | disk | 10 | 3% | network | 0.03 [0.00, 1.00] |" in published_tables.table("x")


def test_results_say_which_parameters_all_variants_share(repository: Path) -> None:
    content = solarflare.run_profile("x")
    assert content == json.loads((published_results.RESULTS / "x.json").read_text())
    shared = content["parameters"]
    assert shared["split.chronological.test_start"] == "2014-01-01"
    assert set(params.dotted(params.read_yaml(paths.PARAMS))) - set(shared) == {
        "train_disk.epochs",
        "compute.scheduler",
    }


def test_an_experiment_of_the_same_name_is_replaced(repository: Path) -> None:
    profile = profiles.read("x")
    first = profiles.run(profile)
    Path("stage.py").write_text(STAGE.replace("/ 100", "/ 10"))
    second = profiles.run(profile)
    assert first != second
    assert len(shell("git", "for-each-ref", "refs/exps/*/*/x-short").splitlines()) == 1


def test_a_commit_that_is_made_meanwhile_loses_no_results(repository: Path) -> None:
    Path("stage.py").write_text(STAGE + COMMIT)
    shell("git", "commit", "-qam", "a stage that takes so long that somebody commits")
    head = shell("git", "rev-parse", "HEAD")
    two = {"short": {"train_disk.epochs": 3}, "long": {"train_disk.epochs": 4}}
    profile = read({**SIMULATED, "variants": two})
    revisions = profiles.run(profile)
    assert shell("git", "rev-parse", "HEAD") != head
    published_results.collect(profile, revisions)
    found = json.loads((published_results.RESULTS / "x.json").read_text())["variants"]
    assert {name: found[name]["metrics"]["disk"]["roc_auc"]["value"] for name in two} == {"short": 0.03, "long": 0.04}


def test_models_of_an_experiment_are_laid_out_from_what_dvc_keeps(repository: Path) -> None:
    train = "import pathlib, yaml\nepochs = yaml.safe_load(open('params.yaml'))['train_disk']['epochs']\n"
    train += "pathlib.Path('models').mkdir()\npathlib.Path('models/about.json').write_text(str(epochs))\n"
    Path("train.py").write_text(train)
    stage = {"cmd": "python train.py", "deps": ["train.py"], "params": ["train_disk"], "outs": ["models"]}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {**STAGES, "train": stage}}))
    shell("git", "add", "-A")
    shell("git", "commit", "-qm", "a stage that trains")
    (revision,) = profiles.run(profiles.read("x")).values()
    folder = profiles.models("x-short")
    assert folder == profiles.models(revision)
    assert (folder / "about.json").read_text() == "3"
    assert params.read_yaml(folder.parent / "params.yaml")["train_disk"]["epochs"] == 3
    assert not Path("models").exists()


def test_a_commit_without_models_is_one_sentence(repository: Path) -> None:
    with pytest.raises(InputError, match=r"^[0-9a-f]{40} does not have models and params\.yaml here .* or `dvc pull`$"):
        profiles.models("main")
    assert not (paths.EXPERIMENT_MODELS / shell("git", "rev-parse", "main")).exists()


def test_models_of_no_such_experiment_are_one_sentence(repository: Path) -> None:
    with pytest.raises(InputError, match=r"^x-long is no folder, and no experiment or commit of a Git repository"):
        profiles.models("x-long")


def test_models_outside_a_repository_are_one_sentence(project: Path) -> None:
    with pytest.raises(InputError, match=r"^x-short is no folder, and no experiment or commit of a Git repository"):
        profiles.models("x-short")


def test_an_experiment_outside_a_repository_is_one_sentence(project: Path) -> None:
    with pytest.raises(InputError, match=r"^`git rev-parse HEAD`: fatal: not a git repository.*in a clone of the proj"):
        profiles.run(read(SIMULATED))


def test_a_failing_stage_is_one_sentence(repository: Path) -> None:
    Path("stage.py").write_text("raise SystemExit('error: no Sun today')")
    with pytest.raises(InputError, match=r"^`dvc exp run --temp --name x-short \.\.\.` failed for the reason above"):
        profiles.run(profiles.read("x"))


def test_a_lock_that_a_killed_git_left_is_named(repository: Path) -> None:
    Path(".git/index.lock").touch()
    with pytest.raises(
        InputError, match=r"^\.git/index\.lock is there: a command of Git is at work .* delete this file"
    ):
        profiles.run(profiles.read("x"))


def test_an_experiment_does_not_begin_on_a_full_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "ROOM", 10**18)
    with pytest.raises(InputError, match=r"^the disk has room for \d+ MB, and an experiment, .* free some space"):
        profiles.run(profiles.read("x"))


def test_tables_are_written_between_their_markers_alone(project: Path) -> None:
    score = {"value": 0.5, "low": 0.25, "high": 0.75}
    scores = dict.fromkeys(["base_rate", "roc_auc", "tss", "hss", "brier_skill"], score)
    metrics = {"trusted": "no", "n": 4, **scores, "baselines": {"history": scores}}
    metrics |= {"differences": {"history": {"roc_auc": score}}}
    content = {
        "profile": "x",
        "variants": {
            name: {"metrics": {"disk": metrics, "region": {"absent": "no"}}} for name in ("short", "short-2020")
        },
    }
    published_results.RESULTS.mkdir(parents=True)
    (published_results.RESULTS / "x.json").write_text(json.dumps(content))
    page = "before\n<!-- results:x -->\nold\n<!-- /results:x -->\nafter\n"
    written = published_pages.with_tables(page)
    assert written.startswith("before\n<!-- results:x -->\n| x | task |")
    assert written.endswith("\n<!-- /results:x -->\nafter\n")
    assert "old" not in written
    assert published_pages.with_tables(written) == written
    rows = [line.split(" | ") for line in written.splitlines() if line.startswith("| ")][2:]
    assert [row[4] for row in rows] == ["network", "history", "network of 2020"]


def score(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.02, "high": value + 0.01}


def test_the_leads_of_combinations_are_those_over_the_best_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    variants = json.loads((published_results.RESULTS / "sdo-euv-fusion.json").read_text())["variants"]
    lead = variants["test-2014"]["metrics"]["region"]["combination_leads"]["fusion"]["records"]["roc_auc"]
    rows = [line.split(" | ") for line in published_tables.table("sdo-euv-fusion").splitlines()]
    (shown,) = [row[3:5] for row in rows if row[0] == "| test-2014" and row[1:3] == ["region", "fusion"]]
    assert shown == ["records", f"{lead['value']:+.3f} [{lead['low']:+.3f}, {lead['high']:+.3f}]"]
    assert sum(row[0] == "| test-2014, insufficient" and row[2] == "fusion" for row in rows) == 1


def test_repeats_are_averaged_beside_what_was_published_and_what_tells_without_a_network(repository: Path) -> None:
    probes = {
        name: {"kind": kind, "leak": kind == "gated", "roc_auc": score(value), "balanced_accuracy": score(value - 0.1)}
        for name, kind, value in (("printed_boxes", "gated", 0.99), ("year", "confounder", 0.61), ("sky", "raw", 0.9))
    }
    stage = "import json, pathlib, yaml\nseed = yaml.safe_load(open('params.yaml'))['split']['seed']\n"
    contents = {
        "disk": {"n": 14, "accuracy": score(0.8), "roc_auc": score(0.7)},
        "region": {"absent": "off"},
        "audit": {"disk": {"probes": probes}},
    }
    stage += f"contents = {contents!r}\ncontents['disk']['accuracy']['value'] += seed / 10\n"
    stage += "[pathlib.Path(f'metrics/{k}').mkdir(parents=True, exist_ok=True) for k in ('plots/disk', 'details')]\n"
    stage += "[pathlib.Path(f'metrics/details/{k}.json').write_text(json.dumps(v)) for k, v in contents.items()]\n"
    Path("stage.py").write_text(stage)
    repeats = {"first": {"split.seed": 1}, "second": {"split.seed": 2}}
    profile = read({"published": {"disk": 0.947}, "overrides": {}, "variants": repeats})
    published_results.collect(profile, profiles.run(profile))
    table = published_tables.table("x").splitlines()
    assert table[2] == "| disk | 2 | 14 | 95.0% | 5.0% | 90.0% | 100.0% | 94.7% |"
    assert table[6:] == [
        "| printed boxes | disk | gated | 0.99 [0.97, 1.00] | 89% | leak |",
        "| sky | disk | raw | 0.90 [0.88, 0.91] | 80% |  |",
    ]
    assert (published_results.RESULTS / "x.png").stat().st_size < 100_000


def test_permutations_are_a_row_a_task(project: Path) -> None:
    published_results.RESULTS.mkdir(parents=True)
    test = {"n": 40, "true": 0.9, "rotated": [0.55, 0.45], "wilcoxon_p": 1.0, "p": 0.3333}
    published_results.PERMUTATION.write_text(json.dumps({"simulated": {"disk": test}}))
    row = "| simulated | disk | 40 | **0.90** | 0.45 0.55 | 0.50 | p = 1.00 | p = 0.333 |"
    assert published_tables.table("permutation").splitlines()[2:] == [row]


def test_the_overview_shows_the_best_baseline_once_for_each_test(project: Path) -> None:
    published_results.RESULTS.mkdir(parents=True)
    baselines = {"history": {"roc_auc": score(0.8)}, "logistic": {"roc_auc": score(0.7)}, "catalogue": {"absent": "no"}}
    leads = {
        "history": {"roc_auc": {**score(0.1), "resolvable": 0.01, "verdict": "better"}},
        "logistic": {"roc_auc": {**score(0.2), "verdict": "not distinguishable"}},
    }
    disk = {"trusted": "yes", "n": 40, "roc_auc": score(0.9), "baselines": baselines, "differences": leads}
    results = {"disk": disk, "region": {"absent": "off"}}
    variants = {"a": results, "again": results, "leaking": {**results, "disk": {**disk, "trusted": "no"}}}
    variants["few"] = {**results, "disk": {**disk, "trusted": "insufficient"}}
    variants["a-2020"] = {**results, "disk": {**disk, "n": 41}}
    content = {"variants": {name: {"metrics": metrics} for name, metrics in variants.items()}}
    for profile in published_tables.OVERVIEW:
        (published_results.RESULTS / f"{profile}.json").write_text(json.dumps(content))
    for task, metrics in results.items():
        (project / f"{task}.json").write_text(json.dumps(metrics))
    cells = "| disk | 40 | 0.90 [0.88, 0.91] | history 0.80 [0.78, 0.81] | 0.10 [0.08, 0.11] |"
    expected = [f"| default, chronological {cells} better | one |"]
    for profile in published_tables.OVERVIEW:
        expected += [f"| {profile}, a {cells} better | one |", f"| {profile}, leaking {cells} not trusted | one |"]
    assert published_tables.overview(project).splitlines()[2:] == expected


def test_the_overview_allows_for_seeds_where_they_were_measured(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_tables, "OVERVIEW", ())
    published_results.RESULTS.mkdir(parents=True)
    lead = {**score(0.1), "resolvable": 0.01, "verdict": "better"}
    baselines, leads = {"history": {"roc_auc": score(0.8)}}, {"history": {"roc_auc": lead}}
    disk = {"trusted": "yes", "n": 40, "roc_auc": score(0.9), "baselines": baselines, "differences": leads}
    for task, metrics in {"disk": disk, "region": {"absent": "off"}}.items():
        (project / f"{task}.json").write_text(json.dumps(metrics))
    each = {"seed-1": 0.85, "seed-2": 0.9, "seed-3": 0.95}
    measured = {name: {"metrics": {"disk": {"roc_auc": {"value": value}}}} for name, value in each.items()}
    content = {"variants": measured, "parameters": params.dotted(params.read_yaml(Path("params.yaml")))}
    (published_results.RESULTS / "seeds.json").write_text(json.dumps(content))
    # t of 95 % with 2 degrees of freedom is 4.303, the deviation 0.05
    assert published_tables.overview(project).endswith("| 0.10 [-0.12, 0.32] | not distinguishable | 3 |")


def test_the_excerpt_holds_at_most_each_task_s_network_and_two_best_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    heading, _, *rows = published_pages.excerpt().splitlines()
    assert heading.startswith("forecast ")
    assert {row for row in rows if len(row.split()) == 1} <= set(TASKS)
    assert len(rows) <= 4 * len(TASKS)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.stem
)
def test_a_page_is_in_step_with_the_committed_results(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for name in TASKS:
        # A run on another machine changes metrics/ by its last digits, and not what the page says of the commit.
        committed = subprocess.run(
            ["git", "show", f"HEAD:metrics/details/{name}.json"], capture_output=True, check=True
        )
        (tmp_path / f"{name}.json").write_bytes(committed.stdout)
    text = page.read_text()
    assert published_pages.with_tables(text, tmp_path) == text, "write the tables with `solarflare results`"
