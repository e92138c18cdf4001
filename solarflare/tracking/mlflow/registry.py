"""The registered model of each task, and its champion: the best trusted version."""

from typing import Any

from solarflare.core.tasks import Task
from solarflare.tracking.markdown import LONGEST_REASON, code
from solarflare.tracking.mlflow import model
from solarflare.tracking.mlflow.experiments import MODELS, QUESTIONS
from solarflare.tracking.mlflow.run_comparison import RunComparison
from solarflare.verification.scores.trust import Trust

CHAMPION = "champion"


def champion(mlflow: Any, task: Task) -> Any | None:
    """Return the champion: a version of the task's model, or None if there is no champion."""
    client = mlflow.MlflowClient()
    models = client.search_registered_models(f"name = '{MODELS[task]}'")
    if not models or CHAMPION not in models[0].aliases:
        return None
    return client.get_model_version_by_alias(MODELS[task], CHAMPION)


def register(
    mlflow: Any, task: Task, run_id: str, trust: Trust, leading: Any | None, against: RunComparison | None
) -> None:
    """Register the model of a run, and make it the champion if it is trusted and better than the present champion.

    A registered model is not registered twice. `trust` is the verdict on its scores. If it is not
    ``yes``, the model is no champion. `leading` is the present champion. `against` is the comparison with the
    champion's run, if that is another run. The
    champion loses its alias if this run is another evaluation of it and not trusted, or insufficient.
    """
    client, name = mlflow.MlflowClient(), MODELS[task]
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=QUESTIONS[task])
    versions = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    if versions:
        version = versions[0]
    else:
        model_id = model.logged(mlflow, run_id)
        version = client.create_model_version(name, f"models:/{model_id}", run_id, model_id=model_id)
    is_leading = leading is not None and leading.run_id == run_id
    if not trust and (is_leading or (against is not None and against.same_training)):
        client.delete_registered_model_alias(name, CHAMPION)
    if is_leading:
        return
    wins = bool(trust) and (leading is None or (against is not None and against.verdict == "better"))
    if wins:
        client.set_registered_model_alias(name, CHAMPION, version.version)
    client.update_model_version(name, version.version, _description(trust, against, wins))


def _description(trust: Trust, against: RunComparison | None, wins: bool) -> str:
    """Return the description of a version: how it compared with the champion when it was scored."""
    if not trust:
        return f"Not the champion: its scores are **{trust.words}**: {code(trust.reason, LONGEST_REASON)}."
    if against is None:
        return "Became the champion: the first version that is trusted."
    if against.same_training:
        return f"The champion stayed: this version is the same network as that of [{against.name}]({against.link})."
    became = "Became the champion" if wins else "The champion stayed"
    return f"{became}: against [{against.name}]({against.link}), this version is **{against.verdict}**."
