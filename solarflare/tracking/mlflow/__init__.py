"""The runs in MLflow: one for each state of the pipeline up to a training, with its stages as children.

A run is found again by its inputs (`run_state`). All that is logged is read from the outputs of the stages, so that a
result that DVC restored from its cache is logged in the same way, without TensorFlow.

Start at `log_training` and `log_evaluation`. `store` connects to MLflow, `sqlite_store` holds all SQL, `runs` opens and
fills runs, `reference_run` and `description` compare a run with others, `registry` holds the registered models.
"""
