"""All live sources by name. Importing this module imports all sources, and each source registers itself."""

import importlib
import pkgutil
from collections.abc import Iterable

from solarflare.core.errors import InputError
from solarflare.sources.live import images, lists
from solarflare.sources.live.schema import Live
from solarflare.sources.live.source import FLARES, IMAGES, REGIONS

__all__ = ["FLARES", "IMAGES", "REGIONS", "check_sources"]


def discover() -> None:
    """Import every module in `images/` and `lists/`."""
    for folder in (images, lists):
        for module in pkgutil.iter_modules(folder.__path__):
            importlib.import_module(f"{folder.__name__}.{module.name}")


def check_sources(live: Live) -> None:
    """Check all sources that the parameters name.

    Raises an InputError, with the key, if a source is not known, does not serve the instrument it is listed for, or has
    no address.
    """
    choices: dict[str, tuple[Iterable[str], Iterable[str]]] = {
        "flares": (live.flares, FLARES),
        "regions": (live.regions, REGIONS),
        "positions": ([live.positions], [*FLARES, "none"]),
    }
    for instrument, names in live.sources:
        choices[f"sources.{instrument}"] = names, [name for name in IMAGES if instrument in IMAGES[name].instruments]
    for key, (names, known) in choices.items():
        for name in names:
            if name not in known:
                expected = ", ".join(sorted(known))
                raise InputError(f"params.yaml: key scrape.live.{key} names {name!r}; expected one of {expected}")
            if name not in (*live.urls, "none"):
                raise InputError(f"params.yaml: key scrape.live.urls has no address of {name}; {key} names it: add one")


discover()
