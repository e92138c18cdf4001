"""Answers for files of images, one after another, in the terminal and as pictures."""

import json
from collections.abc import Sequence
from pathlib import Path

from solarflare.predict import answer_text
from solarflare.predict.choose import Choice
from solarflare.predict.images import ImageFile


def answer(files: Sequence[ImageFile], choice: Choice, as_json: bool = False, figures: Path | None = None) -> bool:
    """Print an answer for each image, and return whether all have one.

    Before the first answer of some networks, they say what they answer and what trained them. With `as_json` each
    answer is a line of JSON. With `figures`, a folder gets a picture of each answer.
    """
    introduced = None
    complete = True
    for file in files:
        predictor = choice.predictor(file)
        if predictor is not introduced and not as_json:
            print("\n".join(answer_text.heading(predictor.networks)))
        introduced = predictor
        given = predictor(file)
        complete &= not given.refusal
        said = given, predictor.networks
        print(json.dumps(answer_text.content(*said)) if as_json else "\n".join(answer_text.lines(*said)), flush=True)
        if figures and not given.refusal:
            # Imported here: Matplotlib takes a second.
            from solarflare.predict import picture

            picture.save(given, predictor.networks, figures)
    return complete
