"""The origins of images and lists. Each origin writes the raw contract (`core.tables`).

One folder per origin: `simulated` makes a Sun, `archive` imports a folder, `live` asks the observatories. The origins
share `common`. An origin may import `core`, `sun` and `common`, never another origin. Start with an origin's `scrape`.
"""
