"""How often an hour bias of growing strength is called a leak, beside what the audit says that it could have found.

Run it from the project's folder: ``python -m benchmarks.verification.audit``.
"""

import os

import numpy as np
import pandas as pd

from solarflare.verification.audit.audit import audit
from solarflare.verification.audit.probes import Probe
from solarflare.verification.audit.schema import Audit

PAIRS, DAYS, BLOCK_DAYS = 300, 4_000, 27
HOURS, BIASED = np.arange(14, 24), 18
SETS = 20  # data sets of each strength
STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def main() -> None:
    """Print, for each strength, the share of data sets in which the leak was named, and seconds an audit."""
    settings = Audit(max_probe_auc=0.60, on_leak="fail", resamples=1_000, seed=1)
    print("biased  ROC-AUC  detectable  named  others named")
    start = sum(os.times()[:4])  # with its worker processes
    for strength in STRENGTHS:
        audits = [audit(*biased(strength, seed), settings)["probes"] for seed in range(SETS)]
        auc = np.mean([probes["time_of_day"]["roc_auc"]["value"] for probes in audits])
        detectable = np.mean([probes["time_of_day"]["detectable_roc_auc"] for probes in audits])
        named = np.mean([probes["time_of_day"]["leak"] for probes in audits])
        others = sum(probes[name]["leak"] for probes in audits for name in probes if name != "time_of_day")
        print(f"{strength:6.0%}  {auc:7.2f}  {detectable:10.2f}  {named:5.0%}  {others:12}")
    seconds = (sum(os.times()[:4]) - start) / len(STRENGTHS) / SETS
    print(f"{seconds:.1f} s of one core for an audit of {2 * PAIRS} rows with 6 gated probes")


def biased(strength: float, seed: int) -> tuple[dict[str, Probe], pd.DataFrame]:
    """Return matched rows in which a share of the positives was taken at one hour, and six gated probes."""
    generator = np.random.default_rng(seed)
    n = 2 * PAIRS
    day = np.repeat(np.sort(generator.integers(0, DAYS, PAIRS)), 2)
    label, hour = np.tile([0, 1], PAIRS), np.repeat(generator.choice(HOURS, PAIRS), 2)
    hour = np.where((label == 1) & (generator.uniform(size=n) < strength), BIASED, hour)
    pair_id = np.repeat(np.arange(PAIRS), 2).astype(str)
    noise = {f"noise {k}": generator.normal(size=(n, 4)) for k in range(5)}
    probes = {
        name: Probe("gated", "", features.astype(np.float32))
        for name, features in {"time_of_day": hour[:, None], **noise}.items()
    }
    return probes, pd.DataFrame({"label": label, "block": day // BLOCK_DAYS, "pair_id": pair_id})


if __name__ == "__main__":
    main()
