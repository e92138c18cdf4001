"""The figures of the audit: ``reports/audit/<task>.png``."""

import pandas as pd

from solarflare.core.files import atomic_directory
from solarflare.core.paths import AUDIT_FIGURES
from solarflare.core.tasks import TASKS
from solarflare.report import figures


def draw(limit: float) -> None:
    """Draw, for each task that was audited, what the probes scored.

    Parameters
    ----------
    limit : float
        ``audit.max_probe_auc``: the ROC-AUC that a leak passes.
    """
    with atomic_directory(AUDIT_FIGURES) as partial:
        for task in TASKS:
            if task.audit_plot.is_file():
                scores = pd.read_csv(task.audit_plot)
                figure = figures.probes(scores, limit, f"What tells the label of {task}?")
                figures.save(figure, partial / f"{task}.png")
