"""The pipeline's stages, one page each. Run one with ``python -m stages.<name>``."""

import sys

from solarflare.core.console import exit_on_interrupt

if sys.argv[0] == "-m":  # Python is still looking for the stage to run; the stage's imports come next
    exit_on_interrupt()
