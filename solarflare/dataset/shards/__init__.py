"""The files of crops: one array per month, and an index.

May import: `core`.
Start with `reader`.
"""
