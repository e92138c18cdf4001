"""Full-disk images: where the disk is, where a region is on it, which pixels are blanked, how a square is cut.

May import: `core`.
Start with `disk` and `coordinates`; `imaging` works on pixels; `usable` refuses files; `instruments` names the
instruments. `headed_files` reads FITS and JPEG 2000, by `headers` and `brightness`.
"""
