"""The card of a shipped network: what it is, what trained it, how good it is, and what it is not for."""

from pathlib import Path
from typing import Any

from solarflare.core.tasks import Task
from solarflare.networks import calibration, description, shipped
from solarflare.networks.pretraining import Pretrained
from solarflare.verification.results.wording import of_question
from solarflare.verification.scores.score_table import SCORES, Table, interval, strongest_first
from solarflare.verification.scores.trust import read as read_trust

SHOWN = ("roc_auc", "tss", "brier_skill", "accuracy", "expected_calibration_error")
TITLES = {
    "folds": "folds of 27 days, 2010 to 2014: each fold is scored by a network that has not seen it",
    "test-2014": "2014, scored by a network of 2010 to 2013",
}
"""The variants of the profile whose scores are shown. Both are networks of the same form as the shipped one."""

LIMITS = (
    "It knows images of {instrument} with north up, of the whole Sun, in the colours of the browse images.",
    "It saw the Sun from {first} to {last}. Other years are not measured here.",
    "The detector ages, and the browse images were calibrated anew over the years: a later Sun may look brighter or "
    "darker than the same Sun in the training.",
    "Labels are NOAA's and contain its errors: flares without a region, missed flares, late region numbers.",
    "The scores are of networks that saw fewer images than this one, which is trained on all of them.",
    "It is not for decisions about spacecraft, flights, power grids or people: use NOAA's forecasts for these.",
)
CREDIT = "Images: courtesy of NASA/SDO and the AIA, EVE, and HMI science teams. Flares and regions: NOAA/SWPC."


def content(folder: Path, trained: Pretrained, manifest: dict[str, str], scores: dict[str, Any]) -> dict[str, Any]:
    """Return the card of a network that was just trained.

    Parameters
    ----------
    folder : Path
        The folder that `networks.pretraining.pretrain` wrote.
    trained : Pretrained
        What it returned.
    manifest : dict
        ``path`` and ``sha256`` of the table that names the images.
    scores : dict
        By name of the variant, the content of ``metrics/details/<task>.json``.
    """
    about, rows = description.about(folder), trained.rows
    fitted = calibration.read(folder / description.CALIBRATION)
    times = rows["path"].str.extract(r"/(\d{4})/(\d\d)/(\d\d)/").agg("-".join, axis=1)
    return {
        "task": about.task,
        "instrument": about.instrument,
        "question": of_question(Task(about.task), about.question).meaning,
        "label": dict(about.question),
        "crop": dict(about.crop),
        "network": {
            "name": about.network,
            "members": about.members,
            "mirror_images": about.flips,
            "parameters": trained.parameters,
            "bytes": (folder / shipped.NETWORK).stat().st_size,
            "largest_difference_from_keras": float(f"{trained.difference:.1e}"),
        },
        "training": {
            "images": int(rows["path"].nunique()),
            "rows": len(rows),
            "share_of_yes": round(float(rows["label"].mean()), 4),
            "first": times.min(),
            "last": times.max(),
            "epochs": trained.epochs,
            "base_rate": trained.base_rate,
            "manifest": manifest,
        },
        "calibration": {
            "how": "fitted on the scores of folds of 27-day blocks, each by a network that has not seen the fold",
            "rows": trained.calibration_rows,
            "share_of_yes": fitted.fitted_rate,
            "threshold": fitted.threshold,
        },
        "scores": {variant: _scores(of_variant) for variant, of_variant in scores.items()},
        "limits": [limit.format(instrument=about.instrument, first=times.min(), last=times.max()) for limit in LIMITS],
        "credit": CREDIT,
    }


def _scores(details: dict[str, Any]) -> dict[str, Any]:
    name, baseline = strongest_first(details["baselines"])[0]
    lead = details["differences"][name]["roc_auc"]
    return {
        "rows": details["n"],
        "share_of_yes": details["base_rate"]["value"],
        "trusted": read_trust(details).verdict,
        **{score: details[score] for score in SHOWN},
        "best_baseline": {"name": name, "roc_auc": baseline["roc_auc"], "lead": lead},
    }


def markdown(card: dict[str, Any]) -> str:
    """Return a card as a page of Markdown."""
    training, network, fitted = card["training"], card["network"], card["calibration"]
    mirrored = ", each on the image and its three mirror images" if network["mirror_images"] else ""
    facts = [
        ("answers", f"the probability that {card['question']}"),
        ("network", f"{network['members']} of `{network['name']}`{mirrored}: {network['parameters']:,} parameters"),
        (
            "file",
            f"LiteRT, {network['bytes']:,} bytes; within {network['largest_difference_from_keras']:g} of Keras",
        ),
        ("trained on", f"{training['rows']:,} rows of {training['images']:,} images of {card['instrument']}"),
        ("from, to", f"{training['first']}, {training['last']}"),
        ("share of yes", f"{training['share_of_yes']:.0%} of the training rows"),
        ("images", f"`{training['manifest']['path']}`, SHA-256 `{training['manifest']['sha256']}`"),
        ("calibration", f"Platt, {fitted['how']}: {fitted['rows']:,} rows"),
        ("yes", f"from a probability of {fitted['threshold']:.2f}, the largest TSS on the same scores"),
    ]
    rows = []
    for variant, scores in card["scores"].items():
        best = scores["best_baseline"]
        shown = [interval(scores[score]) for score in SHOWN]
        lead = f"{best['name']} {interval(best['roc_auc'])}, lead {interval(best['lead'])}"
        rows.append([TITLES[variant], str(scores["rows"]), f"{scores['share_of_yes']:.0%}", *shown, lead])
    columns = ("test", "rows", "yes", *(SCORES.get(score, "calibration error") for score in SHOWN), "best baseline")
    return "\n\n".join(
        [
            f"# {card['instrument']}, {card['task']}",
            Table(("", ""), facts).markdown(),
            "## Scores\n\nWith 95 % intervals. The lead is in ROC-AUC.",
            Table(columns, rows).markdown(),
            "## Limits",
            "\n".join(f"- {limit}" for limit in card["limits"]),
            f"{card['credit']}\n",
        ]
    )
