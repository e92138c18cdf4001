"""An answer as lines of text, or as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from solarflare.core.tasks import Task
from solarflare.predict.predictor import ImageAnswer, RegionAnswer
from solarflare.predict.trained import TrainedNetwork


def heading(networks: Mapping[Task, TrainedNetwork]) -> Iterator[str]:
    """Yield one line per network: the question that it answers, and the base rate."""
    for task, network in networks.items():
        yield f"{task}: the probability that {network.question}; {network.base_rate:.3g} at an average time"
        if network.simulated:
            yield f"{task}: trained on the simulated Sun"


def lines(answer: ImageAnswer) -> Iterator[str]:
    """Yield an answer as lines: first the image, then one line per probability."""
    name, time = answer.image.path.name, answer.image.time
    yield f"{name}{'' if time is None else f'  {time:%Y-%m-%d %H:%M} UTC'}"
    if answer.refusal:
        yield f"  no answer: {answer.refusal}"
        return
    if answer.disk is not None:
        yield f"  {'disk':<24}{answer.disk:7.4f}"
    for region in answer.regions or []:
        value = f"  {region.reason}" if region.probability is None else f"{region.probability:7.4f}"
        yield f"  {region_name(region):<24}{value}"
    if answer.regions is not None:
        count = len(answer.regions) or "no"
        yield f"  {count} region{'' if count == 1 else 's'}: {answer.regions_from}"


def content(answer: ImageAnswer) -> dict[str, Any]:
    """Return an answer as the dictionary that is printed as JSON."""
    return {
        "path": answer.image.path.as_posix(),
        "instrument": answer.image.instrument,
        "time": None if answer.image.time is None else f"{answer.image.time:%Y-%m-%dT%H:%M:%SZ}",
        "refusal": answer.refusal or None,
        "disk": answer.disk,
        "regions": None if answer.regions is None else [vars(region) for region in answer.regions],
        "regions_from": answer.regions_from or None,
    }


def region_name(region: RegionAnswer) -> str:
    """Return a region's number, if it has one, and its place.

    >>> region_name(RegionAnswer(11944, -8.6, 12.3, 0.4))
    'AR 11944 S09W12'
    >>> region_name(RegionAnswer(None, 15.0, -28.0, 0.1))
    'N15E28'
    """
    north, west = round(region.latitude), round(region.longitude)
    place = f"{'N' if north >= 0 else 'S'}{abs(north):02d}{'W' if west >= 0 else 'E'}{abs(west):02d}"
    return f"AR {region.noaa_ar} {place}" if region.noaa_ar else place
