"""NOAA's reports: the real ones row by row, and rows as they should not be."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest

from solarflare.sources.live.lists import ncei_science, ngdc_xrs, srs, swpc_events, swpc_json
from solarflare.sources.live.lists.report import Flare, Region, Report, region_table

DAY = dt.date(2026, 2, 15)
HEAD = (
    ":Product: x\n:Date: 2026 02 15\n#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#\n"
)
SRS_HEAD = (
    ":Product: 0105SRS.txt\n:Issued: 2022 Jan 05 0030 UTC\nI.  Regions with Sunspots.  Locations Valid at 04/2400Z\n"
)


def day_of(path: Path) -> dt.date:
    return dt.datetime.strptime(path.name[:8], "%Y%m%d").date()


def events(*rows: str) -> Report[Flare]:
    return swpc_events.parse((HEAD + "\n".join(rows)).encode(), DAY)


def seen(times: Iterable[dt.datetime], goes_class: str, *rest: float) -> Flare:
    start, peak, end = times
    noaa_ar, *place = rest or (None,)
    return Flare(start, peak, end, goes_class, noaa_ar if noaa_ar is None else int(noaa_ar), *place)


def at(hour: int, minute: int, day: int = 15) -> dt.datetime:
    return dt.datetime(2026, 2, day, hour, minute)


def test_real_event_reports(shared_sun: Path) -> None:
    reports = {}
    for path in sorted((shared_sun / "samples/swpc_events").glob("*events.txt")):
        content, day = path.read_bytes(), day_of(path)
        assert swpc_events.why_not_the_report(content, day) is None
        parsed = swpc_events.parse(content, day)
        assert not parsed.gap
        reports[day.day] = parsed.rows
    # Counted by hand: the rows with XRA in the Type column of each file, read one below the other; each has its own
    # event number.
    assert {day: len(rows) for day, rows in reports.items()} == {14: 6, 15: 4, 16: 5, 17: 4, 18: 5, 19: 3}
    # The last digits of the classes of 14 February, and the H-alpha row of event 7260, read off the files.
    assert [flare.goes_class for flare in reports[14]] == ["B8.0", "C2.0", "B7.5", "B6.9", "B7.6", "C6.0"]
    assert reports[15][2] == Flare(at(16, 9), at(16, 17), at(16, 24), "B7.3", 14374, 8, 8)
    assert reports[16][0] == Flare(at(4, 3, 16), at(4, 35, 16), at(5, 0, 16), "M2.4")


def test_real_region_summaries(shared_sun: Path) -> None:
    reports = {}
    for path in sorted((shared_sun / "samples/swpc_srs").glob("*SRS.txt")):
        content, day = path.read_bytes(), day_of(path)
        assert srs.why_not_the_report(content, day) is None
        parsed = srs.parse(content, day)
        assert not parsed.gap
        reports[day] = parsed.rows
    # Counted by hand: the lines below "I." and "IA." of each file that begin with a number, as (spotted, plages).
    counted = {
        dt.date(1996, 12, 9): (1, 0),
        dt.date(1999, 1, 1): (6, 3),
        dt.date(2010, 2, 28): (2, 0),
        dt.date(2022, 1, 4): (1, 3),
        dt.date(2022, 1, 5): (1, 2),
        dt.date(2022, 1, 6): (2, 2),
    }
    assert {
        day: (sum(row.mcintosh != "" for row in rows), sum(row.mcintosh == "" for row in rows))
        for day, rows in reports.items()
    } == counted
    midnight = dt.datetime(1999, 1, 1)
    assert reports[midnight.date()][2] == Region(midnight, 8421, 27, 27, 670, "Ekc", "beta-gamma-delta", 55)


def test_region_summaries_are_read_as_sunpy_reads_them(shared_sun: Path) -> None:
    from sunpy.io.special import read_srs

    for path in sorted((shared_sun / "samples/swpc_srs").glob("2022*SRS.txt")):
        theirs = read_srs(path)
        theirs = theirs[theirs["ID"] != "II"]
        ours = srs.parse(path.read_bytes(), day_of(path)).rows
        assert [row.noaa_ar for row in ours] == list(theirs["Number"])
        assert [row.latitude for row in ours] == list(theirs["Latitude"].value)
        assert [row.longitude for row in ours] == list(theirs["Longitude"].value)
        spotted = theirs[theirs["ID"] == "I"]
        assert [row.area for row in ours[: len(spotted)]] == list(spotted["Area"].value)
        assert [row.mag_type for row in ours[: len(spotted)]] == [name.lower() for name in spotted["Mag Type"]]


def test_flags_and_unknown_times_leave_the_flare() -> None:
    row = "4120 +    B0605   ////     A0655  G15  5   XRA  1-8A      C1.0    1.9E-03   2289"
    assert events(row).rows == [Flare(at(6, 5), None, at(6, 55), "C1.0", 12289)]


def test_a_flare_over_midnight_ends_on_the_next_day() -> None:
    row = "4120 +     2350   0005      0020  G15  5   XRA  1-8A      C1.0    1.9E-03   2289"
    assert events(row).rows == [Flare(at(23, 50), at(0, 5, 16), at(0, 20, 16), "C1.0", 12289)]


def test_a_peak_a_little_before_the_start_is_not_known() -> None:
    row = "4120 +     1200   1150      1220  G15  5   XRA  1-8A      C1.0    1.9E-03   2289"
    assert events(row).rows == [Flare(at(12, 0), None, at(12, 20), "C1.0", 12289)]


def test_a_begin_that_is_no_time_is_the_peak() -> None:
    row = "4120 +     0075   0118      0130  G15  5   XRA  1-8A      C1.0    1.9E-03       "
    assert events(row).rows == [Flare(at(1, 18), at(1, 18), at(1, 30), "C1.0")]


def test_a_flare_without_any_time_is_a_gap_of_its_day() -> None:
    parsed = events("4120 +     0075   ////      ////  G15  5   XRA  1-8A      C1.0    1.9E-03       ")
    assert not parsed.rows
    assert parsed.gap.startswith("1 rows cannot be read, the first is '4120")


def test_a_row_out_of_its_columns_is_a_gap_of_its_day() -> None:
    parsed = events("4120 + 0158 0210 0232 G15 5 XRA 1-8A C1.0 1.9E-03 2290")
    assert (parsed.rows, len(parsed.unreadable)) == ([], 1)


def test_an_event_that_two_satellites_saw_is_one_flare_as_the_representative_has_it() -> None:
    second = "4120       0157   0211      0232  G14  5   XRA  1-8A      C1.1    1.9E-03   2290"
    first = "4120 +     0158   0210      0232  G15  5   XRA  1-8A      C1.0    1.9E-03   2290"
    assert [flare.goes_class for flare in events(second, first).rows] == ["C1.0"]


def test_another_observatory_names_the_region() -> None:
    x_rays = "4120 +     0158   0210      0232  G15  5   XRA  1-8A      C1.0    1.9E-03       "
    optical = "4120       0158   0159      0211  LEA  3   FLA  N19W66    SF                2290"
    other = "4130       0158   0159      0211  LEA  3   FLA  S01E01    SF                2299"
    assert events(x_rays, optical, other).rows == [Flare(at(1, 58), at(2, 10), at(2, 32), "C1.0", 12290, 19, 66)]


def test_a_quiet_day_is_a_report() -> None:
    content = b":Product: x\n:Date: 2026 02 15\nNO EVENT REPORTS.\n"
    assert swpc_events.why_not_the_report(content, DAY) is None
    assert swpc_events.parse(content, DAY) == Report([], [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no event report"),
        (b"<html>Not reports</html>", "no event report"),
        (b":Date: 2026 02 14\n#Event\n", "the event report of 2026-02-14"),
        (b":Date: 2026 02 15\n", "half an event report"),
        (b":Date: 2026 02 15\n#Event\n4120 +     2350", "half an event report"),
    ],
)
def test_what_is_not_the_report_of_the_day_is_refused(content: bytes, reason: str) -> None:
    assert swpc_events.why_not_the_report(content, DAY) == reason


def test_four_digits_of_a_region_are_completed_from_june_2002_on() -> None:
    row = "2290 N06W02   019  0010 Bxo  02   03 Beta\n"
    content = (SRS_HEAD + row).encode()
    numbers = [srs.parse(content, day).rows[0].noaa_ar for day in (dt.date(2002, 6, 13), dt.date(2002, 6, 14))]
    assert numbers == [2290, 12290]


def test_text_among_the_regions_is_no_row_and_a_later_row_corrects() -> None:
    text = "CORRECTED COPY: the area of 2924 was wrong\n2924 S32E48   042  0030 Cro  01   02 Beta\nplease note\n"
    parsed = srs.parse((SRS_HEAD + text + "2924 S32E48   042  0050 Cro  01   02 Beta\n").encode(), dt.date(2022, 1, 5))
    assert not parsed.gap
    assert list(region_table(parsed.rows, "swpc_srs")["area"]) == [50]


def test_a_region_that_cannot_be_read_is_a_gap() -> None:
    parsed = srs.parse((SRS_HEAD + "2924 somewhere\n").encode(), dt.date(2022, 1, 5))
    assert "2924 somewhere" in parsed.gap


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no region summary"),
        (b":Issued: 2022 Jan 04 0030 UTC\nII. x", "the region summary of 2022 Jan 04"),
        (b":Issued: 2022 Jan 05 0030 UTC\nI. x\n", "half a region summary"),
        (b":Issued: 2022 Jan 05 0030 UTC\nI. x\nII. y", "half a region summary"),
    ],
)
def test_what_is_not_the_summary_of_the_day_is_refused(content: bytes, reason: str) -> None:
    assert srs.why_not_the_report(content, dt.date(2022, 1, 5)) == reason


YEARLY = """\
31777150101  0457 0517 0507 S07E50                         C 21    G15  1.9E-03 12253 150104.9
31777150102  0433 0438 0436                                B 70    G15  1.0E-04
31777031104  1929 2006 1950 S19W833B                       X280    GOES 2.3E00  10486
31777960711  2359 0008 0004                                B 17    GOES
31777960711  2359 0008 0004                                B 17    GOES
31777960712  1200 1208 1204 N00E00                                 GOES
"""


def test_yearly_reports_print_the_end_before_the_max(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="solarflare"):
        rows = ngdc_xrs.parse(YEARLY.encode()).rows
    assert rows == [
        seen((dt.datetime(2015, 1, 1, *time) for time in ((4, 57), (5, 7), (5, 17))), "C2.1", 12253, -7, -50),
        seen((dt.datetime(2015, 1, 2, 4, minute) for minute in (33, 36, 38)), "B7.0"),
        seen((dt.datetime(2003, 11, 4, *time) for time in ((19, 29), (19, 50), (20, 6))), "X28.0", 10486, -19, 83),
        seen((dt.datetime(1996, 7, *time) for time in ((11, 23, 59), (12, 0, 4), (12, 0, 8))), "B1.7"),
        seen((dt.datetime(1996, 7, 12, 12, minute) for minute in (0, 4, 8)), ""),
    ]
    for defect in ("1 identical rows", "1 peaks or ends after midnight", "1 flares without a class", "1 positions"):
        assert defect in caplog.text


def test_a_yearly_report_is_of_its_year() -> None:
    assert ngdc_xrs.why_not_the_report(YEARLY.encode(), 2015) is None
    assert ngdc_xrs.why_not_the_report(YEARLY.encode(), 2014) == "no X-ray report of 2014"
    assert ngdc_xrs.why_not_the_report(b"<html></html>", 2015) == "no X-ray report of 2015"


def test_the_newest_science_report_is_taken_and_a_year_before_the_whole_mission() -> None:
    mission = "sci_xrsf-l2-flrpt_geo_s19950103_e20260101_v2-0-0.csv"
    year = "sci_xrsf-l2-flrpt_geo_y2014_v1-0-{}.csv"
    names = [mission, year.format(9), year.format(10), "index.html"]
    assert ncei_science.newest(names, 2014) == year.format(10)
    assert ncei_science.newest(names, 2013) == mission
    assert ncei_science.newest(names[1:], 2013) is None


def test_science_classes_are_not_scaled() -> None:
    content = (
        b"time,start_time,end_time,flare_id,xrsb_irrad,flare_class,flare_loc_swpc_hgs_lon,flare_loc_swpc_hgs_lat,"
        b"active_region\n2014-02-25 00:49:00,2014-02-25 00:39:00,2014-02-25 01:03:00,1,7e-4,X7.0,-82,-12,11990\n"
        b"nonsense\n"
    )
    parsed = ncei_science.parse(content)
    peak = dt.datetime(2014, 2, 25, 0, 49)
    start, end = dt.datetime(2014, 2, 25, 0, 39), dt.datetime(2014, 2, 25, 1, 3)
    assert parsed.rows == [Flare(start, peak, end, "X7.0", 11990, -12, -82)]
    assert len(parsed.unreadable) == 1


REAL_GOES = (
    b'[{"time_tag":"2026-09-06T17:20:00Z","satellite":18,"current_class":"B3.7","current_ratio":0.00456,'
    b'"current_int_xrlong":0.0019,"begin_time":"2026-09-06T13:15:00Z","begin_class":"B4.0",'
    b'"max_time":"2026-09-06T13:34:00Z","max_class":"C1.1","max_xrlong":1.136e-06,"end_time":"2026-09-06T13:51:00Z",'
    b'"max_ratio_time":"2026-09-06T13:15:36Z","max_ratio":0.2918,"end_class":"B7.5"}]'
)
REAL_EDITED = (
    b'[{"begin_datetime":"2024-05-28T06:38:00","begin_quality":"","max_datetime":"2024-05-28T06:43:00",'
    b'"end_datetime":"2024-05-28T06:48:00","observatory":"G16","quality":"5","type":"XRA","location":"",'
    b'"frequency":"1-8A","particulars1":"C4.1","particulars2":"1.4E-03","particulars3":null,"region":3697,"bin":7000},'
    b'{"type":"RBR","begin_datetime":"2024-05-28T07:00:00"}]'
)
REAL_REGION = (
    b'[{"observed_date":"2026-09-06","region":4529,"latitude":13,"longitude":63,"location":"N13E63",'
    b'"carrington_longitude":188,"area":70,"spot_class":"Hsx","extent":2,"number_spots":1,"mag_class":"A"},'
    b'{"observed_date":"2026-09-06","region":null}]'
)


def test_json_flares_with_and_without_a_zone() -> None:
    goes = [dt.datetime(2026, 9, 6, 13, minute) for minute in (15, 34, 51)]
    edited = [dt.datetime(2024, 5, 28, 6, minute) for minute in (38, 43, 48)]
    assert swpc_json.parse_flares(REAL_GOES) == Report([seen(goes, "C1.1")])
    assert swpc_json.parse_flares(REAL_EDITED) == Report([seen(edited, "C4.1", 13697)])


@pytest.mark.parametrize("cut", ['"location":"N13E63",', ""])
def test_json_longitudes_are_positive_to_the_east(cut: str) -> None:
    parsed = swpc_json.parse_regions(REAL_REGION.replace(cut.encode(), b""))
    assert parsed == Report([Region(dt.datetime(2026, 9, 7), 14529, 13, -63, 70, "Hsx", "alpha", 1)])


def test_a_json_region_is_placed_at_the_end_of_its_date() -> None:
    from sunpy.coordinates import sun

    (region,) = swpc_json.parse_regions(REAL_REGION).rows
    # Its Carrington longitude, 188, is that of the central meridian plus its own.
    assert sun.L0(region.time).deg + region.longitude == pytest.approx(188, abs=1)


def test_times_that_json_does_not_know_leave_the_flare() -> None:
    parsed = swpc_json.parse_flares(b'[{"begin_time":"Unk","max_time":"2026-09-06T13:34:00Z","end_time":null}, 3]')
    peak = dt.datetime(2026, 9, 6, 13, 34)
    assert parsed == Report([Flare(peak, peak, None, "")], ["3"])
