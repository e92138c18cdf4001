"""Draw figures and the page from what the audit and the evaluation wrote: ``reports/``. Log the runs to MLflow."""

from solarflare.core import params
from solarflare.core.console import run
from solarflare.core.tasks import TASKS
from solarflare.report import task_figures
from solarflare.report.page import page
from solarflare.report.schema import ReportParams
from solarflare.tracking.mlflow.log_evaluation import log_evaluation


def main() -> None:
    chosen = params.load(ReportParams)
    for task in TASKS:
        task_figures.draw(task, chosen)
    task_figures.draw_audit(chosen.audit.max_probe_auc)
    page.write(chosen)
    log_evaluation(*TASKS)


if __name__ == "__main__":
    run(main)
