"""An answer as lines of a table, or as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from solarflare.core.tasks import Task
from solarflare.predict.predictor import Answer, Region
from solarflare.predict.trained import Network


def heading(networks: Mapping[Task, Network]) -> Iterator[str]:
    """Yield what is asked, a line a network."""
    for task, network in networks.items():
        about = network.about
        yield f"{task}: the probability that {network.question}; {network.base_rate:.3g} at an average time"
        if about.origin == "simulated":
            yield f"{task}: learned from the simulated Sun"


def lines(answer: Answer) -> Iterator[str]:
    """Yield an answer as lines: the image, and a line a probability."""
    name, time = answer.asked.path.name, answer.asked.time
    yield f"{name}{'' if time is None else f'  {time:%Y-%m-%d %H:%M} UTC'}"
    if answer.refusal:
        yield f"  no answer: {answer.refusal}"
        return
    if answer.disk is not None:
        yield f"  {'disk':<24}{answer.disk:7.4f}"
    for region in answer.regions or []:
        said = f"  {region.reason}" if region.probability is None else f"{region.probability:7.4f}"
        yield f"  {called(region):<24}{said}"
    if answer.regions is not None:
        count = len(answer.regions) or "no"
        yield f"  {count} region{'' if count == 1 else 's'}: {answer.regions_from}"


def content(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON has it."""
    return {
        "path": answer.asked.path.as_posix(),
        "instrument": answer.asked.instrument,
        "time": None if answer.asked.time is None else f"{answer.asked.time:%Y-%m-%dT%H:%M:%SZ}",
        "refusal": answer.refusal or None,
        "disk": answer.disk,
        "regions": None if answer.regions is None else [vars(region) for region in answer.regions],
        "regions_from": answer.regions_from or None,
    }


def called(region: Region) -> str:
    """Return a region's number, if it has one, and its place such as N15E28."""
    north, west = round(region.latitude), round(region.longitude)
    place = f"{'N' if north >= 0 else 'S'}{abs(north):02d}{'W' if west >= 0 else 'E'}{abs(west):02d}"
    return f"AR {region.noaa_ar} {place}" if region.noaa_ar else place
