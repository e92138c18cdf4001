"""The rows, labels and weights of each fold, and what a network learns from besides the labels.

May import: `core`, `sun`, `dataset/shards`.
Start with `samples`; `teacher` and `region_maps` are optional targets of the training.
"""
