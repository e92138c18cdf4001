"""The stage `report` draws what `audit` and `evaluate` wrote, and asks no network."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from solarflare.core import absent, tables
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.shards.reader import Crops
from solarflare.report import task_figures
from solarflare.verification.evaluation import evaluate
from tests.import_graph import closure
from tests.verification.test_evaluate import RECORDS, ROOT, make_two_folds, small_and_fast, write_inputs

FIGURES = {"confusion", "contact_sheet_flaring", "contact_sheet_quiet", "gallery", "pr", "reliability", "roc"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working folder, in which regions were scored and drawn, and there is no disk."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_inputs(*make_two_folds(folder / "trained"))
        for task in TASKS:
            evaluate.evaluate(task, small_and_fast(), RECORDS)
            task_figures.draw(task, small_and_fast())
        yield folder


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_a_task_has_all_its_figures(project: Path) -> None:
    assert {path.stem for path in (project / "reports/region").glob("*.png")} == FIGURES
    gallery = project / "reports/region/gallery"
    assert len(list(gallery.glob("*-image.jpg"))) == len(list(gallery.glob("*-map.jpg"))) == 18
    assert list(pd.read_csv(gallery / "index.csv")["group"].unique()) == ["best", "worst", "uncertain"]


def test_the_same_outputs_are_drawn_with_the_same_bytes(project: Path) -> None:
    first = written(project / "reports")
    task_figures.draw(Task.REGION, small_and_fast())
    assert written(project / "reports") == first


def test_an_absent_task_leaves_its_reason_where_its_figures_would_be(project: Path) -> None:
    assert absent.reason(project / "reports/disk") == "tasks leaves it out"


def test_a_picture_is_the_crop_of_its_row_with_what_is_known_of_it(project: Path) -> None:
    crops = Crops(project / "data/crops/region")
    rows = tables.read(project / "metrics/predictions/region.csv", tables.PREDICTIONS).tail(2)
    for picture, (_, row) in zip(task_figures.pictures(rows, crops), rows.iterrows(), strict=True):
        position = (crops.index["path"] == row["path"]).argmax()
        assert (picture.image == crops.take([position])[0]).all()
        assert picture.caption.endswith(f"  AR {row['noaa_ar']}\n{row['time']:%Y-%m-%d %H:%M}")


def test_each_audited_task_has_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    header, row = "probe,roc_auc,low,high,kind,detectable", "time_of_day,0.5,0.4,0.6,gated,0.7"
    Path("metrics/plots/audit").mkdir(parents=True)
    Path("metrics/plots/audit/disk.csv").write_text("\n".join([header, *[row] * 12, ""]))
    for _ in range(2):
        task_figures.draw_audit(limit=0.6)
    (figure,) = Path("reports/audit").iterdir()
    with Image.open(figure) as image:
        assert (figure.name, image.format) == ("disk.png", "PNG")


def test_the_stage_imports_no_network() -> None:
    used = {path.name for path in closure(Path("stages/report.py")) if "networks" in path.parts}
    assert used <= {"__init__.py", "schema.py"}
    code = "import sys, stages.report; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
