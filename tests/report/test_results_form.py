"""A broken file of scores is one sentence that names the file and the key."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from solarflare.core.errors import InputError
from solarflare.report import results_form, summary

DETAILS = Path(__file__).parents[2] / "metrics/details"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("roc_auc", {"value": 2.0, "low": 0.8, "high": 0.9}, "roc_auc.value: expected less than or equal to 1"),
        ("roc_auc", None, "roc_auc: expected keys with values"),
        ("roc_auc", {"value": 10**400, "low": 0.8, "high": 0.9}, "roc_auc.value: expected"),
        ("tss", {"value": -2.0, "low": None, "high": None}, "tss.value: expected greater than or equal to -1"),
        ("brier", {"value": 1.5, "low": None, "high": None}, "brier.value: expected less than or equal to 1"),
        ("differences", {}, "is missing"),
    ],
)
def test_a_summary_names_the_file_and_the_key(key: str, value: Any, words: str, tmp_path: Path) -> None:
    shutil.copytree(DETAILS, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "disk.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(InputError) as caught:
        summary.render(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_a_score_without_its_value_or_an_end_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    text = (DETAILS / "region.json").read_text()
    places = [match.start() for key in ("value", "low", "high") for match in re.finditer(f'"{key}":', text)]
    assert len(places) > 100
    for place in places[::25]:
        (tmp_path / "region.json").write_text(f'{text[:place]}"x{text[place + 2 :]}')
        with pytest.raises(InputError, match=r"region\.json: .*value"):
            results_form.read_evaluation(tmp_path / "region.json")
