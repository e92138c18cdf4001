"""Labels of full-disk images and active regions.

May import: `core`, `sun/images`, `sun/events`.
Start with `labels`: its docstring lists the rules; `label_regions` decides a region's label.
"""
