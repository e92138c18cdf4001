"""What MLflow shows for each task: the experiment with its table of runs, and the name of the registered model."""

import json
from typing import Any

from solarflare.core.tasks import Task

MODELS: dict[Task, str] = {Task.DISK: "disk-activity", Task.REGION: "region-flare"}  # names in the registry
QUESTIONS: dict[Task, str] = {  # without Markdown: MLflow's lists show descriptions raw
    Task.DISK: "Is the Sun active? One full-disk image in, one probability out.",
    Task.REGION: "Is this active region flaring? One cutout of an active region in, one probability out.",
}
HOW_TO_READ = """\
Each run is a state of the pipeline. Its stages are folded below it. The name of a run says whether it is better or
worse than the champion, the best network so far, or else than the newest earlier run with the same test images. If
it says "not distinguishable", this test set cannot tell the two apart. The verdict comes from a paired comparison of
ROC-AUC over the same images: "gain" is the difference, and its interval of 95 % goes from "gain_low" to "gain_high".
The difference is real if the interval does not contain zero. It includes the noise of seeds if that was measured.
The description of a run compares it with more runs, and says what changed.
"""
GAIN = {"value": "gain", "low": "gain_low", "high": "gain_high"}
"""Names of the metrics for the difference from the reference run and for the ends of its interval."""
FIRST = ("roc_auc", "accuracy", "tss", "brier_skill", "lead")
"""The scores that are shown first, in this order."""
LEAD = {"value": "lead", "low": "lead_low", "high": "lead_high"}
"""Names of the metrics for the lead in ROC-AUC over the best baseline and for the ends of its interval."""

TRAINING_MENU = "workflowType=machine_learning"  # the end of each address. Without it MLflow shows its menu for agents.
RUNS = "Runs and verdicts"  # the link to that address in an experiment's description
VIEW = "verdicts"
WIDTHS = {
    "attributes.`Run Name`": 290,
    "tags.`verdict`": 130,
    **{f"metrics.`{name}`": 85 for name in (*FIRST, *GAIN.values())},
}
"""Columns of the table of runs in the view `VIEW`, with widths in pixels. MLflow's own view shows no score.

The first columns are narrow, because on the first visit MLflow's assistant covers a quarter of the page.
"""


def page_address(experiment: str) -> str:
    """Return the address at which MLflow shows the runs of an experiment with their scores. `experiment` is its id."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={VIEW}&{TRAINING_MENU}"


def describe(mlflow: Any, task: Task) -> None:
    """Give the experiment of a task its description and the columns of its table, unless it has them."""
    experiment = mlflow.get_experiment_by_name(task)
    view = {"selectedColumns": [*WIDTHS], "columnOrder": [*WIDTHS], "columnWidths": WIDTHS}
    # The address is at the end, so that the raw text in MLflow's list of experiments can be read, too.
    address = f"[{RUNS}]: {page_address(experiment.experiment_id)}"
    tags = {
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.note.content": f"{QUESTIONS[task]} [{RUNS}]\n\n{HOW_TO_READ}\n{address}\n",
    }
    for name, value in tags.items():
        if experiment.tags.get(name) != value:
            mlflow.MlflowClient().set_experiment_tag(experiment.experiment_id, name, value)
