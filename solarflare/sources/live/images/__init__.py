"""One module per archive of images. It finds the images around a time and registers with `@image_archive`.

`cutouts` is different: it fetches LMSAL's thumbnails of events, which the pipeline does not use. May import `core`,
`sun`, `sources.common`, `live.http` and `live.source`. Start with `gsfc`.
"""
