"""The review of a change: parameters, data and scores before and after it, as one page of Markdown with figures.

Start at `review.write`. `revisions` reads both states, `score_changes` compares their scores.
"""
