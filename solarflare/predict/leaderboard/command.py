"""What `solarflare score` does with several forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solarflare.core import strict_json
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder
from solarflare.predict.leaderboard import board, entries, figures, page, text
from solarflare.predict.leaderboard.entries import ALL, Wish
from solarflare.report.figures import save
from solarflare.verification.scores.assessment import rounded
from solarflare.verification.scores.bootstrap import FEWEST_BLOCKS


@dataclass(frozen=True)
class Output:
    """Where a leaderboard goes besides the terminal: a page, and a folder for ``triptych.png``."""

    as_json: bool = False
    page: Path | None = None
    figures: OutputFolder | None = None


def wanted(files: Sequence[Path], wish: Wish, output: Output) -> bool:
    """Return whether a leaderboard is asked for: several forecasts, columns that are left out of it, or a page."""
    several = len(files) > 1 or len(wish.probabilities) > 1 or ALL in wish.probabilities
    return several or bool(wish.without) or output.page is not None


def run(files: Sequence[Path], wish: Wish, rules: board.Rules, output: Output) -> str:
    """Make a leaderboard, write its page and figures, and return it as a text, or as JSON.

    Raises
    ------
    InputError
        If a file cannot be used, if the forecasts have no rows in common that can be scored, or if an output cannot be
        written.
    """
    if output.page:
        page.check(output.page)
    made = board.make(entries.read(files, wish), rules)
    if made.plan.blocks < FEWEST_BLOCKS:
        too_few = f"{made.plan.blocks} blocks are too few for intervals; set a smaller --block-days"
        made.content["warnings"].append(too_few)
    for warning in made.content["warnings"]:
        log.warning("warning: %s", warning)
    if output.page or output.figures:
        shown = figures.triptychs(made, rules.seed)
        if output.page:
            page.write(made, shown, output.page)
        if output.figures:
            with output.figures.replaced() as partial:
                save(figures.together(shown), partial / "triptych.png")
    return strict_json.dumps(rounded(made.content), indent=2) if output.as_json else text.table(made.content)


def refuse(options: dict[str, object]) -> None:
    """Raise InputError if an option is given, by its name, that a leaderboard does not use."""
    if given := [name for name, value in options.items() if value is not None]:
        raise InputError(f"{given[0]} has no place in a leaderboard of several forecasts; leave it out")
