"""The pipeline's stages, a page each; run as ``python -m stages.<name>``."""

import sys

from solarflare.core.console import exit_on_interrupt

if sys.argv[0] == "-m":  # so called while Python looks for the stage to run: the stage's own imports come next
    exit_on_interrupt()
