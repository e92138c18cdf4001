"""An answer as lines of text, or as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from solarflare.core import printable
from solarflare.core.tasks import Task
from solarflare.predict.network import Network
from solarflare.predict.predictor import DECIMALS, ImageAnswer, RegionAnswer

THRESHOLDS = "Each threshold below is that of reports/ and metrics/, corrected to this average like the probabilities."


def heading(networks: Mapping[Task, Network]) -> Iterator[str]:
    """Yield two lines per network: its question, with how often the answer is yes, and what trained it."""
    for task, network in networks.items():
        yield f"{task}: the probability that {network.question}; {average(network, 'at an average time')}"
        yield f"{task}: {network.name} answers, trained on {network.trained_on}"
    if any(network.base_rate is not None for network in networks.values()):
        yield THRESHOLDS


def average(network: Network, which: str) -> str:
    """Return a phrase on how often the answer is yes where a network's probabilities hold.

    `which` names the average, such as "at an average time". It is used only if a base rate is stated.
    """
    if network.base_rate is None:
        return f"no base rate is stated, so it holds for the sample's share of yes, {network.share:.2g}"
    return f"{which} it is {network.base_rate:.2g}"


def verdict(probability: float, network: Network) -> str:
    """Return yes or no, with the threshold that decides it."""
    return f"{'yes' if probability >= network.threshold else 'no'} (threshold {network.threshold:.2g})"


def fusion_verdict(probability: float, network: Network) -> str:
    """Return yes or no of the fusion, with the threshold that decides it."""
    return f"{'yes' if probability >= network.fusion_threshold else 'no'} (threshold {network.fusion_threshold:.2g})"


def two_decimals(probability: float) -> str:
    """Return a probability with two decimals, and never as a certainty.

    >>> [two_decimals(probability) for probability in (0.004, 0.4567, 0.999)]
    ['<0.01', '0.46', '>0.99']
    """
    if probability < 0.005:
        return "<0.01"
    return ">0.99" if probability >= 0.995 else f"{probability:.2f}"


def lines(answer: ImageAnswer, networks: Mapping[Task, Network], numbered: bool = False) -> Iterator[str]:
    """Yield an answer as lines: first the image, then one line per probability. Regions may be numbered from 1."""
    name, time = printable.one_line(answer.image.path.name), answer.image.time
    yield f"{name}{'' if time is None else f'  {time:%Y-%m-%d %H:%M} UTC'}"
    if answer.refusal:
        yield f"  no answer: {answer.refusal}"
        return
    if answer.disk is not None:
        yield from _lines("disk", answer.disk, answer, networks[Task.DISK])
    for number, region in enumerate(answer.regions or [], start=1):
        name = f"{number}: {region_name(region)}" if numbered else region_name(region)
        if region.probability is None:
            yield f"  {name:<24}  {region.reason}"
        else:
            yield from _lines(name, region.probability, region, networks[Task.REGION])
    if answer.regions is not None:
        count = len(answer.regions) or "no"
        yield f"  {count} region{'' if count == 1 else 's'}: {answer.regions_from}"


def _lines(name: str, probability: float, answer: ImageAnswer | RegionAnswer, network: Network) -> Iterator[str]:
    """Yield the line of the image alone and, if the network has a fusion, the line of image and records."""
    line = f"  {name:<24}{two_decimals(probability):>7}  {verdict(probability, network)}"
    if network.no_fusion:
        yield line
        return
    yield f"{line}, image alone"
    if answer.fusion is None:
        yield f"  {'':<24}{'-':>7}  image and records: {answer.no_fusion}"
    else:
        yield f"  {'':<24}{two_decimals(answer.fusion):>7}  {fusion_verdict(answer.fusion, network)}, image and records"


def content(answer: ImageAnswer, networks: Mapping[Task, Network]) -> dict[str, Any]:
    """Return an answer as the dictionary that is printed as JSON."""
    return {
        "path": answer.image.path.as_posix(),
        "instrument": answer.image.instrument,
        "time": None if answer.image.time is None else f"{answer.image.time:%Y-%m-%dT%H:%M:%SZ}",
        "refusal": answer.refusal or None,
        "disk": answer.disk,
        "fusion": answer.fusion,
        "no_fusion": answer.no_fusion or None,
        "regions": None if answer.regions is None else [vars(region) for region in answer.regions],
        "regions_from": answer.regions_from or None,
        "models": {task: _model(network) for task, network in networks.items()},
        "thresholds": {task: round(network.threshold, DECIMALS) for task, network in networks.items()},
        "fusion_thresholds": {
            task: None if network.no_fusion else round(network.fusion_threshold, DECIMALS)
            for task, network in networks.items()
        },
    }


def _model(network: Network) -> dict[str, Any]:
    """Return what a network answers, in words and as the parameters of its labels, and how often it is yes."""
    return {
        "name": network.name,
        "trained_on": network.trained_on,
        "question": network.question,
        "label": dict(network.about.question),
        "base_rate": network.base_rate,
        "share": round(network.share, DECIMALS),
        "average": average(network, "at an average time"),
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
