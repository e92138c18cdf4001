"""The origin `simulated`: active regions, flares, magnetograms and EUV images of a Sun whose truth is known.

Start with `scrape`, which calls the other modules in order. `region_evolution` and `flare_process` hold the physics.
May import `core`, `sun` and `sources.common`.
"""
