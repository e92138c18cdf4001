"""An image goes in, an answer comes out: a probability for the disk and for each region, or the reason for none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from solarflare.core.console import log
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import find_disk
from solarflare.predict import regions, trained
from solarflare.predict.images import ImageFile, simulated_hashes
from solarflare.predict.known_records import NONE_AT_HAND, RecordsLookup
from solarflare.predict.network import Network, Scores
from solarflare.predict.regions import KnownRegions, RegionLookup
from solarflare.sources.common.identity import UNNAMED
from solarflare.sun.events.questions import question_of
from solarflare.sun.images import imaging, usable
from solarflare.sun.images.coordinates import places_at
from solarflare.sun.images.disk import Disk
from solarflare.sun.images.imaging import Pixels
from solarflare.sun.images.instruments import INSTRUMENTS, Instrument, impossible_time

DECIMALS = 4
LEARNED_SIDE = 512
"""Pixels of the smallest images of all sources. An image of 300 pixels gave 0.49 where its original gave 0.99."""


@dataclass(frozen=True)
class RegionAnswer:
    """The answer for a region: its number if it has one, its place, and a probability or the `reason` for none."""

    noaa_ar: int | None
    latitude: float
    longitude: float
    probability: float | None
    reason: str = ""
    fusion: float | None = None  # the probability by image and records
    no_fusion: str = ""  # why there is none


@dataclass(frozen=True)
class ImageAnswer:
    """The answer for an image. `disk` or `regions` is None if no network of that task knows the image's instrument."""

    image: ImageFile
    refusal: str = ""  # why there is no answer; blank if there is one
    disk: float | None = None  # the probability of the disk's question, by the image alone
    fusion: float | None = None  # the same by image and records
    no_fusion: str = ""  # why there is none
    regions: list[RegionAnswer] | None = None
    regions_from: str = ""  # where the regions' places come from
    sun: Disk | None = None  # where the Sun is in the image


class Refused(Exception):  # noqa: N818 - a normal outcome, not an error
    """There is no answer for an image; the message is the reason."""


class Predictor:
    """The networks of a project, loaded and ready to answer.

    Parameters
    ----------
    networks : mapping
        The networks by task.
    lookup : callable
        Returns the regions at a time. If it returns None, the regions are found in the image.
    simulated_model : bool
        Whether networks that were trained on the simulated Sun may answer for the real Sun.
    records : callable
        Returns the records for a question and a time. Without it there is no fusion of image and records.
    """

    def __init__(
        self,
        networks: Mapping[Task, Network],
        lookup: RegionLookup,
        simulated_model: bool = False,
        records: RecordsLookup = lambda about, time: NONE_AT_HAND,
    ) -> None:
        self.networks, self.name = networks, next(iter(networks.values())).name
        if simulated_model and any(network.simulated for network in networks.values()):
            log.warning("warning: these networks saw only the simulated Sun; they know little of the real one")
        self._lookup, self._simulated_hashes, self._simulated_model = lookup, simulated_hashes(), simulated_model
        self._records = records

    @property
    def instruments(self) -> list[Instrument]:
        """The instruments whose images trained the networks; the disk network's comes first."""
        return list(dict.fromkeys(network.cutter.instrument for network in self.networks.values()))

    @property
    def knows_the_sun(self) -> bool:
        """Whether any network may answer for the real Sun."""
        return self._simulated_model or not all(network.simulated for network in self.networks.values())

    def __call__(self, image: ImageFile) -> ImageAnswer:
        """Answer for one image."""
        try:
            return self._answer(image)
        except Refused as refusal:
            return ImageAnswer(image, refusal=str(refusal))

    def _answer(self, image: ImageFile) -> ImageAnswer:
        instrument, time = image.instrument, image.time
        if image.unknown not in ("", UNNAMED):
            raise Refused(image.unknown)
        if instrument is None or time is None:
            known = ", ".join(INSTRUMENTS)
            raise Refused(f"its name does not tell instrument and time; give --instrument ({known}) and --time")
        networks = self._networks_of(instrument)
        if reason := image.refusal(instrument):
            raise Refused(f"it is no image of {instrument}: {reason}")
        self._check_origin(image, networks)
        # The simulated Sun has any time, and an array for its networks may be of it.
        simulated = image.digest in self._simulated_hashes
        may_be_simulated = image.digest is None and any(network.simulated for network in networks.values())
        if not simulated and not may_be_simulated and (reason := impossible_time(instrument, time)):
            raise Refused(f"it is no real image: {reason}")
        rgb = image.rgb(next(iter(networks.values())).cutter.settings.saturation)
        grey = imaging.grey(rgb)
        sun = find_disk(grey, instrument, time)
        height, width = grey.shape
        if width < LEARNED_SIDE:
            least = f"{LEARNED_SIDE} x {LEARNED_SIDE}"
            raise Refused(f"it has {width} x {height} pixels, and the networks learned from {least} or more")
        if not sun.fitted or sun.radius > min(sun.x, sun.y, width - 1 - sun.x, height - 1 - sun.y):
            raise Refused(f"the whole disk of the Sun is not where {instrument} would show it at that time")
        if missing := usable.missing_part(grey, sun):
            raise Refused(missing)
        if Task.REGION in networks and (reason := networks[Task.REGION].colour_refusal(middle(rgb, sun))):
            raise Refused(f"it is unlike the images that trained the network: {reason}")
        answer = ImageAnswer(image, sun=sun)
        if Task.DISK in networks:
            disk, (fusion, no_fusion) = self._disk(networks[Task.DISK], grey, sun, time)
            answer = replace(answer, disk=disk, fusion=fusion, no_fusion=no_fusion)
        if Task.REGION not in networks:
            return answer
        reports = self._lookup(time) or regions.in_image(grey, instrument, sun, time)
        answers = self._regions(networks[Task.REGION], rgb, sun, time, reports)
        return replace(answer, regions=answers, regions_from=reports.source)

    def _networks_of(self, instrument: Instrument) -> dict[Task, Network]:
        """Return the networks that were trained on an instrument's images."""
        networks = {task: network for task, network in self.networks.items() if network.about.instrument == instrument}
        if not networks:
            inputs = " and ".join(f"{task}s of {network.about.instrument}" for task, network in self.networks.items())
            raise Refused(f"it is of {instrument}, and the networks of {self.name} know only {inputs}")
        return networks

    def _check_origin(self, image: ImageFile, networks: dict[Task, Network]) -> None:
        """Refuse a simulated image to networks of the real Sun, and a real image to networks of the simulated Sun."""
        simulated = image.digest in self._simulated_hashes
        for network in networks.values():
            if simulated and not network.simulated:
                raise Refused(f"it is of the simulated Sun, and the networks of {self.name} know the real one")
            if not simulated and network.simulated and not self._simulated_model:
                limit = f"the networks of {self.name} know the simulated one"
                if image.digest is None:
                    remedy = "give the image's file, or add simulated_model=True"
                    raise Refused(f"an array does not tell whether its Sun is simulated or real, and {limit}: {remedy}")
                raise Refused(f"it is of the real Sun, and {limit}: {trained.how_to_train(network.cutter.instrument)}")

    def _disk(
        self, network: Network, grey: Pixels, sun: Disk, time: pd.Timestamp
    ) -> tuple[float, tuple[float | None, str]]:
        """Return the probability of the disk's question, and what `_fused` returns of it."""
        crop = network.cutter.cut(grey, sun, {})  # the disk's crop needs no places
        if reason := network.refusals(crop)[0]:
            raise Refused(f"it is unlike the images that trained the network: {reason}")
        scores = network.scores(crop)
        probability = round(float(network.probabilities(scores)[0]), DECIMALS)
        return probability, self._fused(network, scores, time, None)[0]

    def _fused(
        self, network: Network, scores: list[Scores], time: pd.Timestamp, numbers: Sequence[int | None] | None
    ) -> list[tuple[float | None, str]]:
        """Return for each score the probability by image and records, and why there is none.

        `numbers` are the regions' noaa_ar, None for a region without one. They are None for a disk.
        """
        count = len(scores[0])
        if network.no_fusion:
            return [(None, network.no_fusion)] * count
        known = self._records(network.about, time)
        if isinstance(known, str):
            return [(None, known)] * count
        # Imported here: checked tables take time to import, and most answers need no records.
        from solarflare.sun.events.records import features

        answers: list[tuple[float | None, str]] = [(None, "a region without a number has no records")] * count
        named = [place for place in range(count) if numbers is None or numbers[place] is not None]
        if not named:
            return answers
        rows = pd.DataFrame({"time": [time] * len(named)}, dtype="datetime64[ns]")
        if numbers is not None:
            rows["noaa_ar"] = pd.array([numbers[place] for place in named], "Int64")
        reported = features(rows, known, question_of(network.task, network.about.question))["records"]
        if isinstance(reported, str):
            return [(None, reported)] * count
        fused = network.fused([score[named] for score in scores], reported)
        for place, probability in zip(named, fused.tolist(), strict=True):
            answers[place] = round(probability, DECIMALS), ""
        return answers

    def _regions(
        self, network: Network, rgb: Pixels, sun: Disk, time: pd.Timestamp, known: KnownRegions
    ) -> list[RegionAnswer]:
        """Return the answer for each region."""
        if not len(known.numbers):
            return []
        cutouts = network.cutter.cut(rgb, sun, places_at(time, known.latitude, known.longitude))
        reasons = [reason or "" for reason in network.refusals(cutouts)]
        if all(reasons):
            raise Refused(f"its regions are unlike those that trained the network: of the first, {reasons[0]}")
        scores = network.scores(cutouts)
        probabilities = network.probabilities(scores).round(DECIMALS).tolist()
        fused = self._fused(network, scores, time, known.numbers)
        limit = network.about.question["max_longitude"]
        answers = []
        for noaa_ar, latitude, longitude, probability, reason, (fusion, no_fusion) in zip(
            known.numbers,
            known.latitude.tolist(),
            known.longitude.tolist(),
            probabilities,
            reasons,
            fused,
            strict=True,
        ):
            if not reason and abs(longitude) > limit:
                reason = f"beyond {limit:g} degrees from the central meridian"
            given = (None, reason, None, reason) if reason else (probability, "", fusion, no_fusion)
            answers.append(RegionAnswer(noaa_ar, round(latitude, 1), round(longitude, 1), *given))
        return answers


def middle(rgb: Pixels, sun: Disk) -> Pixels:
    """Return the square in the middle of the Sun, a subset of the pixels of an image (H, W, 3)."""
    half = round(0.7 * sun.radius)
    step = max(1, half // 128)
    x, y = round(sun.x), round(sun.y)
    return rgb[y - half : y + half : step, x - half : x + half : step]
