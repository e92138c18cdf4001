"""The page ``reports/index.html``: `page` fills the template, and `sections` collects what the page shows of a task.

Start with `page.write`, and read the template `page.html.j2` next to it. This room imports from the same rooms as
`report`.
"""
