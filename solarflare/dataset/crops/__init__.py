"""Cutting of images: the full disk, or a square around each active region.

May import: `core`, `sun/images`, `dataset/shards`.
Start with `cutter`: it cuts one image, and decides where each crop is and how wide. `job` cuts all images that
`cache` does not know from an earlier run.
"""
