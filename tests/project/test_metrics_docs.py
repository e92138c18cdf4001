"""docs/metrics.md describes whatever the metrics hold."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.import_graph import ROOT

TEXT = (ROOT / "docs/metrics.md").read_text()
NAMED = (
    "disk",
    "region",
    "probes",
    "baselines",
    "combinations",
    "confounders",
    "slices",
    "drift",
    "differences",
)  # what they hold is called by its own name


def keys(content: dict[str, Any], group: str = "") -> Iterator[str]:
    for name, value in content.items():
        if group not in NAMED and name not in ("disk", "region") and not name.startswith("fold-"):
            yield name
        if isinstance(value, dict):
            yield from keys(value, name)


@pytest.mark.parametrize("file", ["disk", "audit", "data", "details/disk", "details/region", "details/audit"])
def test_every_key_of_the_metrics_is_described(file: str) -> None:
    content = json.loads((ROOT / f"metrics/{file}.json").read_text())
    assert not {name for name in keys(content) if not re.search(rf"`{re.escape(name)}`", TEXT)}
