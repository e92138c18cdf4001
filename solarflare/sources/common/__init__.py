"""Code that several origins share.

`filenames` reads the time in an image's name. `event_tables` reads and merges tables of flares and regions. `coverage`
infers where a list is complete. `matching` chooses the times of the images. `left_out` reports unused images.
May import `core` and `sun`. Start with `matching`.
"""
