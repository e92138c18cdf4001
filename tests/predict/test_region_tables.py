"""What an answer says of the rows of a table of regions that it does not use."""

from pathlib import Path

import pandas as pd

from solarflare.predict import regions


def test_regions_behind_the_limb_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("time,noaa_ar,latitude,longitude\n2014-10-25,12192,-12,21\n2014-10-25,12193,7,120\n")
    known = regions.from_file(path)(pd.Timestamp("2014-10-25T00:44"))
    assert known is not None
    assert known.numbers == [12192]
    assert known.source == "regions.csv of 2014-10-25 00:00, with 1 of 2 regions behind the limb"
