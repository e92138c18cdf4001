"""Figures and the tables that they are drawn from."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from PIL import Image
from sklearn import metrics

from solarflare.report import figures, svg
from solarflare.verification.scores import curves
from solarflare.verification.scores.bootstrap import BlockBootstrap
from solarflare.verification.scores.scores import Forecast

ROWS = 900


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    generator = np.random.default_rng(1)
    label = generator.integers(0, 2, ROWS)
    return Forecast(label, 1 / (1 + np.exp(-generator.normal(3 * label - 1.5, 1.5))), 0.5, 0.5)


@pytest.fixture(scope="module")
def plan() -> BlockBootstrap:
    return BlockBootstrap(np.arange(ROWS) // 30, 200, seed=1)


def test_the_roc_curve_is_thinned_without_losing_its_area(forecast: Forecast, plan: BlockBootstrap) -> None:
    curve = curves.roc(forecast, plan)
    assert len(curve) <= curves.POINTS
    assert curve[["fpr", "tpr"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    expected = metrics.roc_auc_score(forecast.label, forecast.probability)
    assert metrics.auc(curve["fpr"], curve["tpr"]) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize(
    ("draw", "value"), [(curves.roc, "tpr"), (curves.precision_recall, "precision"), (curves.calibration, "frequency")]
)
def test_curves_lie_in_their_bands(draw: object, value: str, forecast: Forecast, plan: BlockBootstrap) -> None:
    curve = draw(forecast, plan)  # type: ignore[operator]
    inside = curve[value].between(curve["low"] - 1e-9, curve["high"] + 1e-9)
    assert inside.mean() > 0.95
    assert curve[["low", "high"]].min(axis=None) >= 0
    assert curve[["low", "high"]].max(axis=None) <= 1


def test_the_reliability_curve_counts_every_row(forecast: Forecast, plan: BlockBootstrap) -> None:
    assert curves.calibration(forecast, plan)["n"].sum() == ROWS


def test_no_two_curves_of_a_figure_are_drawn_alike(forecast: Forecast, plan: BlockBootstrap) -> None:
    curve = curves.roc(forecast, plan)
    names = [f"variant {number}" for number in range(8)]
    axes = figures.roc(dict.fromkeys(names, curve), "title").axes[0]
    drawn = [line for line in axes.get_lines() if line.get_label() in names]
    assert len({(str(line.get_color()), str(vars(line)["_dash_pattern"])) for line in drawn}) == len(names)
    # In grey print dashes alone tell the first ones apart.
    assert len({str(vars(line)["_dash_pattern"]) for line in drawn[:5]}) == 5


def probed() -> pd.DataFrame:
    """Return scores of probes; one of too few blocks for an interval."""
    return pd.DataFrame(
        {
            "probe": ["year", "time_of_day", "raw_sky"],
            "roc_auc": [0.6, 0.5, 0.3],
            "low": [0.5, 0.45, np.nan],
            "high": [0.7, 0.55, np.nan],
            "kind": ["confounder", "gated", "raw"],
            "detectable": [np.nan, 0.66, np.nan],
        }
    )


def test_gated_probes_are_drawn_first_and_every_score_is_in_the_figure() -> None:
    axes = figures.probes(probed(), 0.6, "title").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["time of day", "year", "raw sky"]
    assert axes.get_xlim()[0] < 0.3


@pytest.fixture(scope="module")
def drawings(forecast: Forecast, plan: BlockBootstrap) -> dict[str, object]:
    image = np.random.default_rng(1).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    pictures = [figures.Picture(image, "0.93"), figures.Picture(image[..., :1], "0.91")]
    return {
        "roc": lambda: figures.roc({"network": curves.roc(forecast, plan)}, "Is the Sun active?"),
        "pr": lambda: figures.precision_recall({"network": curves.precision_recall(forecast, plan)}, 0.5, "title"),
        "reliability": lambda: figures.reliability(curves.calibration(forecast, plan), 0.5, "title"),
        "confusion": lambda: figures.confusion({"tp": 5, "fp": 0, "fn": 2, "tn": 9}, ("quiet", "active"), "title"),
        "probes": lambda: figures.probes(probed(), 0.6, "title"),
        "sheet": lambda: figures.contact_sheet({"right": pictures * 4, "wrong": []}, "title"),
    }


@pytest.mark.parametrize("name", ["roc", "pr", "reliability", "confusion", "probes", "sheet"])
def test_the_same_figure_is_the_same_bytes(name: str, drawings: dict[str, object], tmp_path: Path) -> None:
    paths = [tmp_path / "first.png", tmp_path / "second.png"]
    for path in paths:
        figures.save(drawings[name](), path)  # type: ignore[operator]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as image:
        assert image.width >= 600
        assert not {"Software", "Creation Time"} & set(image.info)


def test_a_curve_without_intervals_is_drawn_all_the_same(forecast: Forecast, tmp_path: Path) -> None:
    one_block = BlockBootstrap(np.zeros(ROWS), 100, seed=1)
    reliability = curves.calibration(forecast, one_block)
    assert reliability["low"].isna().all()
    figures.save(figures.reliability(reliability, 0.5, "title"), tmp_path / "reliability.png")
    figures.save(figures.roc({"network": curves.roc(forecast, one_block)}, "title"), tmp_path / "roc.png")


def test_figures_are_drawn_from_what_is_in_git(forecast: Forecast, plan: BlockBootstrap, tmp_path: Path) -> None:
    curve = curves.roc(forecast, plan)
    curve.to_csv(tmp_path / "roc.csv", index=False)
    figures.save(figures.roc({"read": pd.read_csv(tmp_path / "roc.csv")}, "title"), tmp_path / "roc.png")
    assert (tmp_path / "roc.png").stat().st_size > 0


BINS = pd.DataFrame({"probability": [0.12, 1.0], "frequency": [0.1, 1.0], "n": [179, 4]}).assign(low=0.0, high=1.0)


def test_a_reliability_diagram_counts_the_rows_of_each_bin() -> None:
    counts = figures.reliability(BINS, 0.5, "title").axes[1]
    assert [text.get_text() for text in counts.texts] == ["179", "4"]
    assert [bar.get_bbox().height for bar in counts.patches if isinstance(bar, Rectangle)] == [179, 4]


def test_a_reliability_diagram_does_not_join_its_points() -> None:
    axes = figures.reliability(BINS, 0.5, "title").axes[0]
    points = next(line for line in axes.get_lines() if line.get_marker() == "o")
    assert points.get_linestyle() == "None"
    assert np.asarray(points.get_ydata()).tolist() == [0.1, 1.0]


FOREST = pd.DataFrame({"name": ["network", "two & three", "none"], "value": [0.9, 0.6, np.nan]}).assign(
    low=[0.8, np.nan, np.nan], high=[0.95, np.nan, np.nan]
)


def test_a_forest_plot_puts_scores_in_their_order() -> None:
    axes = figures.forest(FOREST, no_skill=0.5).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == FOREST["name"].tolist()
    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [np.asarray(line.get_xdata()).tolist() for line in points[:2]] == [[0.9], [0.6]]
    assert [line.get_color() for line in points[:2]] == [figures.SUN, figures.SKY]
    assert len(axes.collections) == 1  # the one interval


def test_training_and_validation_are_drawn_by_epoch_with_a_line_for_each_fold() -> None:
    history = pd.DataFrame({"epoch": [1, 2, 1, 2], "loss": [4.0, 2.0, 3.0, 1.0], "val_loss": [4.0, 3.0, 3.0, 2.0]})
    axes = figures.training(history.assign(fold=[0, 0, 1, 1]), "loss", "loss").axes[0]
    assert [list(np.asarray(line.get_ydata())) for line in axes.lines] == [[4, 2], [3, 1], [4, 3], [3, 2]]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


def test_columns_are_stacked_and_a_strip_keeps_its_places() -> None:
    counts = pd.DataFrame({"one": [1, 0, 2], "two": [3, 0, 0]})
    figure = figures.columns(counts, {"one": figures.SUN, "two": figures.SKY})
    tops = [area.get_datalim(figure.axes[0].transData).y1 for area in figure.axes[0].collections]
    assert tops == [2, 4]
    assert figure.axes[0].get_ylim() == (0, 4)
    spans = figures.strip([(0, 2, figures.SUN), (3, 4.5, figures.SKY)], 10).axes[0].patches
    assert [(span.get_x(), span.get_width()) for span in spans if isinstance(span, Rectangle)] == [(0, 2), (3, 1.5)]


def test_an_inline_figure_has_the_colours_of_the_page_and_words_for_a_screen_reader() -> None:
    drawn = svg.inline(figures.forest(FOREST, no_skill=0.5), "area 0.876 & more")
    assert drawn == svg.inline(figures.forest(FOREST, no_skill=0.5), "area 0.876 & more")
    assert drawn.startswith("<svg ")
    assert 'aria-label="area 0.876 &amp; more"' in drawn
    assert "two &amp; three</text>" in drawn
    assert {"var(--sun)", "var(--sky)", "var(--rule)"} <= set(re.findall(r"var\(--\w+\)", drawn))
    assert re.findall(r"#[0-9a-f]{6}", drawn) == []
    assert not any(word in drawn for word in ("<style", "metadata", "font-family"))


def test_two_inline_figures_share_no_id() -> None:
    ids = [set(re.findall(r' id="(.+?)"', svg.inline(figures.forest(FOREST), label))) for label in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_names_with_control_characters_and_formulas_are_drawn_as_text() -> None:
    drawn = svg.inline(figures.forest(FOREST.assign(name=["\x1b[31m", "a$^$", "\x00"])), "scores")
    assert all(name in drawn for name in (r"\x1b[31m</text>", "a$^$</text>", r"\x00</text>"))
