"""An image in, an answer out: a probability for the disk and for each region, or one sentence why there is none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from solarflare.core import absent, params, paths
from solarflare.core.console import log
from solarflare.core.errors import InputError
from solarflare.core.paths import RAW
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.crops.cutter import find_disk
from solarflare.predict import regions
from solarflare.predict.images import Asked, Simulated
from solarflare.predict.regions import Reports
from solarflare.predict.schema import PredictParams
from solarflare.predict.trained import Network
from solarflare.sun.images import imaging
from solarflare.sun.images.geometry import Disk, located
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import Instrument
from solarflare.tracking import profiles

DECIMALS = 4

CURES: dict[Instrument, str] = {
    "aia211": "train some on real images with `solarflare experiment sdo-euv --archive FOLDER` and add --models "
    "sdo-euv-test-2014",
    "hmi": "train some on real images with `solarflare experiment sdo-magnetogram --archive FOLDER` and add --models "
    "sdo-magnetogram-folds",
}
"""How to get networks for an instrument's real images, where there is a profile."""


def cure(instrument: Instrument) -> str:
    """Return what to do where the networks know the simulated Sun alone and the image of an instrument is real."""
    by_hand = f"train some on real images of {instrument} (scrape.origin: live or archive in params.yaml, `dvc repro`)"
    return f"{CURES.get(instrument, by_hand)}, or add --simulated-model for an answer that means little"


@dataclass(frozen=True)
class Region:
    """What is said of a region: its number if it has one, where it is, and a probability or the reason for none."""

    noaa_ar: int | None
    latitude: float
    longitude: float
    probability: float | None
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What is said of an image.

    Attributes
    ----------
    asked : Asked
        The image.
    refusal : str
        Why there is no answer; blank if there is one.
    disk : float or None
        The probability of the disk's question; None if no network was trained on this instrument's disks.
    regions : list of Region or None
        None if no network was trained on this instrument's regions.
    regions_from : str
        Who says where they are.
    seen : Disk or None
        Where the Sun is in the image.
    """

    asked: Asked
    refusal: str = ""
    disk: float | None = None
    regions: list[Region] | None = None
    regions_from: str = ""
    seen: Disk | None = None


class Refused(Exception):  # noqa: N818 - an answer, not a mistake
    """There is no answer for this image, for the reason that is given."""


def trained(name: str) -> tuple[Path, PredictParams]:
    """Return where networks are, and the parameters that they were trained with.

    Parameters
    ----------
    name : str
        A folder that holds ``disk`` and ``region``, or what `profiles.models` knows. The parameters are those beside
        it, or else the project's.

    Raises
    ------
    InputError
        If there is neither, or the parameters are broken.
    """
    try:
        folder = Path(name) if Path(name).is_dir() else profiles.models(name)
    except InputError as error:
        raise InputError(f"{error}, {_training(name)}") from None
    beside = folder.parent / paths.PARAMS.name
    return folder, params.load(PredictParams, beside if beside.is_file() else paths.PARAMS)


def _training(name: str) -> str:
    """Return how to get networks that are not there, of which the name may be that of a profile and its variant."""
    fitting = [path.stem for path in profiles.PROFILES.glob("*.yaml") if name.startswith(f"{path.stem}-")]
    if not fitting:
        return "and `dvc repro` trains those in models/"
    return f"and `solarflare experiment {max(fitting, key=len)}` trains this one"


class Predictor:
    """The networks of a project, ready to be asked.

    Parameters
    ----------
    models : Path
        The folder that holds ``disk`` and ``region``.
    chosen : PredictParams
        Those that they were trained with.
    reports : callable
        Where regions are looked up; what it does not know is found in the image.
    simulated_model : bool
        Whether networks that know the simulated Sun alone may answer for the real one.
    name : str, optional
        What the networks are called in answers, such as that of an experiment; the folder's if there is none.

    Raises
    ------
    InputError
        If there is no network, or one is broken.
    """

    def __init__(
        self, models: Path, chosen: PredictParams, reports: Reports, simulated_model: bool = False, name: str = ""
    ) -> None:
        there = [task for task in TASKS if (models / task).is_dir() and absent.reason(models / task) is None]
        if not there:
            raise InputError(f"{models} holds no network; train some with `dvc repro`, or name another with --models")
        self.name = name or models.as_posix()
        self.networks = {task: Network(task, models / task, chosen) for task in there}
        if simulated_model:
            log.warning("warning: these networks have seen the simulated Sun alone; of the real one they know little")
        self._reports, self._simulated, self._simulated_model = reports, Simulated(RAW), simulated_model

    @property
    def instruments(self) -> list[Instrument]:
        """Whose images the networks know, that of the disk first."""
        return list(dict.fromkeys(network.cutter.instrument for network in self.networks.values()))

    @property
    def knows_the_sun(self) -> bool:
        """Whether any network may answer for the real Sun."""
        return self._simulated_model or any(one.about.origin != "simulated" for one in self.networks.values())

    def __call__(self, asked: Asked) -> Answer:
        """Answer for one image."""
        try:
            return self._answer(asked)
        except Refused as refusal:
            return Answer(asked, refusal=str(refusal))

    def _answer(self, asked: Asked) -> Answer:
        instrument, time = asked.instrument, asked.time
        if instrument is None or time is None:
            raise Refused("its name does not say who took it and when; say so with --instrument and --time")
        networks = self._fitting(instrument)
        if reason := imaging.refusal(asked.path, instrument):
            raise Refused(f"it is no image of {instrument}: {reason}")
        self._check_origin(asked.path, networks)
        image = imaging.decode(asked.path, "RGB")
        grey = imaging.grey(image)
        seen = find_disk(grey, instrument, time)
        if not seen.fitted or not _whole(seen, grey.shape):
            raise Refused(f"the whole disk of the Sun is not where {instrument} would show it at that time")
        disk = self._disk(networks[Task.DISK], grey, seen, time) if Task.DISK in networks else None
        if Task.REGION not in networks:
            return Answer(asked, seen=seen, disk=disk)
        located = self._reports(time) or regions.in_image(grey, instrument, seen, time)
        found = self._regions(networks[Task.REGION], image, seen, time, located.rows)
        return Answer(asked, seen=seen, disk=disk, regions=found, regions_from=located.origin)

    def _fitting(self, instrument: Instrument) -> dict[Task, Network]:
        """Return the networks that were trained on an instrument's images."""
        fitting = {task: network for task, network in self.networks.items() if network.about.instrument == instrument}
        if not fitting:
            known = " and ".join(f"{task}s of {network.about.instrument}" for task, network in self.networks.items())
            raise Refused(f"it is of {instrument}, and the networks of {self.name} know {known} alone")
        return fitting

    def _check_origin(self, path: Path, networks: dict[Task, Network]) -> None:
        """Refuse an image of one Sun to networks that know the other."""
        simulated = path in self._simulated
        for network in networks.values():
            if simulated and network.about.origin != "simulated":
                raise Refused(f"it is of the simulated Sun, and the networks of {self.name} know the real one")
            if not simulated and network.about.origin == "simulated" and not self._simulated_model:
                way_out = cure(network.cutter.instrument)
                raise Refused(
                    f"it is of the real Sun, and the networks of {self.name} know the simulated one: {way_out}"
                )

    def _disk(self, network: Network, grey: Pixels, seen: Disk, time: pd.Timestamp) -> float:
        """Return the probability of the disk's question."""
        crop = network.cutter.cut(grey, seen, located(pd.DataFrame({"time": [time]})))
        if reason := network.refusal(crop[0]):
            raise Refused(f"it looks like nothing that the network has seen: {reason}")
        return round(float(network.probabilities(crop)[0]), DECIMALS)

    def _regions(
        self, network: Network, image: Pixels, seen: Disk, time: pd.Timestamp, rows: pd.DataFrame
    ) -> list[Region]:
        """Return what is said of each region."""
        if rows.empty:
            return []
        cutouts = network.cutter.cut(image, seen, located(rows.assign(time=time)))
        reasons = [network.refusal(cutout) or "" for cutout in cutouts]
        if all(reasons):
            raise Refused(f"its regions look like nothing that the network has seen: of the first, {reasons[0]}")
        farthest = network.about.question["max_longitude"]
        beyond = f"beyond {farthest:g} degrees from the central meridian"
        probabilities = network.probabilities(cutouts).round(DECIMALS).tolist()
        reasons = [
            reason or (beyond if abs(longitude) > farthest else "")
            for reason, longitude in zip(reasons, rows["longitude"].tolist(), strict=True)
        ]
        return [_region(*said) for said in zip(rows.itertuples(), probabilities, reasons, strict=True)]


def _region(row: Any, probability: float, reason: str) -> Region:
    noaa_ar = None if pd.isna(row.noaa_ar) else int(row.noaa_ar)
    place = round(float(row.latitude), 1), round(float(row.longitude), 1)
    return Region(noaa_ar, *place, None if reason else probability, reason)


def _whole(disk: Disk, shape: tuple[int, ...]) -> bool:
    """Tell whether a disk lies within an image."""
    height, width = shape
    return disk.radius <= min(disk.x, disk.y, width - 1 - disk.x, height - 1 - disk.y)
