"""Figures, the table at the end of a run, and the page. All scores come from files that stages wrote.

Start with `task_figures`, which draws the figures of a task. `figures` holds each kind of figure. `gallery` draws maps
of what answers rest on, `summary` makes the final table, and `page` is the room of the page ``reports/index.html``.
This room imports from `core`, `sun`, `dataset`, `networks` (only the form of its parameters) and `verification`.
"""
