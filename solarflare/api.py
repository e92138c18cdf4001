"""The project from Python: ``import solarflare`` offers the names in `__all__`. docs/api.md shows how to use them.

Like `cli`, this module may import from all rooms, and no room imports it. Each function imports what it needs.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solarflare.core.errors import InputError
from solarflare.core.files import read_json
from solarflare.core.tasks import TASKS, Task
from solarflare.report import results_form

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Image = str | Path | np.ndarray

__all__ = ["InputError", "Model", "load_model", "metrics", "predictions", "run_profile"]


class Model:
    """The trained network of one task, ready to answer. `load_model` returns it.

    Attributes
    ----------
    task, instrument : str
        The task, and the instrument whose images the network knows.
    question : str
        The event whose probability the network gives, as the end of a sentence.
    base_rate, threshold : float
        How often the answer is yes at an average time, and the probability from which the answer is yes. Both are
        from 0 to 1.
    simulated : bool
        Whether the network was trained on the simulated Sun.
    """

    def __init__(self, task: Task, models: str, regions: str | None, simulated_model: bool) -> None:
        from solarflare.predict.choose import Choice, Wish

        self._predictor = Choice(Wish(models, regions, simulated_model, (task,))).of_today()
        network = self._predictor.networks[task]
        self.task, self.instrument = str(task), str(network.about.instrument)
        self.question, self.base_rate, self.threshold = network.question, network.base_rate, network.threshold
        self.simulated = network.simulated

    def __repr__(self) -> str:
        return f"<{self.task} of {self.instrument}: the probability that {self.question}>"

    def predict(
        self,
        images: "Image | Iterable[Image]",
        instrument: str | None = None,
        time: "str | dt.datetime | None" = None,
    ) -> "pd.DataFrame":
        """Answer for full-disk images, as ``solarflare predict`` does.

        Parameters
        ----------
        images : str, Path, array, or a list of these
            Files (JPEG, PNG, FITS, JPEG 2000), folders of them, or arrays of one image each: (H, W) or (H, W, 3)
            uint8, north up.
        instrument, time : str or datetime, optional
            The instrument and the time (UTC) of all images. By default the files tell them. An array
            needs both.

        Returns
        -------
        DataFrame
            For each image one row (``disk``) or a row for each region (``region``). If there is no probability,
            ``reason`` says why in one sentence. The columns are `solarflare.predict.answer_table.COLUMNS`.

        Raises
        ------
        InputError
            If a path does not exist, the instrument or the time is not known or is missing, or an array is no image.
        """
        from solarflare.predict import answer_table

        files = _images(images, instrument, _utc(time))
        return answer_table.table(map(self._predictor, files), Task(self.task), self.threshold)


def load_model(
    task: str, models: str | Path | None = None, *, regions: str | None = None, simulated_model: bool = False
) -> Model:
    """Load the trained network of a task.

    Parameters
    ----------
    task : str
        ``"disk"`` or ``"region"``.
    models : str or Path, optional
        As the option ``--models`` of ``solarflare predict``: a folder of networks, ``"champion"``, the id of a run in
        MLflow, or an experiment or commit. By default the champion or, with a warning, ``models/`` if there is none, or
        the shipped network for AIA 211 if that has none.
    regions : str, optional
        Where the regions of an image are, as the option ``--regions``: a file, ``"swpc"`` or ``"image"``.
    simulated_model : bool
        Whether a network that was trained on the simulated Sun may answer for the real Sun.

    Raises
    ------
    InputError
        If the task is not known, or there is no such network.
    """
    return Model(_task(task), _default(_task(task)) if models is None else str(models), regions, simulated_model)


def predictions(task: str) -> "pd.DataFrame":
    """Return the forecasts for the test rows of a task, with the columns of `solarflare.core.tables.PREDICTIONS`.

    Raises
    ------
    InputError
        If the task is not known, or its networks are not scored.
    """
    from solarflare.core import tables

    return tables.read(_task(task).predictions, tables.PREDICTIONS)


def metrics() -> dict[str, Any]:
    """Return the test scores by task, as nested dictionaries. docs/metrics.md explains their names.

    Raises
    ------
    InputError
        If the networks are not scored.
    """
    return {str(task): results_form.read_evaluation(task.details) for task in TASKS}


def run_profile(name: str, archive: str | Path | None = None) -> dict[str, Any]:
    """Run a profile as DVC experiments, as ``solarflare experiment`` does. The workspace does not change.

    Parameters
    ----------
    name : str
        A file in ``profiles/``, without ``.yaml``.
    archive : str or Path, optional
        The folder that a profile on real data imports.

    Returns
    -------
    dict
        The content of ``docs/results/<name>.json``, which this function writes: the scores of each variant.

    Raises
    ------
    InputError
        If there is no such profile, it needs an archive, or a stage fails.
    """
    from solarflare.tracking import profiles, published_results

    profile = profiles.read(name, None if archive is None else Path(archive))
    published_results.collect(profile, profiles.run(profile))
    return read_json(published_results.RESULTS / f"{name}.json", "evaluate")


def _task(name: str) -> Task:
    if name not in TASKS:
        raise InputError(f"the task is {name!r}; expected {' or '.join(TASKS)}")
    return Task(name)


def _default(task: Task) -> str:
    from solarflare.core import paths
    from solarflare.core.console import log
    from solarflare.predict import pretrained
    from solarflare.tracking.mlflow import logged_models, registry

    if logged_models.has_champion(task):
        return registry.CHAMPION
    models = paths.MODELS if (paths.MODELS / task).is_dir() else pretrained.FOLDER / pretrained.instruments()[0]
    log.warning("warning: MLflow has no champion of %s; the network of %s/ answers", task, models)
    return str(models)


def _images(images: Any, instrument: str | None, time: dt.datetime | None) -> list[Any]:
    """Return the images of paths and arrays, in their order."""
    from solarflare.predict.images import find_images, from_array

    single = isinstance(images, str | Path) or hasattr(images, "dtype")
    listed: list[Any] = []
    for position, image in enumerate([images] if single else images):
        if hasattr(image, "dtype"):
            listed.append(from_array("the array" if single else f"array {position}", image, instrument, time))
        elif isinstance(image, str | Path):
            listed += find_images([Path(image)], instrument, time)
        else:
            raise InputError(f"image {position} is {type(image).__name__}; expected a path or a numpy array")
    return listed


def _utc(time: str | dt.datetime | None) -> dt.datetime | None:
    """Return a time in UTC without a zone."""
    import pandas as pd

    if time is None:
        return None
    try:
        stamp: pd.Timestamp | None = pd.Timestamp(time)
    except (ValueError, TypeError):
        stamp = None
    if stamp is None or pd.isna(stamp):
        raise InputError(f"the time is {time!r}; expected a time in UTC, such as 2014-02-01T12:00")
    return stamp if stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)
