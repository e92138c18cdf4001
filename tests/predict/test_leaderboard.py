"""Leaderboards of anybody's forecasts: published scores to the last digit, common rows, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError

OPERATORS = "operators_c1_2016_2017.csv"
TRIPTYCH = {  # Dimitriadis, Gneiting, Jordan & Vogel 2024, table 2: Brier score, MCB, DSC, UNC, logarithmic score
    "NOAA": (0.144, 0.006, 0.073, 0.211, 0.449),
    "SIDC": (0.172, 0.014, 0.053, 0.211, 0.515),
    "ASSA": (0.184, 0.007, 0.035, 0.211, None),
    "MCSTAT": (0.193, 0.034, 0.052, 0.211, 0.587),
}
ALL_BUT_TWO = ("--probability", "all", "--without", "NJIT", "--without", "AMOS", "--missing", "-0.01")


def run(*arguments: object) -> str:
    """Return what `solarflare score` prints."""
    result = CliRunner().invoke(app, ["score", "--resamples", "100", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def board(*arguments: object) -> dict[str, Any]:
    return json.loads(run("--json", *arguments))


def forecasts(rows: int = 300) -> pd.DataFrame:
    """Return one label a day and three forecasts: `sharp` is better than `blunt`, which is better than `chance`."""
    generator = np.random.default_rng(0)
    label = generator.integers(0, 2, rows)
    logit = generator.normal(2 * label - 1, 1)
    probabilities = {
        "sharp": 1 / (1 + np.exp(-2 * logit)),
        "blunt": 1 / (1 + np.exp(-0.5 * logit)),
        "chance": np.clip(generator.random(rows), 0.01, 0.99),
    }
    day = pd.date_range("2014-01-01", periods=rows).strftime("%Y-%m-%d")
    return pd.DataFrame({"time": day, "label": label, **{name: p.round(4) for name, p in probabilities.items()}})


def write(df: pd.DataFrame, folder: Path, name: str = "forecasts.csv") -> Path:
    df.to_csv(folder / name, index=False)
    return folder / name


def test_the_operators_score_as_in_the_literature_to_the_last_digit(shared_published: Path) -> None:
    content = board(shared_published / OPERATORS, *ALL_BUT_TWO)
    assert (content["n"], content["rows_of_any"], len(content["forecasts"])) == (577, 731, 9)
    found = {
        name: tuple(
            None if value is None else round(value, 3)
            for value in (one["brier"]["value"], *one["corp"].values(), one["log_score"]["value"])
        )
        for name, one in content["forecasts"].items()
        if name in TRIPTYCH
    }
    assert found == TRIPTYCH
    noaa = content["forecasts"]["NOAA"]["own_rows"]
    assert (noaa["n"], round(noaa["roc_auc"]["value"], 3), round(noaa["brier_skill"]["value"], 3)) == (
        731,
        0.859,
        0.346,
    )


def test_a_negative_number_is_asked_about_before_it_means_missing(shared_published: Path) -> None:
    with pytest.raises(InputError, match=r"136 of 731 cells of MCEVOL are -0.01, .* add --missing -0.01"):
        board(shared_published / OPERATORS, "--probability", "all")


def test_the_better_forecast_is_first_and_the_others_are_compared_with_it(tmp_path: Path) -> None:
    content = board(write(forecasts(), tmp_path), "--probability", "all")
    assert list(content["forecasts"]) == ["sharp", "blunt", "chance"]
    assert [one["rank"]["value"] for one in content["forecasts"].values()] == [1, 2, 3]
    assert content["forecasts"]["sharp"]["difference"] is None
    difference = content["forecasts"]["chance"]["difference"]
    assert {score: difference[score]["verdict"] for score in difference} == dict.fromkeys(difference, "worse")
    assert content["forecasts"]["chance"]["rank"] == {"value": 3, "low": 3, "high": 3}


def test_ranks_are_of_the_common_rows_and_the_others_are_counted(tmp_path: Path) -> None:
    rows = forecasts()
    rows.loc[:49, "blunt"] = np.nan
    rows.loc[40:59, "chance"] = -1
    path = write(rows, tmp_path)
    content = board(path, "--probability", "all", "--missing", -1)
    assert (content["n"], content["rows_of_any"]) == (240, 300)
    counts = {name: (one["rows"], one["blank"], one["own_rows"]["n"]) for name, one in content["forecasts"].items()}
    assert counts == {"sharp": (300, 0, 300), "blunt": (250, 50, 250), "chance": (280, 20, 280)}
    printed = run(path, "--probability", "all", "--missing", -1)
    assert "240 of 300 rows have all 3 forecasts; the other 60 rows are left out of the ranks" in printed
    assert "Each on its own rows, without ranks" in printed


def test_files_are_joined_by_their_time_in_any_order(tmp_path: Path) -> None:
    rows = forecasts()
    paths = [
        write(rows[["time", "label", name]].iloc[start:][::step], tmp_path, f"{name}.csv")
        for name, start, step in (("blunt", 0, 1), ("sharp", 20, -1))
    ]
    content = board(*paths)
    together = board(write(rows.iloc[20:], tmp_path), "--probability", "sharp", "--probability", "blunt")
    assert (content["n"], content["rows_of_any"], list(content["forecasts"])) == (280, 300, ["sharp", "blunt"])
    assert content["forecasts"]["sharp"]["brier"] == together["forecasts"]["sharp"]["brier"]


def test_regions_of_one_time_are_joined_by_their_number(tmp_path: Path) -> None:
    rows = forecasts().assign(noaa_ar=lambda df: 11000 + df.index % 2)
    rows["time"] = rows["time"].iloc[::2].repeat(2).to_numpy()
    content = board(write(rows, tmp_path, "a.csv"), write(rows[::-1], tmp_path, "b.csv"), "--probability", "sharp")
    assert content["n"] == 300
    assert content["forecasts"]["b"]["difference"]["brier"]["value"] == 0
    with pytest.raises(InputError, match=r"a.csv forecasts regions \(noaa_ar\) and .*c.csv does not"):
        board(tmp_path / "a.csv", write(forecasts(), tmp_path, "c.csv"), "--probability", "sharp")


def test_an_infinite_logarithmic_score_is_null_with_a_reason(tmp_path: Path) -> None:
    rows = forecasts()
    rows.loc[rows.index[rows["label"] == 1][:2], "blunt"] = 0
    path = write(rows, tmp_path)
    log_score = board(path, "--probability", "all")["forecasts"]["blunt"]["log_score"]
    assert log_score["value"] is None
    assert log_score["absent"] == "infinite: 2 of 300 rows were forecast as impossible and happened"
    assert "infinite" in run(path, "--probability", "all")


def test_two_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [write(forecasts(), folder) for folder in (tmp_path, tmp_path / "other")]
    names = list(board(*paths, "--probability", "sharp")["forecasts"])
    assert names == sorted(f"{path}: sharp" for path in paths)


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown column": (("--probability", "sharp", "--probability", "dull"), "no file has a column dull"),
    "an unknown column to leave out": (("--probability", "all", "--without", "dull"), "no file has a column dull"),
    "leaving out of nothing": (("--probability", "sharp", "--probability", "blunt", "--without", "x"), "add that, or"),
    "leaving out of one": (("--probability", "sharp", "--without", "x"), "add that, or"),
    "a probability as missing": (("--probability", "all", "--missing", "0.5"), "--missing is 0.5, which is a prob"),
    "a column twice": (("--probability", "sharp", "--probability", "sharp"), "--probability names sharp twice"),
    "a threshold": (("--probability", "all", "--threshold", "0.5"), "--threshold has no place in a leaderboard"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case: str, tmp_path: Path) -> None:
    arguments, sentence = REFUSED[case]
    with pytest.raises(InputError, match=sentence):
        board(write(forecasts(), tmp_path), *arguments)


def test_files_of_other_times_are_told_apart_by_their_times(tmp_path: Path) -> None:
    rows = forecasts()
    other = write(rows.assign(time=rows["time"] + "T06:00"), tmp_path, "late.csv")
    here = write(rows, tmp_path)
    said = r"only rows of the same time are compared, and the first time is 2014-01-01 00:00:00 in .*, 2014-01-01 06:00"
    with pytest.raises(InputError, match=said):
        board(here, other, "--probability", "sharp")
    with pytest.raises(InputError, match=said):
        run(here, "--against", other, "--probability", "sharp")


def test_common_rows_of_one_label_are_said_to_be_so(tmp_path: Path) -> None:
    rows = forecasts()
    none, some = rows[rows["label"] == 0], rows[rows["label"] == 1]
    late = some.assign(time="2015" + some["time"].str[4:])
    paths = [write(pd.concat([none, other]), tmp_path, f"{len(other)}.csv") for other in (some, late.head(9))]
    with pytest.raises(InputError, match="common to all 2 forecasts, and the label of each is 0, where scores need"):
        board(*paths, "--probability", "sharp")


def test_repeated_rows_are_refused(tmp_path: Path) -> None:
    path = write(pd.concat([forecasts(), forecasts().head(3)]), tmp_path)
    with pytest.raises(InputError, match=r"3 rows repeat the time of an earlier row, first 2014-01-01 .* keep one row"):
        board(path, "--probability", "all")


def test_files_of_different_events_are_refused(tmp_path: Path) -> None:
    rows = forecasts()
    other = write(rows.assign(label=[1 - rows["label"][0], *rows["label"][1:]]), tmp_path, "other.csv")
    with pytest.raises(InputError, match="do not agree on what happened in 1 of 300 common rows, first 2014-01-01"):
        board(write(rows, tmp_path), other, "--probability", "sharp")


def test_a_column_of_the_contrary_is_asked_about(tmp_path: Path) -> None:
    path = write(forecasts().rename(columns={"chance": "no_flare_prob"}), tmp_path)
    with pytest.raises(InputError, match=r"the name of no_flare_prob may say .* add --without no_flare_prob"):
        board(path, "--probability", "all")


def test_the_page_is_one_file_and_the_same_twice(tmp_path: Path) -> None:
    path, page = write(forecasts(), tmp_path), tmp_path / "page.html"
    pages = []
    for _ in range(2):
        run(path, "--probability", "all", "--page", page, "--figures", tmp_path / "figures")
        pages.append(page.read_text())
    assert pages[0] == pages[1]
    assert pages[0].count("<svg") == 9
    assert not any(mark in pages[0] for mark in ("<script", "src=", 'href="http', "@import", "url(http"))
    assert (tmp_path / "figures" / "triptych.png").is_file()


def test_a_file_that_is_no_page_is_not_replaced(tmp_path: Path) -> None:
    path = write(forecasts(), tmp_path)
    with pytest.raises(InputError, match="this command did not write it"):
        run(path, "--probability", "all", "--page", path)


def test_one_forecast_has_a_page_too(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run(write(forecasts()[["time", "label", "sharp"]], tmp_path), "--page", page)
    assert "<h1>The forecast forecasts on 300 rows</h1>" in page.read_text()
    assert "300 of 300 rows have the forecast forecasts;" in page.read_text()
    assert "pairs of forecasts" not in page.read_text()


HOSTILE = ["a$^$", "$x", "<script>alert(1)</script>", "</style>", '"><img src=x onerror=alert(1)>', "\x1b[31mred", "_a"]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_name_of_a_forecast_is_only_text(name: str, tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"sharp": name, "blunt": f"{name}2"}).drop(columns="chance")
    page, named = tmp_path / "page.html", ("--probability", name, "--probability", f"{name}2")
    printed = run(write(rows, tmp_path), *named, "--page", page, "--figures", tmp_path / "figures")
    assert all(line.isprintable() for line in printed.splitlines())
    assert (tmp_path / "figures/triptych.png").is_file()
    text = page.read_text()
    assert not any(mark in text for mark in ("<script", "<img", "\x1b"))
    assert text.count("</style>") == 1
    one = run(write(rows, tmp_path), "--probability", name, "--figures", tmp_path / "one")
    assert all(line.isprintable() for line in one.splitlines())


@pytest.mark.parametrize("name", ["a$^$", "$x", "_a", "\udcff"])
def test_any_name_of_a_file_is_drawn(name: str, tmp_path: Path) -> None:
    run(write(forecasts(), tmp_path, f"{name}.csv"), "--probability", "sharp", "--figures", tmp_path / "figures")
    assert (tmp_path / "figures/roc.png").is_file()
