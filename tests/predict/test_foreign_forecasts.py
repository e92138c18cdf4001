"""Forecasts of other people: a column is never taken for another one, and a cell is read or named."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError
from solarflare.predict import forecast_cells, forecast_files, foreign_cells


def forecasts(rows: int = 60) -> pd.DataFrame:
    """Return forecasts with skill, one a day."""
    label = np.random.default_rng(0).integers(0, 2, rows)
    logit = np.random.default_rng(1).normal(2 * label - 1, 1.5)
    time = pd.date_range("2014-01-01", periods=rows).strftime("%Y-%m-%dT%H:%M:%S")
    return pd.DataFrame({"time": time, "probability": (1 / (1 + np.exp(-logit))).round(4), "label": label})


def write(df: pd.DataFrame, folder: Path) -> Path:
    df.to_csv(folder / "forecasts.csv", index=False)
    return folder / "forecasts.csv"


def read(df: pd.DataFrame, folder: Path, **named: str) -> forecast_files.ForecastFile:
    return forecast_files.read(write(df, folder), named)


def warnings_of(df: pd.DataFrame, folder: Path) -> list[str]:
    """Return the warnings of `solarflare score`."""
    result = CliRunner().invoke(app, ["score", "--json", "--resamples", "100", str(write(df, folder))])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["warnings"]


@pytest.mark.parametrize("truth", ["ground_truth", "y_true", "flare", "observed", "obs", "target"])
@pytest.mark.parametrize("guess", ["predicted_label", "label_predicted", "y_pred", "label", "flare_forecast", "y_hat"])
def test_a_label_beside_the_truth_is_asked_about(guess: str, truth: str, tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"label": truth})
    rows.insert(2, guess, (rows["probability"] > 0.5).astype(int))
    with pytest.raises(InputError, match=rf"holds the label\? it may be any of {guess}, {truth}; name it with --label"):
        read(rows, tmp_path)
    assert read(rows, tmp_path, label=truth).rows["label"].tolist() == rows[truth].tolist()


@pytest.mark.parametrize(
    "name",
    ["no_flare_probability", "noFlareProb", "prob_no_flare", "nonflare_prob", "complement_prob", "prob_not_flare"],
)
def test_a_probability_of_the_contrary_is_asked_about(name: str, tmp_path: Path) -> None:
    rows = forecasts()
    alone = rows.assign(probability=1 - rows["probability"]).rename(columns={"probability": name})
    with pytest.raises(
        InputError, match=rf"only {name} looks like one, and its name may say .* add --probability {name}"
    ):
        read(alone, tmp_path)
    both = alone.assign(flare_prob=rows["probability"])
    with pytest.raises(InputError, match=rf"it may be any of {name}, flare_prob; name it with --probability"):
        read(both, tmp_path)
    assert read(both, tmp_path, probability="flare_prob").columns["probability"] == "flare_prob"


def test_the_label_of_the_contrary_is_asked_about(tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"label": "no_flare"})
    with pytest.raises(InputError, match="only no_flare looks like one, and its name may say the contrary"):
        read(rows, tmp_path)


@pytest.mark.parametrize("name", ["pred_class", "prediction", "forecast"])
def test_a_class_is_not_taken_for_the_probability(name: str, tmp_path: Path) -> None:
    rows = forecasts()
    rows["probability"] = (rows["probability"] > 0.5).astype(int)
    rows = rows.rename(columns={"probability": name})
    with pytest.raises(InputError, match="which column holds the probability"):
        read(rows, tmp_path)
    assert len(read(rows, tmp_path, probability=name).rows) == len(rows)


def test_the_label_is_not_taken_for_the_probability_on_request(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--probability names the column label, which by its name is no probability"):
        read(forecasts(), tmp_path, probability="label")


def test_two_probabilities_are_asked_about(tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"probability": "prob_c1"})
    with pytest.raises(InputError, match="it may be any of prob_c1, prob_m1; name it with --probability"):
        read(rows.assign(prob_m1=rows["prob_c1"] / 2), tmp_path)


def test_two_times_are_asked_about_unless_they_are_the_same(tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"time": "issue_time"})
    with pytest.raises(InputError, match="it may be any of issue_time, valid_date; name it with --time"):
        read(rows.assign(valid_date="2014-06-01"), tmp_path)
    same = rows.assign(file=rows["issue_time"].str.replace("[-:]", "", regex=True).str.replace("T", "_") + ".jpg")
    assert read(same, tmp_path).columns["time"] == "issue_time"


def test_a_forecast_of_two_values_is_doubted(tmp_path: Path) -> None:
    rows = forecasts()
    rows["probability"] = (rows["probability"] > 0.5).astype(int)
    assert any("the probability is nowhere but 0 and 1" in warning for warning in warnings_of(rows, tmp_path))


@pytest.mark.parametrize(("reverse", "words"), [(True, "is below 0.2"), (False, "is above 0.995")])
def test_a_score_that_no_forecast_has_is_doubted(reverse: bool, words: str, tmp_path: Path) -> None:
    rows = forecasts()
    sure = 0.1 + 0.8 * rows["label"] + 0.01 * np.arange(len(rows)) / len(rows)
    rows["probability"] = 1 - sure if reverse else sure
    assert any(words in warning for warning in warnings_of(rows, tmp_path))


def test_a_plausible_forecast_is_not_doubted(tmp_path: Path) -> None:
    assert not any("check --probability" in warning for warning in warnings_of(forecasts(), tmp_path))


@pytest.mark.parametrize(
    ("no", "yes"), [("False", "True"), ("FALSE", "TRUE"), ("no", "yes"), ("0.0", "1.0"), ("N", "Y")]
)
def test_labels_in_words_are_read(no: str, yes: str, tmp_path: Path) -> None:
    rows = forecasts()
    words = rows.assign(event=rows["label"].map({0: no, 1: yes})).drop(columns="label")
    assert read(words, tmp_path).rows["label"].tolist() == rows["label"].tolist()


def test_probabilities_with_a_percent_sign_are_read(tmp_path: Path) -> None:
    rows = forecasts()
    percent = rows.assign(probability=(100 * rows["probability"]).round(2).astype(str) + "%")
    assert read(percent, tmp_path).rows["probability"].tolist() == pytest.approx(rows["probability"].tolist())


@pytest.mark.parametrize(
    "text",
    ["15-Feb-2014 08:09", "15 Feb 2014 08:09:00", "15-FEB-2014T08:09", "Feb 15, 2014 08:09", "February 15 2014 08:09",
     "2014-Feb-15 08:09", "1392451740", "1392451740.0"],
)  # fmt: skip
def test_times_of_other_programs_are_read(text: str) -> None:
    assert foreign_cells.parse_times(pd.Series([text])).tolist() == [pd.Timestamp("2014-02-15 08:09")]


@pytest.mark.parametrize(
    "text",
    ["01/02/2014", "1752", "2014", "15-Feb-14", "12345", "4102444800", "99999999999",
     "2014-02-15 8:09 PM", "2014-02-15 08:09 pm", "2014-02-15 08:09 EST", "2014/02/15 8:09"],
)  # fmt: skip
def test_what_may_be_another_time_is_none(text: str) -> None:
    assert foreign_cells.parse_times(pd.Series([text])).isna().all()


@pytest.mark.parametrize("clock", ["%H:%M", "%H:%M:%S", "%H%M"])
def test_date_and_time_may_be_in_two_columns(clock: str, tmp_path: Path) -> None:
    rows = forecasts()
    times = pd.to_datetime(rows["time"]) + pd.Timedelta("9h30min")
    two = rows.assign(Date=times.dt.strftime("%Y-%m-%d"), time=times.dt.strftime(clock))
    assert read(two, tmp_path).rows["time"].tolist() == times.tolist()


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("time", "01/02/2014", "UTC, such as"),
        ("probability", "high", "a number from 0 to 1"),
        ("probability", "116%", "a number from 0 to 1"),
        ("probability", "0,16", "a number from 0 to 1"),
        ("label", "maybe", "0 or 1"),
        ("label", "M1.0", "0 or 1"),
    ],
)
@pytest.mark.parametrize("name", [None, "its_{}"])
def test_a_cell_that_cannot_be_read_is_named_with_its_role(
    column: str, cell: str, expected: str, name: str | None, tmp_path: Path
) -> None:
    rows = forecasts().astype(str)
    rows.loc[3, column] = cell
    header = name.format(column) if name else column
    with pytest.raises(InputError) as error:
        read(rows.rename(columns={column: header}), tmp_path)
    assert f"row 4, column {header}: got '{cell}'; expected {expected}" in str(error.value)
    assert name is None or f"this is the {column}" in str(error.value)


def test_dates_of_day_and_month_are_refused_with_the_reason(tmp_path: Path) -> None:
    rows = forecasts()
    rows["time"] = pd.to_datetime(rows["time"]).dt.strftime("%d/%m/%Y")
    with pytest.raises(InputError, match=r"60 cells .*; the first 20:\n  row 1, column date: ") as error:
        read(rows.rename(columns={"time": "date"}), tmp_path)
    assert str(error.value).count("which number is the month") == 1


@pytest.mark.parametrize("blank", ["", "nan", "NA", "<NA>", "--", "None"])
def test_a_blank_cell_is_left_out_and_counted(blank: str, tmp_path: Path) -> None:
    rows = forecasts().astype(str)
    rows.loc[3, "label"] = blank
    assert read(rows, tmp_path).warnings == ["1 of 60 rows are left out: no label in label"]


@pytest.mark.parametrize(("separator", "decimal", "name"), [(";", ".", "semi"), (";", ",", "semi"), ("\t", ".", "tab")])
def test_cells_that_are_not_separated_by_commas_are_said_to_be_so(
    separator: str, decimal: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "forecasts.csv"
    forecasts().to_csv(path, index=False, sep=separator, decimal=decimal)
    with pytest.raises(InputError, match=f"its header has {name}.* between the names of the columns; expected commas"):
        forecast_files.read(path)


def test_the_name_of_a_column_cannot_control_a_terminal(tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"probability": "\x1b[31mprobability\x07"})
    rows.loc[3, "\x1b[31mprobability\x07"] = None
    command = [sys.executable, "-m", "solarflare.cli", "score", str(write(rows, tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert r"no probability in \x1b[31mprobability\x07" in done.stderr
    command += ["--time", "nothing"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert r"\x1b[31mprobability\x07" in refused.stderr
    said = done.stdout + done.stderr + refused.stderr
    assert all(line.isprintable() for line in said.splitlines())


@pytest.mark.parametrize("name", ["P(y=0)", "prob_0", "prob_class_0", "p_below_C", "prob_under_M1", "prob_false"])
def test_a_probability_of_no_flare_in_other_words_is_asked_about(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"its name may say the contrary; if it is the probability, add --prob"):
        read(forecasts().rename(columns={"probability": name}), tmp_path)


@pytest.mark.parametrize(
    "name", ["correct", "is_test", "quality", "fold", "label_quality", "correct_label", "event_id"]
)
def test_a_column_of_zeros_and_ones_is_no_label_unless_its_name_says_so(name: str, tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"label": name})
    with pytest.raises(InputError, match=r"which column holds the label\?"):
        read(rows, tmp_path)
    assert read(rows, tmp_path, label=name).columns["label"] == name


@pytest.mark.parametrize(
    ("probability", "label"),
    [("prob_M", "label_C"), ("P(>=M1.0)_prob", "obs_C1"), ("p_x", "MX flare"), ("p_M5", "y_M1")],
)
def test_a_probability_and_a_label_of_different_classes_are_asked_about(
    probability: str, label: str, tmp_path: Path
) -> None:
    rows = forecasts().rename(columns={"probability": probability, "label": label})
    with pytest.raises(InputError, match=r"names the GOES class .*; name columns of one class with --probability"):
        read(rows, tmp_path)
    assert len(read(rows, tmp_path, probability=probability, label=label).rows) == 60


@pytest.mark.parametrize(
    ("probability", "label"),
    [("prob_M", "label_M1.0"), ("p_mx", "m_flare"), ("p_flare", "label_C"), ("prob_24h", "C1 flare")],
)
def test_a_probability_and_a_label_of_one_class_are_read(probability: str, label: str, tmp_path: Path) -> None:
    file = read(forecasts().rename(columns={"probability": probability, "label": label}), tmp_path)
    assert list(file.columns.values()) == ["time", probability, label]


@pytest.mark.parametrize("name", ["probability [%]", "prob_percent", "forecast_pct"])
def test_a_percentage_by_its_name_alone_is_asked_about(name: str, tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"probability": name})
    for factor in (1, 100):
        with pytest.raises(InputError, match=r"says percent, and its cells have no percent sign"):
            read(rows.assign(**{name: rows[name] * factor}), tmp_path)
    signed = rows.assign(**{name: (rows[name] * 100).map("{:.2f}%".format)})
    assert np.allclose(read(signed, tmp_path).rows["probability"], rows[name])


def test_a_threshold_is_read_whatever_its_case_is(tmp_path: Path) -> None:
    rows = forecasts().assign(Threshold=0.25, NOAA_AR="11158")
    file = forecast_files.read(write(rows, tmp_path), optional=forecast_cells.OPTIONAL)
    assert set(file.rows["threshold"]) == {0.25}
    assert set(file.rows["noaa_ar"]) == {"11158"}
    with pytest.raises(InputError, match="has the columns Threshold and threshold; leave one of them"):
        read(rows.assign(threshold=0.5), tmp_path)


def test_two_columns_of_one_name_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "forecasts.csv").write_text("time,probability,label,label\n2014-01-01,0.2,1,0\n2014-01-02,0.4,0,1\n")
    with pytest.raises(InputError, match="has 2 columns called label; leave one of them, or rename them"):
        forecast_files.read(tmp_path / "forecasts.csv")


def test_a_nul_byte_does_not_cut_a_cell(tmp_path: Path) -> None:
    (tmp_path / "forecasts.csv").write_bytes(b"time,probability,label\n2014-01-01,0.2\x0099,1\n2014-01-02,0.4,0\n")
    with pytest.raises(InputError, match="line 2 holds a byte 0"):
        forecast_files.read(tmp_path / "forecasts.csv")


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    forecasts().to_csv(tmp_path / "forecasts.csv", index=False, header=False)
    with pytest.raises(InputError, match="its first line holds values; expected the names of the columns"):
        forecast_files.read(tmp_path / "forecasts.csv")


@pytest.mark.parametrize("name", ["time_jst", "time (EST)", "local_time"])
def test_a_time_of_another_zone_by_its_name_is_asked_about(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"its name may say another time zone than UTC; if it is the time, add --time"):
        read(forecasts().rename(columns={"time": name}), tmp_path)


@pytest.mark.parametrize("name", ["ci_low", "std", "entropy", "xray_flux", "activity"])
def test_a_number_from_0_to_1_is_no_probability_unless_its_name_says_so(name: str, tmp_path: Path) -> None:
    rows = forecasts().rename(columns={"probability": name})
    with pytest.raises(InputError, match=r"which column holds the probability\?"):
        read(rows, tmp_path)
    assert read(rows, tmp_path, probability=name).columns["probability"] == name


def test_a_whole_hour_beside_a_date_is_its_time_of_day(tmp_path: Path) -> None:
    rows = forecasts(48).drop(columns="time")
    rows.insert(0, "date", np.repeat(["2014-01-01", "2014-01-02"], 24))
    rows.insert(1, "hour", np.tile(np.arange(24), 2))
    times = read(rows, tmp_path).rows["time"]
    assert times.equals(pd.Series(pd.date_range("2014-01-01", periods=48, freq="h"), name="time"))


@pytest.mark.parametrize(
    ("name", "values"), [("lead_hours", ("24", "48")), ("class", ("C", "M")), ("model", ("A", "B"))]
)
def test_several_forecasts_of_one_time_are_not_scored_as_one(
    name: str, values: tuple[str, str], tmp_path: Path
) -> None:
    both = pd.concat([forecasts().assign(**{name: value}) for value in values])
    with pytest.raises(InputError, match=f"rows of one time differ in the column {name} .* may be several forecasts"):
        read(both, tmp_path, label="label", probability="probability")
    assert len(read(both.rename(columns={name: "ar"}), tmp_path, label="label").rows) == 120


def test_rows_with_and_without_regions_are_not_matched_by_their_order(tmp_path: Path) -> None:
    rows = pd.concat([forecasts().assign(noaa_ar=number) for number in (12191, 12192)])
    with_regions, without = read(rows, tmp_path), read(rows.drop(columns="noaa_ar"), tmp_path)
    with pytest.raises(InputError, match="only one of the two files has the column noaa_ar, and times repeat"):
        forecast_files.common_rows(with_regions, without)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + bytes(9), "it is an Excel file or another ZIP archive; export it again as CSV, in UTF-8"),
        ("time,probability\n".encode("utf-16"), "it is in UTF-16"),
        (b"sep=,\ntime,probability,label\n", "its first line is Excel's sep=; delete this line"),
        (b'[{"time": 1}]', "it is JSON"),
        (b"time|probability|label\n", "its header has vertical bars between the names"),
        (b"time,probability,label\n2014-01-01,0.2,0\n2014-01-02,\xff,1\n", "line 3 is not in UTF-8"),
        (b"# made by me\ntime,probability,label\n", "line 2 has 3 cells, and the header # made by me has 1"),
        (b"time,probability,label\n2014-01-01,0.2,0,9\n", "line 2 has 4 cells, and the header"),
        (b"\x1f\x8bnothing", "gzip cannot decompress it"),
    ],
    ids=["xlsx", "utf-16", "sep", "json", "bars", "latin", "comment", "long row", "gzip"],
)
def test_a_file_of_another_kind_is_called_what_it_is(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "forecasts.csv").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        forecast_files.read(tmp_path / "forecasts.csv")


FORECAST = ("--class", "M", "--hours", "24", "--data", "SDO/AIA 211")


@pytest.mark.parametrize("method", ["a/../../victim/keep", "ROB/SIDC", "", "a\nb", "..", "x" * 101])
def test_a_method_s_name_leaves_the_folder_alone(method: str, tmp_path: Path) -> None:
    file = str(write(forecasts(), tmp_path))
    result = CliRunner().invoke(app, ["forecast", file, str(tmp_path / "out"), "--method", method, *FORECAST])
    assert isinstance(result.exception, InputError)
    assert "--method is" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["forecasts.csv"]


def test_two_forecasts_of_one_time_are_not_written_over_each_other(tmp_path: Path) -> None:
    for shift, sentence in ((0, "60 rows repeat the time"), (1, "two forecasts are of the same minute")):
        later = forecasts()
        later["time"] = (pd.to_datetime(later["time"]) + pd.Timedelta(seconds=shift)).astype(str)
        file = str(write(pd.concat([forecasts(), later]), tmp_path))
        result = CliRunner().invoke(app, ["forecast", file, str(tmp_path / "out"), "--method", "us", *FORECAST])
        assert sentence in str(result.exception)
        assert not (tmp_path / "out").exists()
