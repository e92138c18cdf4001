"""Writes the review of a change: the working folder against an earlier commit, on a page with figures."""

from pathlib import Path

from solarflare.core import params
from solarflare.core.files import atomic_directory, atomic_path
from solarflare.core.tasks import TASKS
from solarflare.tracking import dvc_state, git
from solarflare.tracking.review import change_figures, page, revisions
from solarflare.tracking.review.score_changes import compare
from solarflare.tracking.review.verdicts import Review, headline
from solarflare.verification.evaluation.schema import EvaluateParams
from solarflare.verification.scores import seeds

__all__ = ["headline", "write"]


def write(base: str, path: Path) -> Review:
    """Compare the working folder with the commit at which it branched off from `base`, and write a page about it.

    Parameters
    ----------
    base : str
        A branch, a tag or a commit. As in a pull request, the last commit that HEAD shares with it is compared.
    path : Path
        The page to write. Its figures go into a folder of the same name without ``.md``. An old folder is replaced.

    Returns
    -------
    Review
        What the page says.

    Raises
    ------
    InputError
        If there is no such commit, or if a file that is compared is broken.
    """
    settings = params.load(EvaluateParams).evaluate
    commit = git.shared_commit(base)
    before, after, code = revisions.read(commit), revisions.read(), revisions.changed_code(commit)
    comparisons = []
    for task in TASKS:
        spread = seeds.read(task, before.files.get(seeds.PATH), before.parameters)
        reseeded = not code and seeds.reseeded(task, before.parameters, after.parameters)
        comparisons.append(compare(task, before.tasks[task], after.tasks[task], settings, spread, reseeded))
    instruments = [after.parameters[f"instrument.{task}"] for task in TASKS]
    folder = path.with_suffix("")
    with atomic_directory(folder) as partial:
        drawings = [
            (heading, [f"{folder.name}/{file}" for file in files])
            for comparison, instrument in zip(comparisons, instruments, strict=True)
            for heading, files in change_figures.draw(comparison, instrument, partial)
        ]
    name = f"`{commit[:7]}`" if commit.startswith(base) else f"`{commit[:7]}` of {base}"
    review = Review(name, before, after, comparisons, code, dvc_state.modified(), drawings)
    with atomic_path(path) as partial:
        partial.write_text(page.render(review))
    return review
