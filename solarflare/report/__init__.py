"""Figures, the table at the end of a run, and the page; nothing is computed here that a stage has not written.

It imports from `core`, `sun`, `dataset`, `networks` (the form of its parameters only) and `verification`. Start with
`task_figures`, which draws the figures of a task. `figures` holds each kind of figure, `summary` the final table.
"""
