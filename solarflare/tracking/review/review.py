"""Writes the review of a change: the working folder against an earlier commit, on a page with figures."""

from pathlib import Path

from solarflare.core import params
from solarflare.core.errors import InputError
from solarflare.core.files import OutputFolder, atomic_path, check_output_file
from solarflare.core.tasks import TASKS
from solarflare.tracking import dvc_state, git, markdown
from solarflare.tracking.review import change_figures, page, revisions
from solarflare.tracking.review.score_changes import compare, without_edits
from solarflare.tracking.review.verdicts import Review, headline
from solarflare.verification.evaluation.schema import EvaluationParams
from solarflare.verification.scores import seeds

__all__ = ["headline", "write"]


def write(base: str, path: Path) -> Review:
    """Compare the working folder with the commit at which it branched off from `base`, and write a page about it.

    Parameters
    ----------
    base : str
        A branch, a tag or a commit. As in a pull request, the last commit that HEAD shares with it is compared.
    path : Path
        The page to write, with a name that ends in ``.md``. Its figures go into a folder of the same name without it.
        A page and figures of an earlier review are replaced.

    Returns
    -------
    Review
        What the page says.

    Raises
    ------
    InputError
        If there is no such commit, if a file that is compared is broken, or if the page or its folder would replace
        something that no review wrote.
    """
    if path.suffix != ".md":
        raise InputError(f"--page is {path}: name a file that ends in .md; its figures go into a folder beside it")
    check_output_file(path, page.MARK)
    folder = path.with_suffix("")
    figures = OutputFolder(folder)
    chosen = params.load(EvaluationParams)
    settings = chosen.evaluate
    commit = git.shared_commit(base)
    before, after, code = revisions.read(commit), revisions.read(), revisions.changed_code(commit)
    outdated = dvc_state.modified()
    names = {name for names in outdated.values() for name in names}
    comparisons = []
    for task in TASKS:
        spread = seeds.read(task, before.files.get(seeds.PATH), before.parameters)
        reseeded = not code and seeds.reseeded(task, before.parameters, after.parameters)
        compared = compare(task, before.tasks[task], after.tasks[task], settings, spread, reseeded)
        comparisons.append(without_edits(compared, names))
    instruments = [chosen.instrument.of(task) for task in TASKS]
    with figures.replaced() as partial:
        drawings = [
            (heading, [f"{folder.name}/{file}" for file in files])
            for comparison, instrument in zip(comparisons, instruments, strict=True)
            for heading, files in change_figures.draw(comparison, instrument, partial)
        ]
    name = f"`{commit[:7]}`" if commit.startswith(base) else f"`{commit[:7]}` of {markdown.code(base)}"
    review = Review(name, before, after, comparisons, code, outdated, drawings)
    with atomic_path(path) as partial:
        partial.write_text(page.render(review), encoding="utf-8")
    return review
