"""The steps of the Dockerfile without Docker: its files in a folder, its packages in a virtual environment, its server.

``python -m tests.image_rehearsal`` runs them and asks the server about an image. It needs a package index.
"""

import base64
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tests.mlflow_ui import await_server, free_port
from tests.projects import ROOT

IMAGE = ROOT / "docs/images/20141025_004401_512_0211.jpg"
ELSEWHERE = ("useradd",)  # commands of the image that are not for this machine


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its arguments."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, arguments) for name, _, arguments in parts]


def build(folder: Path) -> None:
    """Do what COPY and RUN say, in a folder and in a virtual environment in it."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    for name, arguments in instructions():
        if name == "COPY":
            *sources, target = shlex.split(arguments)
            for source in sources:
                copy(ROOT / source, folder / target / (source if target == "./" else ""))
        elif name == "RUN" and not arguments.startswith(ELSEWHERE):
            subprocess.run(shlex.split(arguments), cwd=folder, env=environment(folder), check=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which commands are those of the folder's virtual environment, if it has one.

    Without one, they are those of the Python that runs this, with the code of this checkout.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    inherited["MLFLOW_DISABLE_TELEMETRY"] = "true"
    if (own := folder / "venv/bin").is_dir():
        return inherited | {"PATH": f"{own}{os.pathsep}{os.environ['PATH']}"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return inherited | {"PATH": path, "PYTHONPATH": str(ROOT)}


@contextmanager
def serve(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the address of the server that CMD starts, and its process."""
    ((_, command),) = (instruction for instruction in instructions() if instruction[0] == "CMD")
    port = free_port()
    changed = {"0.0.0.0": "127.0.0.1", "8080": str(port)}
    arguments = [changed.get(argument, argument) for argument in json.loads(command)]
    with (folder / "server.log").open("w") as log:
        started = subprocess.Popen(
            arguments, cwd=folder, env=environment(folder), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        await_server(f"http://127.0.0.1:{port}/ping", started)
        yield f"http://127.0.0.1:{port}", started.pid
    finally:
        started.terminate()
        started.wait()


def request(images: dict[str, bytes]) -> bytes:
    """Return the body of a request for images by their names."""
    rows = [[name, base64.b64encode(content).decode()] for name, content in images.items()]
    return json.dumps({"dataframe_split": {"columns": ["name", "content"], "data": rows}}).encode()


def ask(address: str, body: bytes) -> tuple[int, Any]:
    """Return the status and the answer to a request."""
    asked = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, error.read().decode()


def main() -> None:
    """Build, serve and ask."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        with serve(folder) as (address, _):
            status, answer = ask(address, request({IMAGE.name: IMAGE.read_bytes()}))
            print(status, json.dumps(answer["predictions"][0]["disk"] if status == 200 else answer))
            refused, reason = ask(address, request({IMAGE.name: b"no image"}))
            print(refused, reason)
    if (status, refused) != (200, 400):
        sys.exit("error: the server does not answer as it should")


if __name__ == "__main__":
    main()
