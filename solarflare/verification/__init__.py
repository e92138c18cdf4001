"""How good a model is, how certain that is, and whether it cheats."""
