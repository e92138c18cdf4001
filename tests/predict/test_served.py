"""The shipped networks as a model of MLflow: asked in this process, and behind its server."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from typer.testing import CliRunner

from solarflare.cli import app
from solarflare.core.errors import InputError
from solarflare.predict import served
from solarflare.tracking.mlflow.served_model import SERVER
from tests.image_rehearsal import IMAGE, ask, instructions, request, serve
from tests.mlflow_ui import free_port
from tests.projects import ROOT

SUN = IMAGE.read_bytes()


def table(*rows: tuple[str, bytes]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "content"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    served.export("aia211", folder / "model")
    return folder


def test_an_image_gets_the_answer_of_predict(model: Path) -> None:
    (answer,) = mlflow.pyfunc.load_model(str(model / "model")).predict(table((IMAGE.name, SUN)))
    command = [sys.executable, "-m", "solarflare.cli", "predict", str(IMAGE), "--regions", "image", "--json"]
    printed = json.loads(subprocess.run(command, cwd=model, capture_output=True, text=True, check=True).stdout)
    assert {key: answer[key] for key in ("disk", "regions", "thresholds")} == {
        key: printed[key] for key in ("disk", "regions", "thresholds")
    }


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "0 images were sent"),
        ([(IMAGE.name, SUN)] * 33, "33 images were sent"),
        ([(IMAGE.name, b"no image")], "not an image"),
        ([("holiday.jpg", SUN)], "its name does not tell instrument and time"),
        ([(f"../../{IMAGE.name}", SUN[:9000])], f"{IMAGE.name}: it is no image of aia211: truncated"),
        ([("..", SUN)], "image: its name does not tell instrument and time"),
        ([("x" * 300, SUN)], "File name too long"),
    ],
)
def test_what_gets_no_answer_is_refused_with_a_reason(rows: list[tuple[str, bytes]], sentence: str) -> None:
    networks = served._load_pyfunc(str(ROOT / "pretrained/aia211"))
    with pytest.raises(mlflow.MlflowException, match=re.escape(sentence)) as refused:
        networks.predict(table(*rows))
    assert refused.value.get_http_status_code() == 400


def test_threads_get_the_answers_that_one_gets() -> None:
    networks = served._load_pyfunc(str(ROOT / "pretrained/aia211"))
    (alone,) = networks.predict(table((IMAGE.name, SUN)))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(networks.predict, [table((IMAGE.name, SUN))] * 16)) == [[alone]] * 16


def test_an_instrument_without_shipped_networks_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no network is shipped for hmi; there are some for aia211"):
        served.export("hmi", tmp_path)


def test_an_export_says_what_it_wrote_and_replaces_nothing_else(tmp_path: Path) -> None:
    folder, other = tmp_path / "model", tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    for _ in range(2):
        said = CliRunner().invoke(app, ["export", str(folder)])
        assert said.output.startswith(f"{folder}: the networks of aia211 for disk and region; ")
    refused = CliRunner().invoke(app, ["export", str(other)])
    assert "no command of solarflare made it" in str(refused.exception)
    assert [path.name for path in other.iterdir()] == ["notes.txt"]


def test_a_damaged_model_is_one_sentence_with_its_remedy(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(model / "model", tmp_path / "copy")
    (folder / "data/aia211/disk/card.md").write_text("another")
    sentence = rf"disk/card\.md differs from .*: the model is damaged; delete {folder} and make it again with `solar"
    with pytest.raises(InputError, match=sentence):
        mlflow.pyfunc.load_model(str(folder))
    monkeypatch.setenv(SERVER, str(folder))  # as in the processes of `mlflow models serve`
    with pytest.raises(SystemExit, match=f"^error: .*{sentence}"):
        mlflow.pyfunc.load_model(str(folder))


@pytest.mark.slow
def test_a_server_of_a_damaged_model_ends_with_a_sentence(model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model / "model", tmp_path / "copy")
    (folder / "data/aia211/disk/card.md").write_text("another")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder), "--env-manager", "local"]
    done = subprocess.run([*command, "--port", str(free_port())], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    # What follows is MLflow's own.
    (*_, sentence) = done.stderr.partition("Traceback")[0].splitlines()
    assert sentence.startswith(f"error: {folder}/data/aia211/disk/card.md differs")


def test_the_image_runs_without_root_and_asks_itself_whether_it_is_well() -> None:
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("CMD")
    assert "HEALTHCHECK" in names
    assert "tensorflow" not in (ROOT / "requirements-serve.lock").read_text()


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    with serve(model) as (address, _):
        yield address


@pytest.mark.slow
def test_the_server_answers_an_image_and_refuses_nonsense(address: str) -> None:
    status, answer = ask(address, request({IMAGE.name: SUN}))
    assert (status, answer["predictions"][0]["instrument"]) == (200, "aia211")
    for nonsense in (b"the Sun", b'{"inputs": []}', request({}), request({IMAGE.name: b"no image"})):
        assert ask(address, nonsense)[0] == 400
