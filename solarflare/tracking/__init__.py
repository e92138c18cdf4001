"""Runs, experiments and reviews: what DVC and MLflow know of the pipeline, and how two of its states compare.

Start at `mlflow.log_evaluation`: it logs the scores of a task to MLflow and compares them with those of earlier runs.

- `mlflow`: the runs in MLflow. Each stage logs there what it has written.
- `review`: a page for a pull request that says what the change did to the scores.
- `dvc_state`: the inputs of each stage, and which stages are out of date. No other module imports DVC.
- `profiles`: runs `profiles/*.yaml` as DVC experiments.
- `plots_page`: the page in which `dvc plots` draws, without a network.
- `published_results`: writes the scores of experiments into `docs/results/`.
- `published_tables`: makes Markdown tables of these scores.
- `published_pages`: writes these tables into `README.md` and `docs/*.md`.

This room may import every room but `predict`. No stage lists it in its deps, because it never changes a stage's output.
"""
