"""Cutting of images: the full disk, or a square around each active region.

May import: `core`, `sun/images`, `dataset/shards`.
Start with `cutter`, which cuts one image; `job` cuts all of them.
"""
