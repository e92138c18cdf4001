"""The terms of the page: what each means, and the button that shows it. A button works by mouse, touch and keyboard."""

from typing import NamedTuple

from markupsafe import Markup


class Term(NamedTuple):
    """A term, what it means, and the address of its source, if there is one."""

    name: str
    meaning: str
    source: str = ""


DOI = "https://doi.org/"
TERMS = {
    "roc_auc": Term(
        "ROC-AUC",
        "The share of pairs of one positive and one negative row in which the positive row has the higher probability. "
        "0.5 is chance, 1 is a perfect order.",
        f"{DOI}10.1016/j.patrec.2005.10.010",
    ),
    "tss": Term(
        "TSS",
        "True skill statistic: recall plus specificity minus 1. 0 is no skill, 1 is perfect. It does not depend on how "
        "frequent positives are.",
        f"{DOI}10.1088/2041-8205/747/2/L41",
    ),
    "brier_skill": Term(
        "Brier skill",
        "By how much the squared error of the probabilities is smaller than if the base rate of the training rows were "
        "always forecast. 0 is no better, 1 is perfect, below 0 is worse.",
        f"{DOI}10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2",
    ),
    "accuracy": Term(
        "Accuracy",
        "The share of right answers at the threshold. If one answer is rare, always giving the "
        "other one has a high accuracy too, so compare with climatology, and look at TSS.",
    ),
    "recall": Term("Recall", "The share of positives that are called positive."),
    "specificity": Term("Specificity", "The share of negatives that are called negative."),
    "precision": Term("Precision", "The share of positive answers that are right. It falls as positives become rarer."),
    "threshold": Term(
        "Threshold",
        "A row with this probability or a higher one is called positive. It is chosen on the validation rows. "
        "The command solarflare predict prints another one, corrected to the base rate of the Sun.",
    ),
    "base_rate": Term("Base rate", "The share of positives among the rows."),
    "interval": Term(
        "95 % interval",
        "How much another sample of the same Sun could change the score. It comes from drawing whole blocks of "
        "days again and again (bootstrap), because images close in time resemble each other.",
        f"{DOI}10.1214/aos/1176347265",
    ),
    "block": Term("Block", "A span of days that is drawn as a whole when intervals are computed: one solar rotation."),
    "no_skill": Term("No skill", "The score of a forecast that knows nothing of the row."),
    "lead": Term(
        "Lead",
        "The network's score minus that of the other forecast, on the same rows. It is called better or worse if its "
        "interval excludes zero, and not distinguishable otherwise.",
    ),
    "baseline": Term("Baseline", "A simple forecast of the same rows, against which the network is measured."),
    "climatology": Term("Climatology", "A baseline: always the base rate of the training rows."),
    "persistence": Term("Persistence", "A baseline: what was the case before the image goes on."),
    "logistic": Term("Logistic", "A baseline: a logistic regression on seven statistics of the image."),
    "history": Term("History", "A baseline: a logistic regression on the flares of the week before."),
    "catalogue": Term("Catalogue", "A baseline: a logistic regression on NOAA's last region report."),
    "records": Term("Records", "A baseline: a logistic regression on what history and catalogue use together."),
    "fusion": Term(
        "Fusion",
        "Image and records together: a logistic regression on the network's out-of-fold logit and on what the baseline "
        "records uses.",
    ),
    "from_regions": Term(
        "From regions",
        "A logistic regression on the sum of the region network's probabilities for all regions of the disk.",
    ),
    "regions_history": Term(
        "Regions and history",
        "A logistic regression on that sum and on the flares of the week before.",
    ),
    "ceiling": Term(
        "Ceiling",
        "The score of the probability from which the simulated Sun draws its flares. A forecast above it has a leak.",
    ),
    "audit": Term("Audit", "Tests, before any training, of whether anything but the Sun tells the label."),
    "probe": Term("Probe", "A small model of the audit. It tries to tell the label from one thing alone."),
    "gated": Term("Gated probe", "A probe that sees nothing of the Sun. If it tells the label, there is a leak."),
    "confounder": Term(
        "Confounder",
        "Something that depends on the Sun but is no picture of it, such as the year. It may tell the label; a network "
        "has to be better.",
    ),
    "raw": Term("Raw probe", "A probe that sees the images before date and name were removed. It is reported only."),
    "leak": Term("Leak", "Something that tells the label and is not the Sun. Scores are not trusted if there is one."),
    "corrected": Term(
        "Corrected lower end",
        "The lower end of the interval, lowered because several gated probes are tested at once. There is a leak if "
        "it is above the limit.",
    ),
    "detectable": Term(
        "Detectable", "The smallest ROC-AUC of a leak that this probe would find with a probability of 90 %."
    ),
    "near_duplicate": Term(
        "Near duplicate",
        "An image in test that looks the same as one in training or validation. There must be none.",
    ),
    "calibration": Term(
        "Calibration error",
        "The mean difference between forecast probability and observed frequency, over ten bins. 0 is perfect.",
        "https://arxiv.org/abs/1706.04599",
    ),
    "roc": Term("ROC", "At every threshold, the share of positives found against the share of false alarms."),
    "pr": Term(
        "Precision and recall",
        "At every threshold, the share of alarms that are right, and of positives found.",
    ),
    "reliability": Term(
        "Reliability",
        "How often it happened among rows with about the same probability. The diagonal is perfect.",
    ),
    "confusion": Term("Confusion", "How many rows of each kind were called positive and negative, at the threshold."),
    "parts": Term(
        "Training, validation, test",
        "The network learns from training rows. Threshold and calibration are chosen on validation rows. All "
        "scores are of test rows.",
    ),
    "epoch": Term("Epoch", "One pass of the training through all training images."),
    "loss": Term(
        "Loss",
        "What the training makes small: the cross-entropy of the answers. If the network also learns where the "
        "regions are, the error of that map is added.",
    ),
    "attribution": Term(
        "Attribution",
        "The share of each pixel in the answer, by integrated gradients. Positive pixels speak for yes.",
        "https://arxiv.org/abs/1703.01365",
    ),
    "magnetogram": Term(
        "Magnetogram", "A map of the magnetic field: white towards us, black away from us, grey is none."
    ),
    "goes_class": Term("GOES class", "The X-ray peak of a flare: A, B, C, M or X, each ten times the one before."),
    "region": Term("AR", "An active region of the Sun, with the number that NOAA gave it."),
    "coverage": Term("Coverage", "When a list of flares or regions is complete. Outside of it, a label is unknown."),
    "sha256": Term("SHA-256", "A number computed from the bytes of a file. Equal numbers mean equal files."),
}


def term(key: str, text: str = "") -> Markup:
    """Return a button that shows what a term means.

    Parameters
    ----------
    key : str
        A key of `TERMS`.
    text : str, optional
        What the button says, by default the name of the term.
    """
    return Markup('<button type="button" class="term" popovertarget="term-{}">{}</button>').format(
        key, text or TERMS[key].name
    )
