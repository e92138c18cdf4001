"""Git and DVC repositories of a few files, made in the folder in which a test runs."""

import subprocess
import sys


def shell(*command: str) -> str:
    """Run a command, and return what it printed; fail with its errors if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_repository() -> None:
    """Make a Git and DVC repository in this folder, without a commit."""
    shell("git", "init", "-q", "-b", "main")
    shell("git", "config", "user.name", "a user")
    shell("git", "config", "user.email", "user@example.org")
    shell(sys.executable, "-m", "dvc", "init", "-q")
    shell(sys.executable, "-m", "dvc", "config", "core.analytics", "false")


def commit_all(message: str) -> None:
    """Commit all files of this folder."""
    shell("git", "add", "-A")
    shell("git", "commit", "-q", "-m", message)
