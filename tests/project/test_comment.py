"""The comment of a review, on a loopback server that answers as GitHub's API for comments does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci/comment.py"
MARK = "<!-- solarflare review -->\n"
BOT = "github-actions[bot]"
REPOSITORY = "/repos/owner/project"


@dataclass
class GitHub:
    """The comments of pull request 7, and what is to go wrong."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    reading: int = 200
    writing: int = 200
    address: str = ""

    def add(self, body: str, login: str = BOT) -> None:
        """Make a comment that was there before."""
        self.comments.append({"id": 1000 + len(self.comments), "user": {"login": login}, "body": body})

    def answer(self, method: str, target: str, content: dict[str, Any]) -> tuple[int, Any]:
        """Return a status and what goes with it."""
        url = urlsplit(target)
        refused = self.reading if method == "GET" else self.writing
        if refused != 200:
            return refused, {"message": "Resource not accessible by integration"}
        if (method, url.path) == ("GET", f"{REPOSITORY}/issues/7/comments"):
            page, size = (int(parse_qs(url.query)[name][0]) for name in ("page", "per_page"))
            return 200, self.comments[(page - 1) * size : page * size]
        self.writes.append(f"{method} {url.path}")
        if (method, url.path) == ("POST", f"{REPOSITORY}/issues/7/comments"):
            self.add(content["body"])
            return 201, self.comments[-1]
        for comment in self.comments:
            if (method, url.path) == ("PATCH", f"{REPOSITORY}/issues/comments/{comment['id']}"):
                comment["body"] = content["body"]
                return 200, comment
        return 404, {"message": "Not Found"}


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A server on the loopback, which wants the token in every request."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
            known = self.headers["Authorization"] == "Bearer secret"
            status, found = state.answer(self.command, self.path, content) if known else (401, {})
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET  # noqa: N815  # the names that the server looks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


def post(github: GitHub, folder: Path, body: str = "# disk better\n") -> subprocess.CompletedProcess[str]:
    """Run the script as the workflow does."""
    (folder / "comment.md").write_text(MARK + body)
    variables = {"GITHUB_API_URL": github.address, "GITHUB_REPOSITORY": "owner/project", "GITHUB_TOKEN": "secret"}
    command = [sys.executable, str(SCRIPT), "comment.md", "7"]
    return subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False)


def test_the_first_review_is_a_new_comment(github: GitHub, tmp_path: Path) -> None:
    github.add("looks good to me", "a colleague")
    done = post(github, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "commented\n", "")
    assert [comment["body"] for comment in github.comments] == ["looks good to me", f"{MARK}# disk better\n"]


def test_the_next_one_brings_it_up_to_date(github: GitHub, tmp_path: Path) -> None:
    post(github, tmp_path, "# disk better: ± 0,01 \U0001f31e\n")
    done = post(github, tmp_path, "# disk worse\n")
    assert (done.returncode, done.stdout) == (0, "the comment is up to date\n")
    assert [comment["body"] for comment in github.comments] == [f"{MARK}# disk worse\n"]


def test_an_earlier_comment_is_found_on_a_later_page(github: GitHub, tmp_path: Path) -> None:
    for number in range(100):
        github.add(f"comment {number}", "a colleague")
    github.add(f"{MARK}# disk worse\n")
    post(github, tmp_path)
    assert github.writes == [f"PATCH {REPOSITORY}/issues/comments/1100"]


def test_what_somebody_quotes_is_left_alone(github: GitHub, tmp_path: Path) -> None:
    github.add(f"{MARK}copied", "a colleague")
    github.add(f"> {MARK}quoted")
    post(github, tmp_path)
    assert github.writes == [f"POST {REPOSITORY}/issues/7/comments"]


def test_nothing_changed_is_a_comment_only_where_one_is_to_be_corrected(github: GitHub, tmp_path: Path) -> None:
    done = post(github, tmp_path, "Nothing changed in parameters and results.\n")
    assert done.stdout == "nothing changed, which needs no comment\n"
    assert github.comments == []
    post(github, tmp_path)
    post(github, tmp_path, "Nothing changed in parameters and results.\n")
    assert github.comments[0]["body"].endswith("Nothing changed in parameters and results.\n")


@pytest.mark.parametrize("refused", ["reading", "writing"])
def test_without_the_right_to_comment_the_summary_has_to_do(github: GitHub, tmp_path: Path, refused: str) -> None:
    setattr(github, refused, 403)
    done = post(github, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "::notice::this token may not comment; the review is in the summary of the job\n"
    assert github.writes == []


@pytest.mark.parametrize(("refused", "status"), [("reading", 502), ("writing", 500), ("reading", 404)])
def test_another_refusal_is_one_sentence(github: GitHub, tmp_path: Path, refused: str, status: int) -> None:
    setattr(github, refused, status)
    done = post(github, tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    (sentence,) = done.stdout.splitlines()
    assert sentence.startswith(f"::error::{github.address} answered {status} ")
    assert sentence.endswith("; run this job again, the review is in the summary of the job")


def test_no_answer_at_all_is_one_sentence(github: GitHub, tmp_path: Path) -> None:
    github.address = "http://127.0.0.1:9"
    done = post(github, tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("::error::http://127.0.0.1:9 did not answer (")
    assert done.stderr == ""
