"""Archives of images, one module each: it finds the frames around a time and registers itself with `@image_archive`.

`cutouts` fetches LMSAL's thumbnails of events, which are no part of the pipeline. May import `core`, `sun`,
`sources.common`, `live.http` and `live.source`. Start with `gsfc`.
"""
