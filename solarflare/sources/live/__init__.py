"""The origin `live`: images and lists from the observatories' sites.

`scrape` is the whole run: `collect` reads the lists, `plan` decides which images are wanted (or `listed`, if a
`manifest` names them), `download` fetches them, `pending` remembers what the network lost. `registry` knows all
sources. `images/` and `lists/` have one module per source; each module registers its source with a decorator of
`source`. `http/` fetches files. `estimate` tells the cost beforehand. May import `core`, `sun` and `sources.common`.
"""
