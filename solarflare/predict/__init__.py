"""What the networks say of any image: is it one that they can answer for, where are its regions, how sure are they.

`images` says which images are asked about, `networks` holds what was trained, `regions` finds where to look,
`predictor` puts them together, `report` and `picture` show the answer, and `now` asks about the Sun of today.
"""
