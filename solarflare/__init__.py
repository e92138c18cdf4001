"""Machine learning on images of the Sun, with scores that are audited for shortcuts.

Each folder is a room: core, sun, sources, dataset, networks, verification, report, tracking, predict. A room imports
only from itself and the rooms before it. Start at `dvc.yaml` and `stages/` for the pipeline, at `cli` for the commands.
"""

from solarflare.core.processor import pin

pin()  # before any module imports NumPy or TensorFlow
