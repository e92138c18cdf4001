"""What Git knows of the project. Every command that fails raises the same error."""

from solarflare.core import parent
from solarflare.core.errors import InputError


def output(*arguments: str) -> str:
    """Return what ``git`` with these arguments prints, unchanged: a line of a status may begin with a space.

    Raises
    ------
    InputError
        If Git is not installed or fails, for example outside a repository.
    """
    return _run(*arguments).decode()


def commit(name: str) -> str | None:
    """Return the hash of the commit with this name, or None if it names no commit here.

    `name` is a branch, a tag, a reference or a hash.
    """
    try:
        return output("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
    except InputError:
        return None


def shared_commit(base: str) -> str:
    """Return the last commit that HEAD shares with `base`. A pull request starts there.

    Raises
    ------
    InputError
        If `base` is no branch, tag or commit here, or if there is no shared commit.
    """
    if not (revision := commit(base)):
        remedy = "fetch it, or name another with --base (with make: BASE=...)"
        raise InputError(f"{base!r} is no branch, tag or commit here; {remedy}")
    try:
        return output("merge-base", revision, "HEAD").strip()
    except InputError:
        remedy = "fetch their history with `git fetch --unshallow`"
        raise InputError(f"{base} and HEAD share no commit; {remedy}") from None


def content(path: str, revision: str) -> bytes | None:
    """Return the content of a file in a commit, or None if it is not there.

    `path` is relative to the working folder.
    """
    try:
        return _run("show", f"{revision}:./{path}")
    except InputError:
        return None


def files(revision: str, *paths: str) -> list[str]:
    """Return the paths of all files of a commit that are below `paths`, or are one of them.

    Raises
    ------
    InputError
        If there is no such commit.
    """
    return output("ls-tree", "-r", "-z", "--name-only", revision, *paths).split("\0")[:-1]


def _run(*arguments: str) -> bytes:
    try:
        done = parent.run(["git", *arguments], capture_output=True)
    except FileNotFoundError:
        raise InputError("git is not installed: install it (Debian: apt install git)") from None
    if done.returncode:
        reason = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.returncode}"
        raise InputError(f"`git {' '.join(arguments[:2])}`: {reason}; run this in a clone of the project")
    return done.stdout
