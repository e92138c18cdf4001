"""Fetches the images of a plan into the raw data. Each archive has its own threads."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain, groupby
from pathlib import Path

import pandas as pd

from solarflare.core.console import progress
from solarflare.sources.common import left_out
from solarflare.sources.live import source
from solarflare.sources.live.http.fetch import Absent, Fetcher, Interrupted, Refused
from solarflare.sources.live.plan import Wanted
from solarflare.sources.live.source import Frame
from solarflare.sun.images import imaging

PARTNER_LOST = "its partner is absent"


def fetch(plan: list[Wanted], fetcher: Fetcher, raw: Path) -> pd.DataFrame:
    """Fetch the images of a plan into the folder of the raw data.

    Returns one row per wanted image, sorted by time: the columns of `tables.IMAGES`, ``file`` (the image's name in
    messages), and ``reason`` (why the image is absent; blank if it is there). An image is also left out if its partner
    is absent: without the partner, the two classes would differ in more than the Sun. Raises Interrupted if an archive
    stops answering.
    """
    frames = sorted((item.frame for item in plan if item.frame), key=lambda frame: frame.origin)
    by_source = [list(group) for _, group in groupby(frames, key=lambda frame: frame.source)]
    with ThreadPoolExecutor(max(1, len(by_source))) as pool:
        try:
            results = list(chain.from_iterable(pool.map(lambda frames: _from_source(frames, fetcher, raw), by_source)))
        except BaseException:
            # After Ctrl-C no thread waits for the pause between two requests.
            fetcher.stop()
            raise
    if interruption := next((result for result in results if isinstance(result, Interrupted)), None):
        raise interruption
    outcomes = (result for result in results if isinstance(result, Outcome))
    images = _table(plan, dict(zip([frame.path for frame in frames], outcomes, strict=True)))
    for path in images.loc[(images["reason"] != "") & (images["path"] != ""), "path"]:
        (raw / path).unlink(missing_ok=True)
    return images


@dataclass(frozen=True)
class Outcome:
    """The size and hash of a fetched image, or the reason why it is absent."""

    reason: str = ""
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
    except (Absent, Refused) as failure:
        return Outcome(failure.reason)
    except Interrupted as interruption:
        # The other archives go on.
        return interruption
    path = raw / frame.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    width, height = imaging.size(io.BytesIO(content))
    return Outcome("", width, height, len(content), hashlib.sha256(content).hexdigest())


def _table(plan: list[Wanted], outcomes: dict[str, Outcome]) -> pd.DataFrame:
    """Return one row per wanted image."""
    rows = []
    for item in plan:
        time, path, origin, outcome = item.time, "", "", Outcome(item.reason)
        if frame := item.frame:
            time, path, origin, outcome = frame.time, frame.path, frame.origin, outcomes[frame.path]
        facts = {"instrument": item.instrument, "time": time, "pair_id": item.pair_id, "path": path, "origin": origin}
        rows.append(facts | {"file": origin or item.place or item.instrument} | asdict(outcome))
    images = pd.DataFrame(rows).sort_values(["instrument", "time", "path"], kind="stable", ignore_index=True)
    images = left_out.mark_repeats(images)
    broken = images.loc[(images["reason"] != "") & (images["pair_id"] != ""), "pair_id"]
    images.loc[(images["reason"] == "") & images["pair_id"].isin(broken), "reason"] = PARTNER_LOST
    return images.sort_values(["time", "path"], kind="stable", ignore_index=True)
