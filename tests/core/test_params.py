"""A wrong parameter is one sentence: the file, the key, what was given, what is allowed."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides
from pydantic import ValidationError

from solarflare.core import params, paths
from solarflare.core.errors import InputError
from solarflare.core.tasks import Task
from tests import parameters


def changed(tmp_path: Path, key: str, value: Any) -> Path:
    """Write the parameters with one key changed."""
    content = params.read_yaml(parameters.FIXED)
    *groups, last = key.split(".")
    group = content
    for name in groups:
        group = group[name]
    group[last] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_the_projects_parameters_are_read_and_frozen() -> None:
    loaded = parameters.load()
    assert loaded.train(Task.DISK) is loaded.train_disk
    with pytest.raises(ValidationError, match="frozen"):
        loaded.train_disk.epochs = 3  # type: ignore[misc]


AFTER = r"key scrape\.{}\.end is '2001-01-01'; expected a date after the start, "


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("train_disk.epochs", "many", r"key train_disk\.epochs is 'many'; expected a valid integer"),
        ("train_disk.epochs", "3", r"key train_disk\.epochs is '3'; expected a valid integer"),
        ("train_disk.augment", 1, r"key train_disk\.augment is 1; expected a valid boolean"),
        ("train_disk.epochs", 0, r"key train_disk\.epochs is 0; expected greater than or equal to 1"),
        ("train_disk.epocs", 3, r"key train_disk\.epocs is not known \(did you mean epochs\?\); allowed here: "),
        ("label.disk.min_class", "Z9", r"key label\.disk\.min_class is 'Z9'; expected a GOES class such as C1\.0"),
        ("label.region.min_class", "C57", r"key label\.region\.min_class is 'C57'; .* C or M is at most 10"),
        ("label.region.min_class", "C1.25", r"key label\.region\.min_class is 'C1\.25'; .* one decimal or none"),
        ("scrape.origin", "moon", r"key scrape\.origin is 'moon'; expected 'simulated', 'archive' or 'live'"),
        ("scrape.simulated.end", "2001-01-01", rf"{AFTER.format('simulated')}2010-01-01$"),
        ("scrape.live.end", "2001-01-01", rf"{AFTER.format('live')}2019-01-01$"),
        ("scrape.live.flares", [], r"key scrape\.live\.flares is \[\]; expected .*at least 1 item"),
        ("split.random", {"validation": 0.5, "test": 0.5}, r"key split\.random is .* leave something to train on"),
        (
            "compute.scheduler",
            "tcp:me",
            r"key compute\.scheduler is 'tcp:me'; expected processes, threads or tcp://HOST",
        ),
        ("compute.scheduler", "tcp://me:99999", r".* with a port from 1 to 65535$"),
        ("tasks", ["disk", "disk"], r"key tasks is .*; expected each task once$"),
        ("tasks", "disk", r"key tasks is 'disk'; expected a list: each item on a line of its own, after a hyphen$"),
        ("train_disk.seed", 2**32, r"key train_disk\.seed is 4294967296; expected less than or equal to 4000000000$"),
        ("instrument", "gong", r"key instrument is 'gong'; expected these keys below it: disk, region$"),
        ("scrape.live.urls", "x", r"key scrape\.live\.urls is 'x'; expected keys with values below it$"),
        ("split.chronological.test_start", "2014-01-01T00:00:00+02:00", r"key .* is .*; expected a date such as"),
        ("split.chronological.test_start", 0, r"key .* is 0; expected a date such as"),
        ("scrape.simulated.start", "0001-01-01", r"key .* is '0001-01-01'; expected a date .* in 1900 to 2199$"),
        ("compute.device", "tpu", r"key compute\.device is 'tpu'; expected 'cpu' or 'gpu'"),
        ("tasks", [], r"key tasks is \[\]; expected .*at least 1 item"),
        ("tasks", ["moon"], r"key tasks\.0 is 'moon'; expected 'disk' or 'region'"),
        (
            "scrape.live.slower.a",
            {"wait": 1, "delay": 1},
            r"key scrape\.live\.slower\.a\.wait is not known; allowed here: ",
        ),
        ("colour", "red", r"key colour is not known; allowed here: tasks, instrument"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, key: str, value: Any, sentence: str) -> None:
    path = changed(tmp_path, key, value)
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: {sentence}"):
        parameters.load(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    content = params.read_yaml(parameters.FIXED)
    del content["crop"]["region"]["field"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"key crop\.region\.field is missing"):
        parameters.load(tmp_path / "params.yaml")


def test_a_misspelt_key_is_named_and_not_the_missing_one(tmp_path: Path) -> None:
    content = params.read_yaml(parameters.FIXED)
    content["crop"]["region"]["feild"] = content["crop"]["region"].pop("field")
    with pytest.raises(
        InputError, match=r"key crop\.region\.feild is not known \(did you mean field\?\); allowed here"
    ):
        params.check(content, tmp_path)


def test_a_small_number_is_one_as_dvc_writes_it(tmp_path: Path) -> None:
    path = changed(tmp_path, "train_disk.learning_rate", 0.5)
    apply_overrides(path.as_posix(), ["train_disk.learning_rate=1e-6"])
    assert "learning_rate: 1e-06" in path.read_text()
    assert parameters.load(path).train_disk.learning_rate == 1e-6


def another(value: Any) -> str:
    """Return another value of the same kind, as `dvc exp run -S` takes it; a number in place of nothing."""
    if isinstance(value, bool):
        return str(not value).lower()
    return str(value + 1) if isinstance(value, int | float) else "5" if value is None else "another"


@pytest.mark.parametrize(
    "key",
    [
        "scrape.simulated.start",  # in quotes
        "scrape.live.slower.spaceweatherlive.delay",  # in braces
        "train_disk.patience",  # empty
        "train_disk.learning_rate",
        "train_disk.augment",
        "train_region.seed",
    ],
)
def test_a_parameter_that_dvc_sets_changes_its_own_line_alone(tmp_path: Path, key: str) -> None:
    path = tmp_path / "params.yaml"
    shutil.copy(paths.PARAMS, path)
    value = params.dotted(params.read_yaml(path))[key]
    apply_overrides(path.as_posix(), [f"{key}={another(value)}"])
    lines = [paths.PARAMS.read_text().splitlines(), path.read_text().splitlines()]
    remedy = "params.yaml is not in the form that DVC writes: commit the form that `dvc exp run -S` gives it"
    assert sum(before != after for before, after in zip(*lines, strict=True)) == 1, remedy


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("tasks: [disk\nscrape: 1", r"line \d+: this is not YAML"),
        ("- 1", "expected groups of keys, got list"),
        ("start: 2014-02-30", r"a value cannot be read \(day is out of range for month\)"),
        ("n: " + "9" * 5000, r"a value cannot be read \(Exceeds the limit"),
        ("tasks: 0x" + "f" * 5000, r"key tasks is a number of thousands of digits|key tasks"),
        ("a: !!bool x", "a value cannot be read"),
        ("a: " + "[" * 20_000, "expected at most 20 levels"),
        ("\n".join("  " * level + "a:" for level in range(3000)), "line 21: expected at most 20 levels"),
        ("a: &a\n  b: *a", "line 2: .* no alias below an anchor"),
        ("a: &a {k: 1}\nb: &b\n  <<: [*a, *a]\nc:\n  <<: [*b, *b]", "line 3: .* no alias below an anchor"),
        ("a: &a 1\nb: [" + "*a, " * 101 + "]", "100 aliases"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(InputError, match=sentence):
        parameters.load(tmp_path / "params.yaml")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        parameters.load(tmp_path / "params.yaml")
