"""Answers for files of images, one after another, in the terminal and as pictures."""

from collections.abc import Iterator, Sequence
from functools import cache

from solarflare.core import strict_json
from solarflare.core.files import OutputFolder
from solarflare.core.tasks import Task
from solarflare.core.workers import worker_pool
from solarflare.predict import answer_text, terminal_picture
from solarflare.predict.choose import Choice, Wish
from solarflare.predict.images import ImageFile
from solarflare.predict.predictor import ImageAnswer
from solarflare.predict.regions import within_noaa_list

MANY = 16  # images for which it pays to start processes
AT_ONCE = 8  # images that a process takes at a time


def answer(files: Sequence[ImageFile], wish: Wish, as_json: bool = False, figures: OutputFolder | None = None) -> bool:
    """Print an answer for each image, and return whether all have one.

    Before the first answer of some networks, they say what they answer and what trained them; before a refusal they say
    nothing. A terminal shows the picture of a single image. With `as_json` each answer is a line of JSON. With
    `figures`, a folder gets a picture of each answer.
    """
    choice, introduced, complete = Choice(wish), None, True
    if figures:
        # Imported here: Matplotlib takes a second.
        from solarflare.predict import picture

        names = picture.names([file.path for file in files])
    for image_answer in answers(files, choice):
        networks = choice.predictor(image_answer.image).networks
        complete &= not image_answer.refusal
        if as_json:
            print(strict_json.dumps(answer_text.content(image_answer, networks)), flush=True)
        else:
            shown = len(files) == 1 and not image_answer.refusal and terminal_picture.wanted()
            drawn = terminal_picture.lines(image_answer, networks.get(Task.REGION)) if shown else ()
            is_new = networks is not introduced and not image_answer.refusal
            heading = answer_text.heading(networks) if is_new else ()
            print("\n".join([*heading, *drawn, *answer_text.lines(image_answer, networks, shown)]), flush=True)
            introduced = networks if is_new else introduced
        if figures and not image_answer.refusal:
            picture.save(image_answer, networks, figures, names[image_answer.image.path])
    return complete


def answers(files: Sequence[ImageFile], choice: Choice) -> Iterator[ImageAnswer]:
    """Yield the answer for each image, in their order.

    Many images are divided among processes. Keras' networks stay in one process, which uses all cores. So do images
    whose regions NOAA's list may have: it is fetched once.
    """
    recent = choice.wish.regions in (None, "swpc") and any(within_noaa_list(file.time) for file in files)
    if len(files) < MANY or recent or not choice.all_shipped:
        yield from (choice.predictor(file)(file) for file in files)
        return
    with worker_pool() as pool:
        yield from pool.map(_answer, [choice.wish] * len(files), files, chunksize=AT_ONCE)


def _answer(wish: Wish, file: ImageFile) -> ImageAnswer:
    return _choice(wish).predictor(file)(file)


@cache
def _choice(wish: Wish) -> Choice:
    """Return the networks of this process."""
    return Choice(wish)
