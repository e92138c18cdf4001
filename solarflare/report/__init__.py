"""The page: one file that says how well the questions were answered, and whether to believe it."""
