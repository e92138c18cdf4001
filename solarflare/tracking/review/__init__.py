"""The review of a change: a page of Markdown with figures that compares the results before and after the change.

Start at `review.write`. `revisions` reads both states, and `score_changes` compares their scores. `verdicts` says the
result in sentences. `result_tables` and `change_figures` hold the tables and figures, and `page` puts all together.
"""
