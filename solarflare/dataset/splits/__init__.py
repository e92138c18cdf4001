"""The division of labelled rows into training, validation and test.

May import: `core`.
Start with `splits.split`.
"""
