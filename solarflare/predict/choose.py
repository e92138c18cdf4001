"""Which networks answer for an image: those that the user names, the project's own, or the shipped ones."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from solarflare.core import params, paths
from solarflare.core.console import log
from solarflare.core.tasks import TASKS, Task
from solarflare.predict import known_records, pretrained, trained
from solarflare.predict.images import ImageFile, simulated_hashes
from solarflare.predict.network import Network
from solarflare.predict.predictor import Predictor
from solarflare.predict.regions import RegionLookup, lookup

if TYPE_CHECKING:
    from solarflare.sources.live.schema import Live


@dataclass(frozen=True)
class Wish:
    """What the user asks for.

    Attributes
    ----------
    models : str or None
        The option ``--models``: networks that answer for all images.
    regions : str or None
        The option ``--regions``.
    simulated_model : bool
        Whether networks that were trained on the simulated Sun may answer for the real Sun.
    tasks : tuple of Task
        The tasks whose networks answer.
    flares : str or None
        The option ``--flares``: past flares for the fusion of image and records.
    """

    models: str | None = None
    regions: str | None = None
    simulated_model: bool = False
    tasks: tuple[Task, ...] = TASKS
    flares: str | None = None


class Choice:
    """Chooses the networks for each image, and loads them with the first image that needs them.

    Without a name, a project's own networks in ``models/`` come first. The shipped networks answer for real images of
    an instrument that no own network of the real Sun knows.

    Raises
    ------
    InputError
        If there are no networks, or they are broken.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self._lookup: RegionLookup = lookup(wish.regions, self.live)
        self._own = [] if wish.models else trained.described(paths.MODELS)
        self._simulated_hashes = simulated_hashes() if self._own else set()
        self._load: Callable[[str], Predictor] = cache(self._predictor)

    @property
    def all_shipped(self) -> bool:
        """Whether only shipped networks can be chosen."""
        return pretrained.holds(Path(self.wish.models)) if self.wish.models else not self._own

    def predictor(self, image: ImageFile) -> Predictor:
        """Return the networks that answer for an image, or refuse it."""
        if self.wish.models:
            return self._load(self.wish.models)
        simulated = image.digest in self._simulated_hashes
        for about in self._own:
            same_sun = simulated == (about.origin == "simulated") or (self.wish.simulated_model and not simulated)
            if about.instrument == image.instrument and same_sun:
                return self._load(str(paths.MODELS))
        shipped = pretrained.instruments()
        if image.instrument in shipped and not simulated:
            return self._load(str(pretrained.FOLDER / str(image.instrument)))
        # None knows the image, and the refusal says whose images are known.
        return self._load(str(paths.MODELS if self._own or not shipped else pretrained.FOLDER / shipped[0]))

    def of_today(self) -> Predictor:
        """Return the networks that answer for the real Sun of today: the user's, else the shipped ones."""
        own = self.wish.models or any(about.origin != "simulated" for about in self._own) or self.wish.simulated_model
        shipped = pretrained.instruments()
        if own or not shipped:
            return self._load(self.wish.models or str(paths.MODELS))
        return self._load(str(pretrained.FOLDER / shipped[0]))

    def live(self) -> "Live":
        """Return how images and regions of today are fetched: as in the networks' own parameters, or the project's."""
        from solarflare.predict.schema import PredictParams

        if self.wish.models and not pretrained.holds(Path(self.wish.models)):
            return trained.find(self.wish.models)[1].scrape.live
        return params.load(PredictParams).scrape.live

    def _predictor(self, name: str) -> Predictor:
        # Beside a folder are the tables that trained its networks; the project's own are of another Sun perhaps.
        raw = Path(name).parent / paths.RAW if Path(name).is_dir() else None
        records = known_records.lookup(self.wish.flares, self.wish.regions, raw, self.live)
        by_task = networks(name, self.wish.tasks)
        if multiprocessing.parent_process() is None:  # a worker would repeat it
            _say_what_is_missing(Path(name), self.wish.tasks)
        return Predictor(by_task, self._lookup, self.wish.simulated_model, records)


def _say_what_is_missing(folder: Path, tasks: tuple[Task, ...]) -> None:
    """Warn of each task whose folder is not there. A task that is off has a folder that says so."""
    for task in tasks:
        if folder.is_dir() and not (folder / task).exists():
            log.warning("warning: %s has no folder %s, so nothing is answered for %s", folder, task, task)


def networks(name: str, tasks: tuple[Task, ...] = TASKS) -> dict[Task, Network]:
    """Return the networks that a name means, by task: a folder of shipped networks, or as in `trained.find`."""
    if pretrained.holds(Path(name), tasks):
        return pretrained.load(Path(name), tasks)
    folder, chosen = trained.find(name, tasks)
    return trained.load(folder, chosen, tasks, name)
