"""What MLflow shows of each task: its experiment with the table of runs, and the name of its registered model."""

import json
from typing import Any

from solarflare.core.tasks import Task

MODELS: dict[Task, str] = {Task.DISK: "disk-activity", Task.REGION: "region-flare"}  # names in the registry
QUESTIONS: dict[Task, str] = {
    Task.DISK: "**Is the Sun active?** One full-disk image in, one probability out.",
    Task.REGION: "**Is this active region flaring?** One cutout of an active region in, one probability out.",
}
HOW_TO_READ = """\
Each run is a state of the pipeline; its stages are folded below it. Its name says whether it is *better* or *worse*
than the champion, the best network so far, or than the newest run before it with the same test images; where it says
*not distinguishable*, this test set cannot tell the two apart. That is a paired comparison of ROC-AUC over the same
images: `gain` is the difference, from `gain_low` to `gain_high` goes its interval of 95 %, and the difference is real
where the interval leaves out zero. Where the luck of the seed was measured, it is allowed for. A run's description has
all of this for more runs, with what changed.
"""
GAIN = {"value": "gain", "low": "gain_low", "high": "gain_high"}
"""The metrics that hold the difference from the reference run, with its interval."""

TRAINING_MENU = "workflowType=machine_learning"  # ends each address, else MLflow shows its menu for agents
VIEW = "verdicts"
WIDTHS = {
    "attributes.`Run Name`": 340,
    "tags.`verdict`": 150,
    **{f"metrics.`{name}`": 85 for name in (*GAIN.values(), "roc_auc")},
}
"""The columns of the table of runs in a view of that name, with their widths in pixels; by default it shows no score.

The gain is next to the verdict: MLflow opens its assistant on the first page, which leaves room for these two.
"""


def page(experiment: str) -> str:
    """Return where MLflow shows the runs of an experiment, given its id, with their scores."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={VIEW}&{TRAINING_MENU}"


def describe(mlflow: Any, task: Task) -> None:
    """Give an experiment its description and the columns of its table, unless it has them."""
    experiment = mlflow.get_experiment_by_name(task)
    view = {"selectedColumns": [*WIDTHS], "columnOrder": [*WIDTHS], "columnWidths": WIDTHS}
    link = f"[**Runs and verdicts**]({page(experiment.experiment_id)})"
    tags = {
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
        "mlflow.note.content": f"{QUESTIONS[task]} {link}\n\n{HOW_TO_READ}",
    }
    for name, value in tags.items():
        if experiment.tags.get(name) != value:
            mlflow.MlflowClient().set_experiment_tag(experiment.experiment_id, name, value)
