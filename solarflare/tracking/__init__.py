"""Runs, experiments and reviews: what DVC and MLflow keep of the pipeline, and how states of it compare.

- `mlflow`: the runs in MLflow. Stages log to it what they have written; start at `mlflow.log_evaluation`.
- `review`: what a change did to the scores, for a pull request; start at `review.review`.
- `dvc_state`: the inputs of stages, and which are out of date. All use of DVC's Python packages is there.
- `profiles`: `profiles/*.yaml` run as DVC experiments.
- `published_results`: the scores in `docs/results/`; `published_tables`: the tables made of them.

May import every room but `predict`. It is in no stage's deps, because it never changes an output of a stage.
"""
