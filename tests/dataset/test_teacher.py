"""A teacher that has read the records: what it makes of regions that flared before, and where there are no records."""

import numpy as np
import pandas as pd
import pytest

from solarflare.core.errors import InputError
from solarflare.dataset.samples import teacher
from solarflare.sun.events.records import Records
from tests import parameters

QUESTION = parameters.load(parameters.FIXED).label.region
DAY = pd.Timedelta(days=1)
NO_REPORTS = pd.DataFrame(columns=["time", "noaa_ar", "latitude", "longitude", "area", "mcintosh", "mag_type", "spots"])


def rows_and_flares() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sixty regions, one a day: each second flared twelve hours before, and of these four in five do it again."""
    number = np.arange(60)
    time = pd.Timestamp("2014-01-01") + number * DAY
    again = (number % 2 == 1) & (number % 10 != 9)
    rows = pd.DataFrame({"time": time, "noaa_ar": 11900 + number, "label": again.astype(int)})
    before = rows[number % 2 == 1]
    start = before["time"] - DAY / 2
    flares = pd.DataFrame({"start": start, "peak": start, "end": start, "goes_class": "M1.0"})
    return rows, flares.assign(noaa_ar=before["noaa_ar"].astype(float))


@pytest.mark.parametrize("balanced", [True, False])
def test_what_flared_before_is_likelier_to_flare(balanced: bool) -> None:
    rows, flares = rows_and_flares()
    probability = teacher.soft_labels(rows, Records(flares, NO_REPORTS), QUESTION, balanced)
    assert probability[1::2].min() > probability[::2].max()


def test_without_balance_it_says_how_often_it_happened() -> None:
    rows, flares = rows_and_flares()
    probability = teacher.soft_labels(rows, Records(flares, NO_REPORTS), QUESTION, balanced=False)
    assert probability.mean() == pytest.approx(rows["label"].mean(), abs=0.01)


def test_without_records_it_is_one_sentence() -> None:
    rows, flares = rows_and_flares()
    with pytest.raises(InputError, match=r"teacher is above 0, but the origin names no flare's region"):
        teacher.soft_labels(rows, Records(flares.head(0), NO_REPORTS), QUESTION, balanced=True)
