"""A stage whose DVC was killed before the stage began."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from solarflare.core.console import INTERRUPTED

PROGRAM = """
import os, sys, time

while os.getppid() == int(sys.argv[1]):
    time.sleep(0.01)
from solarflare.core.console import exit_on_interrupt
exit_on_interrupt()
print("goes on")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize(("variables", "said"), [({"DVC_ROOT": "."}, INTERRUPTED), ({}, "goes on")])
def test_a_stage_ends_whose_dvc_was_killed_before_it_began(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    """Without DVC, as after `nohup`, it goes on."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    inherited = {name: value for name, value in os.environ.items() if name != "DVC_ROOT"}
    done = subprocess.run(
        ["sh", "-c", '"$0" "$1" $$ &', sys.executable, str(program)],
        env=inherited | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert done.stdout.splitlines() == [said]
