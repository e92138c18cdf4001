"""The page ``reports/index.html``: `page` fills the template, `sections` collects what it shows of a task.

It imports from the same rooms as `report`. Start with `page.write` and read `page.html.j2` beside it.
"""
