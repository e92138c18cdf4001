"""The origin `archive`: a folder of images and tables that the user has. May import `core`, `sun`, `sources.common`.

`scrape` is the only module.
"""
