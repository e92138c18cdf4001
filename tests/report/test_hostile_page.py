"""Text of strangers on the page: names, reasons and parameters are text there, and never HTML."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from lxml import html

from solarflare.core import paths, tables
from solarflare.report.page import page
from tests.report.test_page import project as project
from tests.verification.test_evaluate import small_and_fast

__all__ = ["project"]

HOSTILE = "\"'><script>alert(1)</script></style></title><img src=x onerror=alert(1)>{{ 7 * 7 }}&lt;b&gt;\x1b[31m"
COVERAGE, LABELS, DETAILS, AUDIT = paths.RAW_COVERAGE, paths.LABELS / "region.csv", "region.json", "audit.json"


def change_json(name: str, change: Callable[[dict[str, Any]], object]) -> None:
    path = paths.DETAILS / name
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def change_csv(path: Path, column: str) -> None:
    """Put the text into the last cell of a column."""
    df = pd.read_csv(path, dtype=str, keep_default_na=False)
    df.loc[len(df) - 1, column] = HOSTILE
    df.to_csv(path, index=False)


def unlabel() -> None:
    rows = tables.read(LABELS, tables.REGION_LABELS)
    rows.loc[0, "label"], rows.loc[0, "reason"] = pd.NA, HOSTILE
    tables.write(rows, LABELS, tables.REGION_LABELS)


def rename_a_probe(audit: dict[str, Any]) -> None:
    probes = audit["region"]["probes"]
    probes[HOSTILE] = probes["time_of_day"] | {"question": HOSTILE}


def add_a_part(scores: dict[str, Any]) -> None:
    # Names of parts are drawn, too. The pipeline makes them, without control characters.
    scores["slices"][f"year_{HOSTILE.replace(chr(27), '')}"] = scores["slices"]["year_2014"] | {"n": 1}


CHANGES: dict[str, Callable[[], object]] = {
    "the name of a list": lambda: change_csv(COVERAGE, "list"),
    "the reason of a gap": lambda: change_csv(COVERAGE, "reason"),
    "the reason of no label": unlabel,
    "a region in the gallery": lambda: change_csv(paths.REPORTS / "region/gallery/index.csv", "noaa_ar"),
    "a probe": lambda: change_json(AUDIT, rename_a_probe),
    "an audit that is absent": lambda: change_json(AUDIT, lambda audit: audit.update(region={"absent": HOSTILE})),
    "a task that is absent": lambda: (paths.DETAILS / "disk.json").write_text(json.dumps({"absent": HOSTILE})),
    "a baseline that is absent": lambda: change_json(
        DETAILS, lambda scores: scores["baselines"].update({HOSTILE: {"absent": HOSTILE}})
    ),
    "scores that are not trusted": lambda: change_json(
        DETAILS, lambda scores: scores.update(trusted="no", trusted_reason=HOSTILE)
    ),
    "scores that are insufficient": lambda: change_json(
        DETAILS, lambda scores: scores.update(trusted="insufficient", trusted_reason=HOSTILE)
    ),
    "a part of the rows": lambda: change_json(DETAILS, add_a_part),
    "a parameter": lambda: paths.PARAMS.write_text(
        paths.PARAMS.read_text() + yaml.safe_dump({"more": {HOSTILE: HOSTILE, "list": [HOSTILE]}})
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_text_of_a_file_is_only_text(project: Path, what: str) -> None:
    page.write(small_and_fast())
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    elements = kinds(before[project / paths.PAGE])
    try:
        CHANGES[what]()
        page.write(small_and_fast())
        written = (project / paths.PAGE).read_bytes()
    finally:
        for path, content in before.items():
            path.write_bytes(content)
    assert "script" not in kinds(written)
    assert kinds(written)["style"] == elements["style"]
    assert kinds(written)["title"] == elements["title"]
    root = html.fromstring(written)
    assert not root.xpath("//*[@onerror] | //img[not(starts-with(@src, 'data:'))]")
    assert "alert(1)" in root.text_content() + " ".join(root.xpath("//@alt | //@aria-label"))
    assert "{{ 7 * 7 }}" in root.text_content() + " ".join(root.xpath("//@alt | //@aria-label"))


def kinds(content: bytes) -> dict[str, int]:
    """Return how many elements of each kind a page has."""
    return Counter(str(element.tag) for element in html.fromstring(content).iter())
