"""The shipped networks: small models for real images in ``pretrained/``, which answer without TensorFlow."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from solarflare.core import strict_json
from solarflare.core.errors import InputError
from solarflare.core.tasks import TASKS, Task
from solarflare.dataset.shards.schema import Crop
from solarflare.networks import calibration, description, hashes, input_range, shipped
from solarflare.networks.litert import LiteNetwork
from solarflare.predict.network import Member, Network

FOLDER = Path(__file__).resolve().parents[2] / "pretrained"
"""A folder for each instrument, with a folder for each task. It belongs to the code, wherever a command runs."""


def instruments() -> list[str]:
    """Return the instruments whose images the shipped networks know."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) if FOLDER.is_dir() else []


def folders() -> str:
    """Return the folders of the shipped networks, relative to the working folder if they are below it, as a phrase."""
    folders, here = [FOLDER / instrument for instrument in instruments()], Path.cwd()
    return " or ".join(str(path.relative_to(here) if path.is_relative_to(here) else path) for path in folders)


def remedy(folder: Path) -> str:
    """Return where a shipped network comes from, for its damaged folder: Git, an export, or another place."""
    if folder.resolve().is_relative_to(FOLDER) and (FOLDER.parent / ".git").exists():
        return f"`git checkout {folder}`"
    if exported := next((parent for parent in folder.parents if (parent / "MLmodel").is_file()), None):
        return f"delete {exported} and make it again with `solarflare export`"
    return f"copy it again from where it came; the networks of this project are in {folders()}"


def holds(folder: Path, tasks: Collection[Task] = TASKS) -> bool:
    """Return whether a folder holds shipped networks of any of some tasks."""
    return any((folder / task / shipped.NETWORK).is_file() for task in tasks)


def load(folder: Path, tasks: Collection[Task] = TASKS) -> dict[Task, Network]:
    """Return the shipped networks of a folder by task.

    Raises
    ------
    InputError
        If a file is missing, damaged or broken.
    """
    return {task: _load(folder / task, task) for task in tasks if (folder / task).is_dir()}


def _load(folder: Path, task: Task) -> Network:
    hashes.check(folder, remedy(folder))
    # An edited list of hashes may lack the network.
    if not (folder / shipped.NETWORK).is_file():
        raise InputError(f"{folder / shipped.NETWORK} is not there; {remedy(folder)}")
    about, fitted = description.about(folder, task), calibration.read(folder / description.CALIBRATION)
    if fitted.fitted_rate is None:
        raise InputError(f"{folder / description.CALIBRATION} has no fitted_rate; {remedy(folder)}")
    training = card(folder)["training"]
    images = f"{training['images']:,} images of {about.instrument}"
    return Network(
        "/".join(folder.parts[-3:-1]),
        f"{images} from {training['first'][:10]} to {training['last'][:10]}",
        about,
        Crop.model_validate(dict(about.crop)),
        [Member(LiteNetwork(folder / shipped.NETWORK), fitted, fitted.fitted_rate)],
        [input_range.read(folder / description.RANGES)],
        training["base_rate"],
    )


def card(folder: Path) -> dict[str, Any]:
    """Return the card of a shipped network. Raises InputError if it is missing or broken."""
    try:
        return strict_json.parse((folder / shipped.CARD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise InputError(f"{folder / shipped.CARD} is not there or is broken; {remedy(folder)}") from None
