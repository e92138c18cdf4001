"""Makes the samples that a network learns from, from labels and raw images.

May import: `core`, `sun`.
Start with `splits.splits` (training, validation and test) and `crops.cutter` (what a network sees).
"""
