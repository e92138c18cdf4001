"""Flares and active regions: repaired flare tables, questions about them, and what was known before an image.

May import: `core`, `sun/images`.
Start with `questions` (which flares count) and `flares` (the strongest flare in a time window).
"""
