"""Post a review as a comment of a pull request on GitHub, or update the comment of an earlier review.

``python3 .ci/comment.py comment.md NUMBER``, with ``GITHUB_REPOSITORY``, ``GITHUB_API_URL`` and ``GITHUB_TOKEN`` set as
in a workflow. Only the standard library: the job with the right to write runs nothing else.
``gh pr comment --edit-last`` would edit the bot's last comment, whatever it is, and not that of the review.
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
SUMMARY = "the review is in the summary of the job"


def request(method: str, path: str, content: dict[str, Any] | None = None) -> Any:
    """Send a request about the repository to GitHub's API, and return the answer."""
    message = urllib.request.Request(  # noqa: S310  # the scheme is the workflow's own
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"},
    )
    with urllib.request.urlopen(message, timeout=30) as response:  # noqa: S310
        return json.load(response)


def earlier_comment(number: str) -> int | None:
    """Return the id of the comment of an earlier review, if there is one."""
    page = 1
    while comments := request("GET", f"issues/{number}/comments?per_page={PER_PAGE}&page={page}"):
        for comment in comments:
            if comment["user"]["login"] == BOT and comment["body"].startswith(MARK):
                return comment["id"]
        page += 1
    return None


def post(body: str, number: str) -> str:
    """Post or update the comment, and return what was done."""
    comment = earlier_comment(number)
    if comment is not None:
        request("PATCH", f"issues/comments/{comment}", {"body": body})
        return "the comment is up to date"
    if body.removeprefix(MARK).startswith("Nothing changed"):
        return "nothing changed, which needs no comment"
    request("POST", f"issues/{number}/comments", {"body": body})
    return "commented"


def fail(event: str) -> NoReturn:
    """Print in one sentence what GitHub did, and exit with code 1."""
    print(f"::error::{os.environ['GITHUB_API_URL']} {event}; run this job again, {SUMMARY}")
    sys.exit(1)


def main() -> None:
    """Post the review; where the token may not write, print where the review is."""
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
