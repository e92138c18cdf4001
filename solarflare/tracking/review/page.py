"""The page of a review: the verdicts first, then the tables behind them, then figures."""

from solarflare.tracking.review import result_tables
from solarflare.tracking.review.verdicts import Review, explained, headline, seeds, trust
from solarflare.verification.scores.score_table import Table

MARK = "<!-- solarflare review -->"
"""By which the comment of an earlier review is found, to be replaced."""

FIGURES = "<!-- figures -->"
"""What follows it needs the folder of figures: a comment ends here."""


def render(review: Review) -> str:
    """Return the page in Markdown."""
    if not review.changed:
        code = f" {len(review.code)} files of code did." if review.code else ""
        nothing = f"Nothing changed in parameters and results since {review.base}.{code}"
        return f"{MARK}\n{' '.join([nothing, *trust(review)])}\n"
    verdicts = "\n".join(line for comparison in review.comparisons for line in explained(comparison))
    parts = [
        f"{MARK}\n# {headline(review)}",
        *trust(review),
        f"Before is {review.base}, after is this change.",
        verdicts,
        *map(seeds, review.comparisons),
        result_tables.scores(review),
        result_tables.parameters(review),
        result_tables.audit(review),
        result_tables.cost(review),
        result_tables.data(review),
        result_tables.answers(review),
        result_tables.curves(review),
        _figures(review),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _figures(review: Review) -> str:
    if not review.figures:
        return ""
    parts = [f"{FIGURES}\n## Figures"]
    for heading, paths in review.figures:
        images = [f"![{heading}]({path})" for path in paths]
        parts.append(images[0] if len(images) == 1 else Table((f"{heading}, before", "after"), [images]).markdown())
    return "\n\n".join(parts)
