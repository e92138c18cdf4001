"""Fetch the newest image of an instrument from the archives."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solarflare.core.errors import InputError
from solarflare.predict.images import ImageFile
from solarflare.sources.live import registry
from solarflare.sources.live.http.fetch import Absent, Fetcher, HostDown, Refused
from solarflare.sources.live.source import image, to_datetime
from solarflare.sun.images.instruments import Instrument

AGES = [pd.Timedelta(hours=hours) for hours in (0, 1, 3, 6, 12, *range(24, 241, 24))]
"""Ages at which an image is looked for, one by one: an archive lists only images of one day or near one time."""

MAX_BROKEN = 5  # after so many broken images an archive is not asked again


@dataclass(frozen=True)
class NewestImage:
    """The newest image of an instrument, and its archive (`source`). Without an image, `refusal` is the reason."""

    image: ImageFile
    source: str | None = None
    refusal: str = ""


def fetch(fetcher: Fetcher, instrument: Instrument, now: pd.Timestamp, folder: Path) -> NewestImage:
    """Write the newest image up to `now` (UTC) into a folder. It comes from the first archive that has one."""
    failures: dict[str, Exception] = {}
    fetched = defaultdict[str, set[str]](set)
    live = fetcher.live
    for age in AGES:
        time = to_datetime(np.datetime64(now - age, "s"))
        for source in live.sources.of(instrument):
            if len(fetched[source]) >= MAX_BROKEN:
                continue
            try:
                frames = registry.IMAGES[source].frames(fetcher, live.urls[source], instrument, time, live.img_width)
                past = [frame for frame in frames if frame.time <= np.datetime64(now, "s")]
                if new := [frame for frame in past if frame.origin not in fetched[source]]:
                    frame = max(new, key=lambda frame: frame.time)
                    fetched[source].add(frame.origin)
                    content = image(fetcher, frame)
                    path = folder / Path(frame.path).name
                    path.write_bytes(content)
                    return NewestImage(ImageFile(path, instrument, pd.Timestamp(frame.time)), frame.source)
            except (Absent, Refused, InputError) as failure:
                failures.setdefault(source, failure)
    return NewestImage(ImageFile(folder, instrument, None), refusal=_refusal(failures))


def _refusal(failures: Mapping[str, Exception]) -> str:
    """Return why there is no image, from the first failure of each archive."""
    # What follows a semicolon is advice for a scrape, which goes on with the files that it has.
    reasons = {source: str(failure).partition("; ")[0] for source, failure in failures.items()}
    if reasons and all(isinstance(failure, HostDown) for failure in failures.values()):
        return f"no archive answers: {', '.join(reasons.values())}; check the internet connection and try again"
    listed = "; ".join(f"{source}: {reason}" for source, reason in reasons.items()) or "the archives list none"
    return f"there is no image of the last {AGES[-1].days} days: {listed}"
