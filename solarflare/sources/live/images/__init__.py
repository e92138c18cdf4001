"""Archives of images: one module per archive, and what they share.

An archive finds the frames around a time and registers itself with `@image_archive` of `live.source`; `frames` holds
what a frame is. `cutouts` fetches LMSAL's thumbnails of events, which are no part of the pipeline. May import `core`,
`sun`, `sources.common`, `live.http` and `live.source`. Start with `gsfc`.
"""
