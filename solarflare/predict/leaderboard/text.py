"""A leaderboard as tables: who is better, in what, and on how many rows."""

from typing import Any

from solarflare.verification.scores.score_table import ScoreText, Table, Verdict, interval

THREE = "z.3f"
NAMES = {"brier": "Brier score", "log_score": "log score", "roc_auc": "ROC-AUC", "brier_skill": "Brier skill"}
INFINITE = "infinite"


def table(content: dict[str, Any]) -> str:
    """Return a leaderboard, the `content` of `board.Board`, as text."""
    parts = [ranking(content).text(), scores(content).text()]
    if has_own_rows(content):
        parts += [f"Each on its own rows, without ranks: the rows differ.\n{own_rows(content).text()}"]
    return "\n\n".join([*parts, "\n".join(notes(content))])


def ranking(content: dict[str, Any]) -> Table:
    """Return the table of ranks: the Brier score, and how far it is from the best."""
    minus = "minus the best's"
    columns = ("rank", "forecast", NAMES["brier"], minus, "verdict", f"{NAMES['roc_auc']} {minus}", "verdict")
    rows = []
    for name, forecast in content["forecasts"].items():
        row = [rank(forecast["rank"]), name, interval(forecast["brier"], THREE)]
        if forecast["difference"]:
            for score in ("brier", "roc_auc"):
                difference = forecast["difference"][score]
                row += [interval(difference, "+z.3f"), Verdict(difference["verdict"])]
        rows.append(row)
    return Table(columns, rows)


def scores(content: dict[str, Any]) -> Table:
    """Return the table of all scores on the common rows."""
    columns = ("forecast", "MCB", "DSC", "UNC", NAMES["log_score"], NAMES["roc_auc"], NAMES["brier_skill"])
    rows = [
        (
            name,
            *(f"{value:z.3f}" for value in forecast["corp"].values()),
            *(_score(forecast, score) for score in list(NAMES)[1:]),
        )
        for name, forecast in content["forecasts"].items()
    ]
    return Table(columns, rows)


def has_own_rows(content: dict[str, Any]) -> bool:
    """Return whether a forecast has rows that are not common to all."""
    return any(forecast["rows"] > content["n"] for forecast in content["forecasts"].values())


def own_rows(content: dict[str, Any]) -> Table:
    """Return the table of the scores of each forecast on all rows that it has, in the order of the ranks."""
    columns = ("forecast", "rows", "blank", "base rate", *NAMES.values())
    rows = [
        [
            *(name, f"{forecast['rows']:,}", f"{forecast['blank']:,}", f"{forecast['own_rows']['base_rate']:.3f}"),
            *(_score(forecast["own_rows"], score) for score in NAMES),
        ]
        for name, forecast in content["forecasts"].items()
    ]
    return Table(columns, rows, numbers=("rows", "blank"))


def notes(content: dict[str, Any]) -> list[str]:
    """Return what has to be known to read the tables, in sentences."""
    n, total, forecasts = content["n"], content["rows_of_any"], content["forecasts"]
    left_out = f"; the other {total - n:,} rows are left out of the ranks" if total > n else ""
    which = f"all {len(forecasts)} forecasts" if len(forecasts) > 1 else f"the forecast {next(iter(forecasts))}"
    ranked = ["ranked by the Brier score; a rank's interval holds for all pairs of forecasts together"]
    return [
        f"{n:,} of {total:,} rows have {which}{left_out}; base rate {content['base_rate']:.3f}",
        *(ranked if len(forecasts) > 1 else ()),
        f"intervals: {content['intervals']}; the rows are in {content['blocks']} blocks",
    ]


def rank(place: dict[str, Any]) -> ScoreText:
    """Return a rank with its interval, such as ``1 [1, 2]``."""
    return interval(place, "d")


def _score(of: dict[str, Any], name: str) -> str:
    return INFINITE if "absent" in of[name] else interval(of[name], THREE)
