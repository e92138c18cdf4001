"""Lists of flares and regions: one module per source, and what they share.

A source reads the reports of a span: `periods` loops over days or years. It parses each report: `fields` reads single
cells, and `report` holds the rows and the time that they cover. It registers itself with `@flare_list` or
`@region_list` of `live.source`. `merge` makes one list of several. May import `core`, `sun`, `sources.common`,
`live.http` and `live.source`. Start with `srs`, the shortest source.
"""
