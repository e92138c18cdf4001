"""Measurements of speed and of behaviour, a module each. Run one with ``python -m benchmarks.<room>.<name>``."""

import solarflare  # noqa: F401 - it pins the processor's instructions before a benchmark imports NumPy
