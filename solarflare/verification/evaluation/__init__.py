"""The evaluation on the test rows: forecasts, baselines, and explanations of the networks' answers.

May import: `core`, `sun`, `dataset`, `networks` and the other folders of `verification`.
Start with `evaluate`.
"""
