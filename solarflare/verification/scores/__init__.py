"""Scores of probabilistic forecasts, their confidence intervals, and comparisons between models.

May import: `core`.
Start with `scores` (the formulas) and `bootstrap` (the intervals).
"""
