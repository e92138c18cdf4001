"""The page of a leaderboard: one file with all tables and figures, which needs no network."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from solarflare.core.files import atomic_path, check_output_file
from solarflare.predict.leaderboard import figures, text
from solarflare.predict.leaderboard.board import Board
from solarflare.report import svg
from solarflare.report.page import page as report

BEGINNING = "<!doctype html>\n<!-- solarflare leaderboard -->\n"


def check(path: Path) -> None:
    """Raise InputError if `path` is something else than a page that may be replaced."""
    check_output_file(path, BEGINNING)


def write(board: Board, shown: figures.Triptychs, path: Path) -> None:
    """Write the page. The same leaderboard gives the same bytes.

    Raises
    ------
    InputError
        If `path` is a folder, or a file that is no page of a leaderboard.
    """
    check(path)
    style = (Path(report.__file__).parent / "style.css").read_text(encoding="utf-8")
    content = board.content
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.j2").render(
        style=Markup(style),  # noqa: S704 - our own file
        n=content["n"],
        forecasts=content["forecasts"],
        warnings=content["warnings"],
        notes=text.notes(content),
        ranking=text.ranking(content),
        scores=text.scores(content),
        own_rows=text.own_rows(content) if text.has_own_rows(content) else None,
        charts={name: _charts(shown, name) for name in shown.of},
    )
    with atomic_path(path) as partial:
        partial.write_text(BEGINNING + page + "\n", encoding="utf-8")


def _charts(shown: figures.Triptychs, name: str) -> list[tuple[str, Markup]]:
    """Return the caption and the chart of each panel of a forecast."""
    return [
        (figures.PANELS[panel], svg.inline(figure, f"{name}. {figures.PANELS[panel]}; the tables have the scores"))
        for panel, figure in figures.separate(shown, name)
    ]
