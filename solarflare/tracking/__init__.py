"""Everything MLflow: a run for each state of the pipeline, with its stages as children, found again by what went in.

MLflow is a by-product. Stages write their outputs first, and all that is logged is read back from these outputs, so a
result that DVC restored from its cache is logged in the same way, without TensorFlow.
"""
