"""Fetching files from the archives: politely, with a cache, over HTTP, FTP or a browser.

Start with `fetch`: it asks for a file. `addresses` says which addresses are allowed, `pacing` when a request may start,
`transport` sends it, `cache` keeps the answer. May import `core` only.
"""
