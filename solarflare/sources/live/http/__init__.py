"""Fetches files from the archives politely: with a pace and a cache, over HTTP, FTP or a browser.

Start with `fetch`, which returns a file. `addresses` checks an address, `pacing` decides when a request may start,
`transport` sends it, `deadlines` ends it if it takes too long, `cache` keeps the answer. May import `core` and
`live.schema`.
"""
