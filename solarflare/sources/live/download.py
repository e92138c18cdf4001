"""Fetches the images of a plan into the raw data. Each archive has its own threads."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import chain, groupby
from pathlib import Path

import pandas as pd

from solarflare.core.console import log, progress
from solarflare.sources.common import left_out
from solarflare.sources.live import source
from solarflare.sources.live.http.fetch import Absent, Fetcher, HostDown, Interrupted, Lost, Refused
from solarflare.sources.live.plan import Wanted
from solarflare.sources.live.source import Frame
from solarflare.sun.images import imaging

PARTNER_LOST = "its partner is absent"


def fetch(plan: list[Wanted], fetcher: Fetcher, raw: Path) -> pd.DataFrame:
    """Fetch the images of a plan into the folder of the raw data.

    If an image fails, the next one within the tolerance is tried, then the next archive.

    Returns one row per wanted image, sorted by time: the columns of `tables.IMAGES`, ``file`` (the image's name in
    messages), ``reason`` (why the image is absent; blank if it is there), and ``lost`` (whether a later run may get
    it). An image is also left out if its partner is absent: without the partner, the two classes would differ in more
    than the Sun. Raises Interrupted if an archive may get no more requests now.
    """
    frames = sorted((item.frame for item in plan if item.frame), key=lambda frame: frame.origin)
    by_source = [list(group) for _, group in groupby(frames, key=lambda frame: frame.source)]
    with ThreadPoolExecutor(max(1, len(by_source))) as pool:
        try:
            results = list(chain.from_iterable(pool.map(lambda frames: _from_source(frames, fetcher, raw), by_source)))
            if interruption := next((result for result in results if isinstance(result, Interrupted)), None):
                raise interruption
            outcomes = (result for result in results if isinstance(result, Outcome))
            first = dict(zip([frame.path for frame in frames], outcomes, strict=True))
            items = _with_spares(plan, first, fetcher, raw)
        except BaseException:
            # After Ctrl-C no thread waits for the pause between two requests.
            fetcher.stop()
            raise
    images = _table(items)
    for path in images.loc[(images["reason"] != "") & (images["path"] != ""), "path"]:
        (raw / path).unlink(missing_ok=True)
    return images


@dataclass(frozen=True)
class Outcome:
    """The size and hash of a fetched image, or the reason why it is absent and whether a later run may get it."""

    reason: str = ""
    lost: bool = False
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""


def _from_source(frames: list[Frame], fetcher: Fetcher, raw: Path) -> list[Outcome | Interrupted]:
    """Fetch all images of one archive."""
    with ThreadPoolExecutor(fetcher.concurrency(frames[0].urls)) as pool:
        outcomes = pool.map(lambda frame: _fetch(frame, fetcher, raw), frames)
        return list(progress(outcomes, len(frames), f"images of {frames[0].source}"))


def _fetch(frame: Frame, fetcher: Fetcher, raw: Path) -> Outcome | Interrupted:
    """Fetch one image and write it to the raw data."""
    try:
        content = source.image(fetcher, frame)
    except (Absent, Refused, HostDown) as failure:
        return Outcome(failure.reason, isinstance(failure, Lost | HostDown))
    except Interrupted as interruption:
        # The other archives go on.
        return interruption
    path = raw / frame.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    width, height = imaging.size(io.BytesIO(content))
    return Outcome("", False, width, height, len(content), hashlib.sha256(content).hexdigest())


def _with_spares(
    plan: list[Wanted], outcomes: dict[str, Outcome], fetcher: Fetcher, raw: Path
) -> list[tuple[Wanted, Outcome]]:
    """Return the outcome of each wanted image; where its frame failed, another frame is tried.

    This goes one by one, in the order of the plan, so that the same failures always give the same images.
    """
    taken, items, replaced = set(outcomes), [], 0
    for item in plan:
        outcome = outcomes[item.frame.path] if item.frame else Outcome(item.reason, item.lost)
        if item.frame and outcome.reason:
            first = item
            item, outcome = _replaced(item, outcome, taken, fetcher, raw)
            replaced += item is not first
        items.append((item, outcome))
    if replaced:
        log.warning("%d images failed, and others within the tolerance stand in for them", replaced)
    return items


def _replaced(item: Wanted, failure: Outcome, taken: set[str], fetcher: Fetcher, raw: Path) -> tuple[Wanted, Outcome]:
    """Return a wanted image with the first spare frame that can be fetched, or as it is if there is none."""
    lost, own = failure.lost, item.frame.path if item.frame else ""
    try:
        for frame in item.spares:
            # Another archive may have the same image, under the same name.
            if frame.path in taken and frame.path != own:
                continue
            outcome = _fetch(frame, fetcher, raw)
            if isinstance(outcome, Interrupted):
                raise outcome
            if not outcome.reason:
                taken.add(frame.path)
                return replace(item, frame=frame), outcome
            lost = lost or outcome.lost
    except Absent as end:
        lost = lost or isinstance(end, Lost)
    return item, replace(failure, lost=lost)


def _table(items: list[tuple[Wanted, Outcome]]) -> pd.DataFrame:
    """Return one row per wanted image."""
    rows = []
    for item, outcome in items:
        time, path, origin = item.time, "", ""
        if frame := item.frame:
            time, path, origin = frame.time, frame.path, frame.origin
        facts = {"instrument": item.instrument, "time": time, "pair_id": item.pair_id, "path": path, "origin": origin}
        rows.append(facts | {"file": origin or item.place or item.instrument} | asdict(outcome))
    images = pd.DataFrame(rows).sort_values(["instrument", "time", "path"], kind="stable", ignore_index=True)
    images = left_out.mark_repeats(images)
    broken = images.loc[(images["reason"] != "") & (images["pair_id"] != ""), "pair_id"]
    images.loc[(images["reason"] == "") & images["pair_id"].isin(broken), "reason"] = PARTNER_LOST
    return images.sort_values(["time", "path"], kind="stable", ignore_index=True)
