"""The networks: architectures, training, calibration, and how they are saved. Only this room imports TensorFlow.

May import: `core`, `sun`, `dataset`.
Start with `architectures` (one function per network) and `training` (which trains one network).
"""
