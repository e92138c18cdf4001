"""The page of a review: first the verdicts, then the tables behind them, then the figures."""

from solarflare.tracking.review import result_tables
from solarflare.tracking.review.verdicts import Review, explained, headline, seeds, trust
from solarflare.verification.scores.score_table import Table

MARK = "<!-- solarflare review -->"
"""The first line of the page. A new review finds the comment of an earlier review by it, and replaces it."""

FIGURES = "<!-- figures -->"
"""A comment on a pull request ends here, because the rest of the page needs the folder of figures."""


def render(review: Review) -> str:
    """Return the page in Markdown."""
    if not review.changed:
        code = [f"{len(review.code)} files of code did."] if review.code else []
        unchanged = f"Nothing changed in parameters and results since {review.base}."
        return f"{MARK}\n{' '.join([unchanged, *code, *trust(review)])}\n"
    verdicts = "\n".join(line for comparison in review.comparisons for line in explained(comparison))
    parts = [
        f"{MARK}\n# {headline(review)}",
        *trust(review),
        f"Before is {review.base}, after is this change.",
        verdicts,
        *map(seeds, review.comparisons),
        *(section(review) for section in result_tables.SECTIONS),
        _figures(review),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _figures(review: Review) -> str:
    parts = [f"{FIGURES}\n## Figures"] if review.figures else []
    for heading, paths in review.figures:
        images = [f"![{heading}]({path})" for path in paths]
        parts.append(images[0] if len(images) == 1 else Table((f"{heading}, before", "after"), [images]).markdown())
    return "\n\n".join(parts)
