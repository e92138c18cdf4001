"""From labels and raw images to the samples that a network learns from.

May import: `core`, `sun`.
Start with `splits.splits` (training, validation and test) and `crops.cutter` (what a network sees).
"""
