"""The runs in MLflow: one run per evaluation of a training, and one child run per stage.

A training is a combination of code, data and parameters. Its first evaluation goes into the run that it opened.
Start at `log_evaluation`. It logs the training first, with `log_training`, if MLflow does not have it yet. A run is
found again by its inputs (`run_state`). All that is logged is read from the files that the stages wrote. A result that
DVC restored from its cache is therefore logged in the same way, without TensorFlow.

`store` connects to MLflow, and `sqlite_store` holds all SQL. `runs` opens and fills runs. `reference_run` compares a
run with others, and `description` says the result in words. `registry` registers the models.
"""
