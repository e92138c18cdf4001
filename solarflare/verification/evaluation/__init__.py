"""Scores networks on test rows, explains their answers, and holds the permutation test.

Start with `evaluate`.
"""
