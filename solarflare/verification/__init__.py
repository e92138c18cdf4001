"""Measures how good the forecasts are, how certain the scores are, and whether anything but the Sun explains them.

May import: `core`, `sun`, `dataset`; `evaluation` also `networks`.
Start with `scores.scores` (TSS, ROC-AUC and other scores), `audit.audit` (leakage) and `evaluation.evaluate`.
"""
