"""Check that each score of this run lies within the interval of the committed score.

Bits may differ between machines (threads, vector instructions), scores may not.
"""

import json
import subprocess
import sys
from pathlib import Path


def committed(path: str) -> dict:
    """Return the content of a metrics file in the last commit."""
    return json.loads(subprocess.run(["git", "show", f"HEAD:{path}"], capture_output=True, check=True).stdout)


def outside(path: str) -> list[str]:
    """Return a sentence for each score of this run that lies outside the committed interval."""
    before, after = committed(path), json.loads(Path(path).read_text())
    return [
        f"{path}: {name} is {after[name]['value']}, committed were {value['low']} to {value['high']}"
        for name, value in before.items()
        if isinstance(value, dict)
        and {"value", "low", "high"} <= value.keys()
        and value["low"] is not None  # fewer than five blocks have no interval
        and not value["low"] <= after[name]["value"] <= value["high"]
    ]


def main() -> None:
    """Print each score outside of its interval; exit with 1 if there is one."""
    sentences = [sentence for task in ("disk", "region") for sentence in outside(f"metrics/{task}.json")]
    print("\n".join(sentences) or "all scores lie within the committed intervals")
    sys.exit(1 if sentences else 0)


if __name__ == "__main__":
    main()
