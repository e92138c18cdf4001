"""The copy of the page that MLflow keeps with a run. It says which run it is of; the page itself has no date."""

import datetime as dt
import re
from typing import Any

from markupsafe import Markup

PLACE = "<!-- run -->"
"""Where the template of the page has room for a line."""

TO_FILES = re.compile(r'<a href="\.\./[^"]*">(.*?)</a>')
"""A link from the page to a file of the repository. The copy has no such files beside it."""


def of_run(page: str, run: Any) -> str:
    """Return the page with the date and the commit of a run, and with the names of files in place of links to them.

    Parameters
    ----------
    page : str
        The content of ``reports/index.html``.
    run : mlflow.entities.Run
        The run that the copy is attached to.
    """
    tags = run.data.tags
    start = dt.datetime.fromtimestamp(run.info.start_time / 1000, dt.UTC)
    changed = " with changes that were not committed" if tags.get("dirty") == "true" else ""
    line = Markup('<p class="note">Run #{} of {}, {:%Y-%m-%d %H:%M} UTC, commit {}{}.</p>').format(
        tags.get("number", ""), tags.get("question", ""), start, tags.get("commit", "unknown"), changed
    )
    return TO_FILES.sub(r"\1", page.replace(PLACE, line, 1))
