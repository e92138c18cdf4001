"""The sites of flares and regions: tables of the raw contract, written as each site prints them."""

import datetime as dt
import html
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import pandas as pd

from tests.archive_server.server import Mount, Page

DAY = dt.timedelta(days=1)
PATHS = {
    "swpc_events": "/stp/swpc-products/daily_reports/solar_event_reports",
    "swpc_srs": "/stp/swpc-products/daily_reports/solar_region_summaries",
    "spaceweatherlive": "/en/archive",
    "ngdc_xrs": "/stp/solar-flares/x-rays/goes/xrs",
    "ncei_science": "/goes/xrsf-l2-flrpt_science/csv",
    "swpc_json": "/json",
    "hek": "/hek/her",
}
"""Where each source lies on its site."""

SHORT_MAG_TYPES = {"alpha": "A", "beta": "B", "beta-gamma": "BG", "beta-delta": "BD", "beta-gamma-delta": "BGD"}

Form = Literal["plain", "bare", "leading table", "script"]
"""SpaceWeatherLive's page: as it is, without the container's id, with a table before the one of flares, or with a
consent overlay whose button lets a script draw the table."""

Record = Mapping[Any, Any]


def columns(*cells: tuple[int, str]) -> str:
    """Return a line with each text at its column, from 0."""
    line = ""
    for column, text in cells:
        line = line.ljust(column) + text
    return line


def location(record: Record) -> str:
    """Return a position as N19W66; blank if there is none."""
    if pd.isna(record["latitude"]):
        return ""
    north, west = round(record["latitude"]), round(record["longitude"])
    return f"{'N' if north >= 0 else 'S'}{abs(north):02d}{'W' if west >= 0 else 'E'}{abs(west):02d}"


def number(noaa_ar: Any, digits: int) -> str:
    """Return a region number's last digits; blank if there is none."""
    return "" if pd.isna(noaa_ar) else f"{int(noaa_ar) % 10**digits:0{digits}d}"


def clock(time: Any, form: str = "%H%M", unknown: str = "////") -> str:
    """Return the time of day."""
    return unknown if pd.isna(time) else f"{time:{form}}"


def iso(time: Any, zone: str = "") -> str | None:
    """Return a time as JSON has it."""
    return None if pd.isna(time) else f"{time:%Y-%m-%dT%H:%M:%S}{zone}"


def records(df: pd.DataFrame, day: dt.date, column: str = "start") -> list[dict[Any, Any]]:
    """Return the rows of a day."""
    midnight = pd.Timestamp(day)
    return df[(df[column] >= midnight) & (df[column] < midnight + DAY)].to_dict("records")


def event_report(day: dt.date, flares: Iterable[Record]) -> str:
    """Return NOAA's daily event report: each flare in X-rays; in H-alpha too, where it has a position."""
    head = [
        f":Product: {day:%Y%m%d}events.txt",
        f":Created: {day + 3 * DAY:%Y %b %d} 0357 UT",
        f":Date: {day:%Y %m %d}",
        "# Prepared by the U.S. Dept. of Commerce, NOAA, Space Weather Prediction Center",
        "#",
        "# Missing data: ////",
        f"#                            Edited Events for {day:%Y %b %d}",
        "#",
        "#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#",
        "#-------------------------------------------------------------------------------",
        "",
    ]
    lines = []
    for event, flare in enumerate(flares, start=1):
        times = (11, clock(flare["start"])), (18, clock(flare["peak"])), (28, clock(flare["end"]))
        name, region = (0, f"{10 * event:04d}"), (76, number(flare["noaa_ar"], 4).ljust(4))
        x_rays = (34, "G15"), (39, "5"), (43, "XRA"), (48, "1-8A"), (58, flare["goes_class"]), (66, "1.2E-03")
        lines.append(columns(name, (5, "+"), *times, *x_rays, region))
        if at := location(flare):
            lines.append(columns(name, *times, (34, "HOL"), (39, "3"), (43, "FLA"), (48, at), (58, "SF"), region))
        lines.append("")
    return "\n".join([*head, *(lines or ["NO EVENT REPORTS."])]) + "\n"


def region_summary(day: dt.date, regions: Iterable[Record]) -> str:
    """Return NOAA's region summary that is issued on a day, of the regions at its midnight."""
    before = day - DAY
    spotted, plages = [], []
    for region in regions:
        start = f"{number(region['noaa_ar'], 4)} {location(region)}"
        if region["spots"] or region["area"]:
            spots = f"{0 if pd.isna(region['spots']) else region['spots']:02d}"
            rest = f"   019  {int(region['area']):04d} {region['mcintosh']}  02   {spots} {region['mag_type'].title()}"
            spotted.append(start + rest)
        else:
            plages.append(f"{start}   019")
    lines = [
        f":Product: {day:%m%d}SRS.txt",
        f":Issued: {day:%Y %b %d} 0030 UTC",
        "# Prepared jointly by the U.S. Dept. of Commerce, NOAA,",
        "# Space Weather Prediction Center and the U.S. Air Force.",
        "#",
        "Joint USAF/NOAA Solar Region Summary",
        f"SRS Number {day:%j} Issued at 0030Z on {day:%d %b %Y}",
        f"Report compiled from data received at SWO on {before:%d %b}",
        f"I.  Regions with Sunspots.  Locations Valid at {before:%d}/2400Z",
        "Nmbr Location  Lo  Area  Z   LL   NN Mag Type",
        *(spotted or ["None"]),
        f"IA. H-alpha Plages without Spots.  Locations Valid at {before:%d}/2400Z {before:%b}",
        "Nmbr  Location  Lo",
        *(plages or ["None"]),
        f"II. Regions Due to Return {day:%d %b} to {day + 2 * DAY:%d %b}",
        "Nmbr Lat    Lo",
        "None",
    ]
    return "\n".join(lines) + "\n"


def flare_table(flares: Iterable[Record]) -> str:
    """Return SpaceWeatherLive's table of flares."""
    rows: list[str] = []
    for flare in flares:
        region = '<span class="badge bg-secondary">-</span>'
        if not pd.isna(flare["noaa_ar"]):
            link = f"/en/solar-activity/region/{int(flare['noaa_ar'])}.html"
            region = f'<a class="badge" href="{link}">{number(flare["noaa_ar"], 4)}</a>'
        times = "".join(f"<td>{clock(flare[name], '%H:%M', '')}</td>" for name in ("start", "peak", "end"))
        rows.append(f"<tr><td>{region}</td><td><span>{html.escape(flare['goes_class'])}</span></td>{times}</tr>")
    body = "".join(rows) or "<tr><td>None</td><td></td><td></td><td></td><td></td></tr>"
    return (
        '<table class="table table-sm table-striped"><thead><tr><th>Region</th><th></th><th>Start</th>'
        f"<th>Maximum</th><th>End</th></tr></thead><tbody>{body}</tbody></table>"
    )


OVERLAY = (
    '<div id="consent" style="position:fixed;inset:0;background:#000;z-index:9"><p>We value your privacy</p>'
    '<button mode="primary" size="large"><span>AGREE</span></button></div>'
)
SCRIPT = """<script>document.querySelector("button").addEventListener("click", () => {
document.getElementById("consent").remove();
fetch("table.html").then(answer => answer.text()).then(table => {
document.getElementById("Archive_SolarFlare_table").innerHTML = "<h4>Solar flares</h4>" + table; }); });</script>"""
OTHER_TABLE = "<table><tr><th>Region</th><th>Start</th></tr><tr><td>12999</td><td>X9.9</td></tr></table>"


def archive_page(flares: Iterable[Record], form: Form = "plain") -> str:
    """Return a day's page of SpaceWeatherLive."""
    table = "" if form == "script" else flare_table(flares)
    leading = OTHER_TABLE if form == "leading table" else ""
    container = "" if form == "bare" else ' id="Archive_SolarFlare_table"'
    before, after = (OVERLAY, SCRIPT) if form == "script" else ("", "")
    return (
        "<!DOCTYPE html><html><head><title>Solar flares</title></head><body>"
        f"{before}<div{container}><h4>Solar flares</h4>{leading}{table}</div>{after}</body></html>"
    )


def yearly_report(flares: Iterable[Record]) -> str:
    """Return NGDC's yearly report: start, end, max, under the date of the start."""
    lines = []
    for flare in flares:
        strength = flare["goes_class"]
        tenths = f"{round(10 * float(strength[1:])):3d}" if strength else ""
        start, end, peak = (clock(flare[name], unknown="") for name in ("start", "end", "peak"))
        place = (28, location(flare) or "N00E00")
        rest = (59, strength[:1]), (60, tenths), (67, "G15"), (72, "1.9E-03"), (80, number(flare["noaa_ar"], 5))
        lines.append(columns((0, f"31777{flare['start']:%y%m%d}"), (13, start), (18, end), (23, peak), place, *rest))
    return "\n".join(lines) + "\n"


def science_report(flares: Iterable[Record]) -> str:
    """Return NCEI's science report."""
    lines = [
        "time,start_time,end_time,flare_id,xrsb_irrad,flare_class,flare_loc_swpc_hgs_lon,flare_loc_swpc_hgs_lat,"
        "flare_loc_xrs_hgs_lon,flare_loc_xrs_hgs_lat,active_region"
    ]
    for flare in flares:
        times = [(iso(flare[name]) or "").replace("T", " ") for name in ("peak", "start", "end")]
        at = ["" if pd.isna(flare[name]) else f"{flare[name]}" for name in ("longitude", "latitude")]
        identity, region = f"{flare['start']:%Y%m%d%H%M}", number(flare["noaa_ar"], 5)
        lines.append(",".join([*times, identity, "1e-06", flare["goes_class"], *at, "", "", region]))
    return "\n".join(lines) + "\n"


def edited_events(flares: Iterable[Record]) -> list[dict[str, Any]]:
    """Return SWPC's edited events, without a zone."""
    return [
        {
            "begin_datetime": iso(flare["start"]),
            "max_datetime": iso(flare["peak"]),
            "end_datetime": iso(flare["end"]),
            "observatory": "G16",
            "type": "XRA",
            "location": location(flare),
            "frequency": "1-8A",
            "particulars1": flare["goes_class"],
            "particulars2": "1.4E-03",
            "region": None if pd.isna(flare["noaa_ar"]) else int(flare["noaa_ar"]) % 10_000,
        }
        for flare in flares
    ]


def goes_flares(flares: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the flares that GOES finds, with a zone, without regions."""
    return [
        {
            "time_tag": iso(flare["start"], "Z"),
            "satellite": 18,
            "begin_time": iso(flare["start"], "Z"),
            "begin_class": "B4.0",
            "max_time": iso(flare["peak"], "Z"),
            "max_class": flare["goes_class"],
            "end_time": iso(flare["end"], "Z"),
            "end_class": "B7.5",
        }
        for flare in flares
    ]


def solar_regions(regions: Iterable[Record]) -> list[dict[str, Any]]:
    """Return SWPC's regions: longitudes positive to the east, a date whose end the position is valid at."""
    return [
        {
            "observed_date": f"{region['time'] - DAY:%Y-%m-%d}",
            "region": int(region["noaa_ar"]) % 10_000,
            "latitude": round(region["latitude"]),
            "longitude": -round(region["longitude"]),
            "location": location(region),
            "area": None if pd.isna(region["area"]) else int(region["area"]),
            "spot_class": region["mcintosh"] or None,
            "number_spots": None if pd.isna(region["spots"]) else int(region["spots"]),
            "mag_class": SHORT_MAG_TYPES.get(region["mag_type"]),
        }
        for region in regions
    ]


def hek_flares(flares: Iterable[Record]) -> list[dict[str, Any]]:
    """Return each flare as three observers report it: SWPC without a position, SSW earlier, Flare Detective alone."""
    events = []
    for flare in flares:
        common = {
            "event_type": "FL",
            "event_starttime": iso(flare["start"]),
            "event_peaktime": iso(flare["peak"]),
            "event_endtime": iso(flare["end"]),
            "fl_goescls": flare["goes_class"],
            "event_testflag": "false",
            "event_description": "at 193 Å",
        }
        region: int | None = None if pd.isna(flare["noaa_ar"]) else int(flare["noaa_ar"])
        nowhere = {"hgs_x": 0, "hgs_y": 0, "hpc_x": 0, "hpc_y": 54.3, "noposition": "false"}
        at = {"hgs_x": flare["longitude"], "hgs_y": flare["latitude"], "hgs_bbox": "POLYGON((17 70,17 70,17 70))"}
        events.append(common | nowhere | {"frm_name": "SWPC", "ar_noaanum": region or 0})
        if not pd.isna(flare["latitude"]):
            ssw = {"frm_name": "SSW Latest Events", "ar_noaanum": region % 10_000 if region else ""}
            events.append(common | at | ssw | {"event_starttime": iso(flare["start"] - dt.timedelta(minutes=7))})
            trigger = {"frm_name": "Flare Detective - Trigger Module", "fl_goescls": "", "ar_noaanum": None}
            events.append(common | at | trigger)
    return events


def hek_regions(regions: Iterable[Record]) -> list[dict[str, Any]]:
    """Return each region as NOAA's observers report it, and as a pipeline that numbers none."""
    events = []
    for region in regions:
        common = {
            "event_type": "AR",
            "event_starttime": iso(region["time"]),
            "event_endtime": iso(region["time"] + DAY),
            "hgs_x": region["longitude"],
            "hgs_y": region["latitude"],
            "ar_mcintoshcls": region["mcintosh"].upper(),
            "ar_mtwilsoncls": region["mag_type"].upper(),
            "ar_numspots": None if pd.isna(region["spots"]) else str(region["spots"]),
            "area_atdiskcenter": None if pd.isna(region["area"]) else region["area"] * 3_043_675.0,
        }
        events.append(common | {"frm_name": "NOAA SWPC Observer", "ar_noaanum": int(region["noaa_ar"])})
        events.append(common | {"frm_name": "SPoCA", "ar_noaanum": None})
    return events


def hek(events: Iterable[Record]) -> Mount:
    """Return HEK: events of a type that overlap a span, a page at a time."""
    known = sorted(events, key=lambda event: event["event_starttime"])

    def page(_: str, query: dict[str, str]) -> Page:
        limit, first = int(query["result_limit"]), int(query["page"]) - 1
        found = [
            event
            for event in known
            if event["event_type"] == query["event_type"].upper()
            and event["event_starttime"] < query["event_endtime"]
            and (event["event_endtime"] or event["event_starttime"]) >= query["event_starttime"]
        ]
        answer = {"result": found[first * limit : (first + 1) * limit], "overmax": len(found) > (first + 1) * limit}
        # The angstrom sign as the site has sent it: no UTF-8.
        return Page(json.dumps(answer, ensure_ascii=False).encode("latin-1"), "application/json")

    return page


def by_day(write: Callable[[dt.date], str], suffix: str) -> Mount:
    """Return reports under YYYY/MM/YYYYMMDD and a suffix."""

    def page(path: str, _: dict[str, str]) -> Page | None:
        name = path.rpartition("/")[2].removesuffix(suffix)
        day = dt.datetime.strptime(name, "%Y%m%d").date()
        expected = f"/{day:%Y}/{day:%m}/{day:%Y%m%d}{suffix}"
        return Page(write(day).encode(), "text/plain") if path == expected else None

    return page


def spaceweatherlive(flares: pd.DataFrame, form: Form = "plain") -> Mount:
    """Return SpaceWeatherLive's archive under /YYYY/MM/DD/xray.html."""

    def page(path: str, query: dict[str, str]) -> Page | None:
        day, _, name = path.strip("/").rpartition("/")
        found = records(flares, dt.datetime.strptime(day, "%Y/%m/%d").date())
        pages = {"xray.html": archive_page(found, form), "table.html": flare_table(found)}
        return Page(pages[name].encode()) if name in pages else None

    return page


def yearly(files: Mapping[str, str]) -> Mount:
    """Return a folder of text files, with its index."""

    def page(path: str, _: dict[str, str]) -> Page | None:
        name = path.strip("/")
        if not name:
            return Page("".join(f'<a href="{file}">{file}</a>\n' for file in files).encode())
        return Page(files[name].encode(), "text/plain") if name in files else None

    return page


def swpc_json(flares: pd.DataFrame, regions: pd.DataFrame) -> Mount:
    """Return SWPC's JSON."""
    rows = flares.to_dict("records")
    files = {
        "/edited_events.json": edited_events(rows),
        "/goes/primary/xray-flares-7-day.json": goes_flares(rows),
        "/solar_regions.json": solar_regions(regions.to_dict("records")),
    }

    def page(path: str, _: dict[str, str]) -> Page | None:
        return Page(json.dumps(files[path]).encode(), "application/json") if path in files else None

    return page


def mounts(flares: pd.DataFrame, regions: pd.DataFrame, form: Form = "plain") -> dict[str, Mount]:
    """Return all sites of flares and regions by the prefix of their paths."""
    years = {int(year): rows.to_dict("records") for year, rows in flares.groupby(flares["start"].dt.year)}
    special = {2015: "2015_modifiedreplacedmissingrows", 2017: "2017-ytd"}
    ngdc = {f"goes-xrs-report_{special.get(year, year)}.txt": yearly_report(rows) for year, rows in years.items()}
    ncei = {f"sci_xrsf-l2-flrpt_geo_y{year}_v1-0-1.csv": science_report(rows) for year, rows in years.items()}
    events = [*hek_flares(flares.to_dict("records")), *hek_regions(regions.to_dict("records"))]
    sites = {
        "swpc_events": by_day(lambda day: event_report(day, records(flares, day)), "events.txt"),
        "swpc_srs": by_day(lambda day: region_summary(day, records(regions, day, "time")), "SRS.txt"),
        "spaceweatherlive": spaceweatherlive(flares, form),
        "ngdc_xrs": yearly(ngdc),
        "ncei_science": yearly(ncei),
        "swpc_json": swpc_json(flares, regions),
        "hek": hek(events),
    }
    return {PATHS[name]: mount for name, mount in sites.items()}


def urls(*sites: str) -> dict[str, list[str]]:
    """Return the base addresses of each source at some sites, in the form of scrape.live.urls."""
    return {name: [site + path for site in sites if site.startswith("http")] for name, path in PATHS.items()}
