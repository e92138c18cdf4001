"""The libraries use the same instructions on every x86-64 processor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from solarflare.core.processor import PINNED

ROOT = Path(__file__).resolve().parents[2]


def run(program: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in PINNED}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_numpy_uses_no_instructions_beyond_avx2() -> None:
    program = "import solarflare\nfrom numpy._core._multiarray_umath import __cpu_features__ as has\n"
    program += "print(*[name for name in ('X86_V4', 'AVX512_ICL', 'AVX512_SPR') if has.get(name)])"
    assert run(program) == ""


def test_every_level_that_numpy_dispatches_to_beyond_avx2_is_switched_off() -> None:
    dispatched = run("from numpy._core._multiarray_umath import __cpu_dispatch__\nprint(*__cpu_dispatch__)").split()
    assert set(dispatched) - {"X86_V3"} == set(PINNED["NPY_DISABLE_CPU_FEATURES"].split())


def test_blas_uses_the_pinned_kernels_and_one_thread() -> None:
    program = "import solarflare, numpy, scipy.linalg, threadpoolctl\n"
    program += "print({(each['architecture'], each['num_threads']) for each in threadpoolctl.threadpool_info()})"
    assert run(program) == "{('Haswell', 1)}"


@pytest.mark.parametrize("stage", ["scrape", "crop", "audit", "train_disk", "evaluate", "report"])
def test_a_stage_pins_the_processor_before_it_imports_numpy(stage: str) -> None:
    program = "import os, sys\nclass Watch:\n    def find_spec(self, name, path, target=None):\n"
    program += "        if name in ('numpy', 'tensorflow'): print(name, os.environ.get('OPENBLAS_CORETYPE'))\n"
    program += f"sys.meta_path.insert(0, Watch())\nsys.argv[0] = '-m'\nimport stages.{stage}"
    assert {line.split()[1] for line in run(program).splitlines()} == {"Haswell"}
