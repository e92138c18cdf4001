"""The page ``reports/index.html``. Start at `page.write`; `sections` has what it shows of a task."""
