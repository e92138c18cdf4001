"""Post a review as a comment of a pull request on GitHub, or bring the comment of an earlier review up to date.

``python3 .ci/comment.py comment.md NUMBER``, with ``GITHUB_REPOSITORY``, ``GITHUB_API_URL`` and ``GITHUB_TOKEN`` set as
in a workflow. The standard library alone: the job that may write runs nothing else.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

MARK = "<!-- solarflare review -->\n"
BOT = "github-actions[bot]"
PER_PAGE = 100
SUMMARY = "the review stands in the summary of the job"


def ask(method: str, path: str, content: dict[str, Any] | None = None) -> Any:
    """Ask GitHub's API about the repository."""
    request = urllib.request.Request(  # noqa: S310  # the scheme is the workflow's own
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)


def earlier(number: str) -> int | None:
    """Return the id of the comment of an earlier review, if there is one."""
    page = 1
    while comments := ask("GET", f"issues/{number}/comments?per_page={PER_PAGE}&page={page}"):
        for comment in comments:
            if comment["user"]["login"] == BOT and comment["body"].startswith(MARK):
                return comment["id"]
        page += 1
    return None


def post(body: str, number: str) -> str:
    """Post or update the comment, and return what was done."""
    comment = earlier(number)
    if comment is not None:
        ask("PATCH", f"issues/comments/{comment}", {"body": body})
        return "the comment is up to date"
    if body.removeprefix(MARK).startswith("Nothing changed"):
        return "nothing changed, which needs no comment"
    ask("POST", f"issues/{number}/comments", {"body": body})
    return "commented"


def fail(what: str) -> NoReturn:
    """Say in one sentence what GitHub did, and fail."""
    print(f"::error::{os.environ['GITHUB_API_URL']} {what}; run this job again, {SUMMARY}")
    sys.exit(1)


def main() -> None:
    """Post, and where the token may not write say where the review is to be found."""
    path, number = sys.argv[1:]
    try:
        print(post(Path(path).read_text(), number))
    except urllib.error.HTTPError as error:
        if error.code != 403:
            fail(f"answered {error.code} ({error.reason})")
        print(f"::notice::this token may not comment; {SUMMARY}")
    except OSError as error:
        fail(f"did not answer ({error})")


if __name__ == "__main__":
    main()
