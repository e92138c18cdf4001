"""The origin `archive`: imports a folder of images and tables that the user has.

`scrape` imports the folder; `schema` has the form of the parameters. May import `core`, `sun` and `sources.common`.
"""
