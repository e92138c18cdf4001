"""The wanted images of a manifest: those that are as it says, and what is used in the place of the others."""

from functools import partial

from solarflare.core.console import log, progress
from solarflare.core.tasks import Task
from solarflare.sources.live import manifest, plan, registry, source
from solarflare.sources.live.http.fetch import Absent, Fetcher, HostDown, Lost, Refused
from solarflare.sources.live.schema import Live, LiveParams
from solarflare.sources.live.source import Frame, to_datetime

OTHER_HASH = "another hash or size than in the manifest"


def make(params: LiveParams, fetcher: Fetcher) -> list[plan.Wanted]:
    """Return the wanted images of the parameters' manifest, sorted by time.

    They are fetched here, because their archives are asked for no listing: only the image itself shows whether it is
    there, and is the same. Raises an InputError as `manifest.chosen` does.
    """
    live = params.scrape.live
    entries = manifest.chosen(params)
    tasks = {params.instrument.of(task): task for task in sorted(params.tasks, reverse=True)}
    items = (_as_listed(live, fetcher, tasks[entry.instrument], entry) for entry in entries)
    wanted = list(progress(items, len(entries), f"images of {live.manifest}"))
    same = sum(not item.reason for item in wanted)
    used = sum(item.frame is not None for item in wanted)
    numbers = same, len(wanted), used - same, len(wanted) - used
    log.info("%s: %d of %d images are as listed, %d differ and are used, %d are left out", live.manifest, *numbers)
    # A substitute may be listed itself.
    unique = {item.frame.origin if item.frame else item.place: item for item in reversed(wanted)}
    return sorted(unique.values(), key=lambda item: (item.time, item.place))


def _as_listed(live: Live, fetcher: Fetcher, task: Task, entry: manifest.Entry) -> plan.Wanted:
    """Return the wanted image of a manifest. ``scrape.live.mismatch`` says what becomes of one that differs."""
    wanted = partial(plan.Wanted, task, entry.instrument, entry.time, place=entry.where)
    frame, lost = None, False
    try:
        place = _at_its_place(live, fetcher, entry)
        # The second time, the archive is asked whether the file in the cache has changed.
        if any(manifest.is_same(source.image(fetcher, place, keep=keep), entry) for keep in (True, False)):
            return wanted(frame=place)
        frame, reason = place, OTHER_HASH
    except (Absent, Refused, HostDown) as failure:
        reason, lost = failure.reason, isinstance(failure, Lost | HostDown)
    if live.mismatch == "drop":
        return wanted(reason=reason, lost=lost)
    try:
        frame = frame or _substitute(live, fetcher, entry)
    except Absent as failure:
        return wanted(reason=f"{reason}; {failure.reason}", lost=lost or isinstance(failure, Lost))
    return wanted(frame=frame, reason=f"{reason}; {frame.origin} is used")


def _substitute(live: Live, fetcher: Fetcher, entry: manifest.Entry) -> Frame:
    """Return the first other image near the time of an entry that can be had; raise Absent, or Lost, if none can."""
    frames = plan.frames_near(live, fetcher, entry.instrument, entry.time)
    lost = False
    while True:
        try:
            frame = next(frames)
        except Absent as end:
            raise (Lost if lost else type(end))(end.reason) from None
        if frame.origin == entry.where:
            continue
        try:
            source.image(fetcher, frame)
        except (Absent, Refused, HostDown) as failure:
            lost = lost or isinstance(failure, Lost | HostDown)
        else:
            return frame


def _at_its_place(live: Live, fetcher: Fetcher, entry: manifest.Entry) -> Frame:
    """Return the frame of an image of a manifest; raise Absent if its archive does not know it any more."""
    archive = registry.IMAGES[entry.archive]
    if archive.by_path:
        return entry.frame(live)
    time = to_datetime(entry.time)
    frames = archive.frames(fetcher, live.urls[entry.archive], entry.instrument, time, live.img_width)
    if not (same := [frame for frame in frames if frame.origin == entry.where]):
        raise Absent("the archive has no such image")
    return same[0]
