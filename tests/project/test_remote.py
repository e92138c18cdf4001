"""A team's data on a server that speaks S3: one clone pushes, another pulls, and nothing runs there again."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from tests.project.test_pipeline import commit, copy_of_the_project, digests, shell

WITHOUT_TRAINING = ("scrape", "label", "split")
SMALL = {"scrape.simulated": {"start": "2010-06-01", "end": "2012-06-01", "disk_images": 12, "region_images": 12}}
BUCKET = "sun"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server with an empty bucket; it takes any key."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket=BUCKET)
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A clone in which the stages without a training have run."""
    (tmp_path / "first").mkdir()
    folder = copy_of_the_project(tmp_path / "first", SMALL)
    stages = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    kept = {name: stages[name] for name in WITHOUT_TRAINING}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": kept}, sort_keys=False))
    shell("dvc", "repro", cwd=folder)
    commit(folder, "the results")
    return folder


@pytest.mark.slow
def test_what_one_clone_pushes_another_pulls_and_nothing_runs_there(first: Path, tmp_path: Path, server: str) -> None:
    shell("dvc", "remote", "add", "--default", "team", f"s3://{BUCKET}/solarflare", cwd=first)
    shell("dvc", "remote", "modify", "team", "endpointurl", server, cwd=first)
    commit(first, "where the team keeps its data")
    shell("dvc", "push", cwd=first)
    shell("git", "clone", "-q", str(first), "second", cwd=tmp_path)
    second = tmp_path / "second"
    assert not (second / "data/raw").exists()
    shell("dvc", "pull", cwd=second)
    assert "Running stage" not in shell("dvc", "repro", cwd=second)
    assert digests(second) == digests(first)
    assert shell("git", "status", "--porcelain", cwd=second) == ""
    # What is committed stays out of the bucket.
    keys = [item["Key"] for item in boto3.client("s3", endpoint_url=server).list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert all(key.startswith("solarflare/files/md5/") for key in keys)
    images = [path for path in (second / "data/raw/images").rglob("*") if path.is_file()]
    assert len(keys) > len(images) >= 12
