"""Where images and lists come from, all in the form of the raw contract (`core.tables`).

One folder per origin: `simulated` makes a Sun, `archive` imports a folder, `live` asks the observatories; `common` is
shared by them. An origin may import `core`, `sun` and `common`, never another origin. Start with an origin's `scrape`.
"""
