"""The Sun: images of it, events on it, and labels made from both.

May import: `core`.
Start with `labels.labels`, which decides whether an image or a region is 1, 0 or unknown.
"""
