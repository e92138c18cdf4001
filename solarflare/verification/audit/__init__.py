"""The leakage audit: tests whether something other than the Sun predicts the labels.

May import: `core`, `sun`, `dataset`, `verification/scores`.
Start with `audit`; `probes` lists what is tested.
"""
