"""How the observatories are asked: politely, safely, once; and what is made of what they answer."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from solarflare.core.errors import InputError
from solarflare.sources.live.http import addresses, listing
from solarflare.sources.live.http.fetch import Absent, Fetcher, HostDown, Interrupted, Lost, Refused, Verify
from solarflare.sources.live.http.pacing import MAX_UNREADABLE_FILES
from solarflare.sources.live.http.transport import retry_after
from solarflare.sources.live.schema import RequestLimits
from solarflare.sun.images import usable
from tests import parameters
from tests.archive_server import ArchiveServer, Fault
from tests.archive_server.faults import PERMANENT, SLOW, TRANSIENT, Kind
from tests.archive_server.ftp import FtpServer
from tests.archive_server.server import index

FOLDER = "pub/archive/2019/02/01"
NAME = "gong_magxx_fd_20190201_182103.jpg"
LIMITS = {
    "delay": 0.0,
    "jitter": 0.0,
    "concurrency": 1,
    "daily_cap": 1000,
    "timeout": 60,
    "retries": 3,
    "backoff": 0.01,
    "max_wait": 30.0,
    "max_bytes": 10_000_000,
}


def anything(_: bytes) -> None:
    """Accept all that comes."""


def a_magnetogram(content: bytes) -> str | None:
    """Accept magnetograms of GONG."""
    return usable.refusal(io.BytesIO(content), "gong")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ArchiveServer]:
    folder = tmp_path / "site"
    (folder / FOLDER).mkdir(parents=True)
    Image.new("L", (860, 860), 100).save(folder / FOLDER / NAME)
    with ArchiveServer(folder) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def fetcher(cache: Path, *bases: str, extra_hosts: tuple[str, ...] = (), **limits: Any) -> Fetcher:
    """Return a fetcher that may ask some hosts."""
    live = parameters.load(parameters.FIXED).scrape.live
    request_limits = RequestLimits.model_validate(LIMITS | limits)
    urls = {"bbso": bases}
    return Fetcher(
        live.model_copy(update={"urls": urls, "extra_hosts": extra_hosts, "manners": request_limits, "slower": {}}),
        cache,
    )


def get(site: ArchiveServer, cache: Path, verify: Verify = a_magnetogram, **limits: Any) -> bytes:
    """Fetch the magnetogram from the site."""
    return fetcher(cache, site.url, **limits).get([f"{site.url}/{FOLDER}/{NAME}"], verify)


def test_a_file_comes_byte_for_byte(site: ArchiveServer, cache: Path) -> None:
    assert get(site, cache) == (site.folder / FOLDER / NAME).read_bytes()


def test_it_says_who_asks(site: ArchiveServer, cache: Path) -> None:
    get(site, cache)
    assert all(request.headers["user-agent"].startswith("solarflare/") for request in site.requests)


def test_nothing_is_fetched_twice(site: ArchiveServer, cache: Path) -> None:
    assert get(site, cache) == get(site, cache)
    assert len(site.asked()) == 1


def test_what_may_change_is_asked_for_once_a_run_and_only_if_it_has_changed(site: ArchiveServer, cache: Path) -> None:
    for _ in range(2):
        client = fetcher(cache, site.url)
        for _ in range(2):
            assert client.get([f"{site.url}/{FOLDER}/"], listing.why_not_a_listing, keep=False)
    assert [request.status for request in site.asked()] == [200, 304]


def test_what_was_fetched_before_its_final_form_is_asked_for_once_more(site: ArchiveServer, cache: Path) -> None:
    for keep in (False, True, True):
        fetcher(cache, site.url).get([f"{site.url}/{FOLDER}/"], anything, keep=keep)
    assert [request.status for request in site.asked()] == [200, 304]


def test_what_has_changed_comes_again(site: ArchiveServer, cache: Path) -> None:
    url = f"{site.url}/{FOLDER}/"
    fetcher(cache, site.url).get([url], anything, keep=False)
    (site.folder / FOLDER / "new.jpg").touch()
    assert b"new.jpg" in fetcher(cache, site.url).get([url], anything, keep=False)


def test_a_damaged_copy_in_the_cache_is_fetched_again(site: ArchiveServer, cache: Path) -> None:
    content = get(site, cache)
    (copy,) = (path for path in (cache / "files").rglob("*") if path.is_file() and not path.suffix)
    copy.write_bytes(content[:100])
    assert get(site, cache) == content


def test_a_copy_without_its_note_is_none(site: ArchiveServer, cache: Path) -> None:
    content = get(site, cache)
    for note in (cache / "files").rglob("*.json"):
        note.write_text("{")
    assert get(site, cache) == content
    assert len(site.asked()) == 2


def test_the_cache_tells_hash_and_headers(site: ArchiveServer, cache: Path) -> None:
    get(site, cache)
    (note,) = (json.loads(path.read_text()) for path in (cache / "files").rglob("*.json"))
    assert note["url"].endswith(NAME)
    assert note["headers"]["content-type"] == "image/jpeg"


@pytest.mark.parametrize("kind", TRANSIENT)
def test_what_passes_is_waited_for(site: ArchiveServer, cache: Path, kind: Kind) -> None:
    # A slow site is waited for once, everything else twice.
    times, timeout = (1, 5) if kind == "slow" else (2, 60)
    site.faults = [Fault(NAME, kind, times=times)]
    assert get(site, cache, timeout=timeout) == (site.folder / FOLDER / NAME).read_bytes()
    assert len(site.asked()) == times + 1


@pytest.mark.parametrize("kind", ["drip", "drip_headers"])
def test_a_slow_drip_is_ended(site: ArchiveServer, cache: Path, kind: Kind) -> None:
    # Each byte comes within the timeout, and there is no last one.
    site.faults = [Fault(NAME, kind)]
    with pytest.raises(Absent, match=r"slower than 1000 bytes a second for 2 s"):
        get(site, cache, timeout=2, retries=0)


def test_a_transfer_that_passes_a_slow_moment_is_not_ended(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault(NAME, "drip", times=1)]
    assert get(site, cache, timeout=2) == (site.folder / FOLDER / NAME).read_bytes()


def test_a_transfer_has_a_deadline_as_a_whole(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault(NAME, "drip")]
    with pytest.raises(Absent, match=r"not complete after 2 s"):
        get(site, cache, min_speed=0, max_seconds=2, retries=0)


@pytest.mark.parametrize("kind", PERMANENT)
def test_what_stays_bad_is_absent(site: ArchiveServer, cache: Path, kind: Kind) -> None:
    site.faults = [Fault(NAME, kind)]
    with pytest.raises(Absent) as absent:
        get(site, cache)
    assert "127.0.0.1" not in absent.value.reason
    assert not [path for path in (cache / "files").rglob("*") if path.is_file()]


def test_what_is_not_there_is_asked_for_once(site: ArchiveServer, cache: Path) -> None:
    with pytest.raises(Absent, match="404"):
        fetcher(cache, site.url).get([f"{site.url}/nothing.jpg"], anything)
    assert len(site.asked()) == 1


def test_a_host_that_refuses_is_left_alone(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("first", "forbidden")]
    client = fetcher(cache, site.url)
    for name in ("first", FOLDER + "/" + NAME):
        with pytest.raises(Refused, match="403"):
            client.get([f"{site.url}/{name}"], anything)
    assert len(site.asked()) == 1


def test_what_is_in_the_cache_is_there_whoever_refuses(site: ArchiveServer, cache: Path) -> None:
    content = get(site, cache)
    site.faults = [Fault("", "forbidden")]
    assert get(site, cache) == content


def test_a_wait_is_as_long_as_the_host_asks_for(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault(NAME, "throttled", times=1, retry_after=1)]
    get(site, cache)
    first, second = site.asked()
    assert second.time - first.time >= 1


@pytest.mark.parametrize("kind", ["throttled", "throttled_until"])
def test_a_host_that_asks_for_too_long_a_wait_ends_the_run(site: ArchiveServer, cache: Path, kind: Kind) -> None:
    site.faults = [Fault(NAME, kind, retry_after=3600)]
    with pytest.raises(
        Interrupted, match=r"wants no request for 3[56]\d\d s; the files that were fetched are kept: run again"
    ):
        get(site, cache)
    assert len(site.asked()) == 1


def test_waits_grow(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault(NAME, "busy", times=3)]
    get(site, cache, backoff=0.1)
    times = [request.time for request in site.asked()]
    assert all(later - earlier >= 0.1 * 2**n for n, (earlier, later) in enumerate(pairwise(times)))


def test_a_host_that_sends_many_broken_files_in_a_row_is_left(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("broken", "html")]
    client = fetcher(cache, site.url, retries=0)
    for number in range(MAX_UNREADABLE_FILES + 1):
        with pytest.raises(Lost if number < MAX_UNREADABLE_FILES - 1 else HostDown):
            client.get([f"{site.url}/broken{number}.jpg"], a_magnetogram)
    assert len(site.asked()) == MAX_UNREADABLE_FILES


def test_a_file_is_lost_if_a_mirror_that_failed_may_have_it(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("/a", "busy"), Fault("/b", "missing")]
    client = fetcher(cache, "http://127.0.0.1:1", site.url, retries=0)
    with pytest.raises(Lost, match="404"):
        client.get(["http://127.0.0.1:1/b", f"{site.url}/b"], anything)
    assert client.lost == {"http://127.0.0.1:1/b": "404 Not Found"}


def test_a_host_that_is_down_for_one_file_after_another_ends_the_run(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("/.$", "busy")]
    site.robots = ""
    client = fetcher(cache, site.url, retries=0)
    for name, outcome in (("a", Absent), ("b", Absent), ("c", Interrupted)):
        with pytest.raises(outcome, match="503"):
            client.get([f"{site.url}/{name}"], anything)


def test_nobody_there_ends_the_run(site: ArchiveServer, cache: Path) -> None:
    site.__exit__(None, None, None)
    with pytest.raises(Interrupted, match="cannot be reached"):
        get(site, cache)
    site.__enter__()


def test_requests_keep_their_distance(site: ArchiveServer, cache: Path) -> None:
    client = fetcher(cache, site.url, delay=0.2)
    for name in "abc":
        with pytest.raises(Absent):
            client.get([f"{site.url}/{name}"], anything)
    times = [request.time for request in site.requests]
    # As the server sees it, a connection that takes a moment to open eats into the first distance.
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


def test_the_daily_cap_outlives_the_process(site: ArchiveServer, cache: Path) -> None:
    get(site, cache, daily_cap=2)
    with pytest.raises(Interrupted, match="daily cap of 2 requests"):
        fetcher(cache, site.url, daily_cap=2).get([f"{site.url}/other.jpg"], anything)
    assert len(site.requests) == 2


def test_robots_txt_is_read_first_and_obeyed(site: ArchiveServer, cache: Path) -> None:
    site.robots = "User-agent: solarflare\nDisallow: /pub/\n"
    with pytest.raises(Refused, match=r"robots\.txt"):
        get(site, cache)
    assert [request.path for request in site.requests] == ["/robots.txt"]


def test_robots_txt_may_have_wildcards_and_a_byte_order_mark(site: ArchiveServer, cache: Path) -> None:
    site.robots = "\ufeffUser-agent: *\nDisallow: /*.jpg$\n"
    with pytest.raises(Refused, match=r"robots\.txt"):
        get(site, cache)
    assert site.asked() == []


def test_a_robots_txt_that_cannot_be_read_forbids_all(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("robots", "busy")]
    with pytest.raises(Interrupted, match=r"robots\.txt: 503"):
        get(site, cache)
    assert site.asked() == []


def test_a_robots_txt_that_has_moved_is_read_there(site: ArchiveServer, cache: Path) -> None:
    with ArchiveServer(site.folder, robots="User-agent: *\nDisallow: /pub/\n") as other:
        site.faults = [Fault("robots", "moved", target=other.url)]
        client = fetcher(cache, site.url, other.url)
        with pytest.raises(Refused):
            client.get([f"{site.url}/{FOLDER}/{NAME}"], anything)


def test_robots_txt_may_ask_for_a_slower_pace(site: ArchiveServer, cache: Path) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 1\n"
    client = fetcher(cache, site.url)
    for name in "ab":
        with pytest.raises(Absent):
            client.get([f"{site.url}/{name}"], anything)
    first, second = site.asked()
    assert second.time - first.time >= 0.95


def test_a_host_that_is_not_in_the_parameters_is_not_asked(site: ArchiveServer, cache: Path) -> None:
    with pytest.raises(InputError, match="neither"):
        fetcher(cache, "http://example.org/").get([site.url + "/a"], anything)
    assert site.requests == []


def test_no_redirect_to_another_host(site: ArchiveServer, cache: Path, tmp_path: Path) -> None:
    with ArchiveServer(site.folder) as other:
        site.faults = [Fault(NAME, "moved", target=other.url)]
        with pytest.raises(Absent, match="moved to another host"):
            get(site, cache)
        assert other.requests == []


def test_a_redirect_to_a_listed_host_is_followed(site: ArchiveServer, cache: Path) -> None:
    with ArchiveServer(site.folder) as other:
        site.faults = [Fault(NAME, "moved", target=other.url)]
        host = other.url.removeprefix("http://")
        assert fetcher(cache, site.url, extra_hosts=(host,)).get([f"{site.url}/{FOLDER}/{NAME}"], a_magnetogram)


@pytest.mark.parametrize("target", ["file:///etc", "http://user:secret@127.0.0.1", "gopher://127.0.0.1", "http://["])
def test_no_redirect_to_anything_but_the_web(site: ArchiveServer, cache: Path, target: str) -> None:
    site.faults = [Fault(NAME, "moved", target=target)]
    with pytest.raises(Absent, match="moved to another host"):
        get(site, cache)


def test_a_redirect_in_a_circle_ends(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault(NAME, "moved")]
    with pytest.raises(Absent, match="moved more than"):
        get(site, cache)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://user:secret@example.org/", "javascript:alert(1)", "//a/b", "http://[/", ""]
)
def test_an_address_that_cannot_be_fetched_is_one_sentence(url: str) -> None:
    with pytest.raises(InputError):
        addresses.authority(url)


def test_no_password_is_taken_from_the_users_files(
    site: ArchiveServer, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    get(site, cache)
    assert all("authorization" not in request.headers for request in site.requests)


def test_a_mirror_serves_what_the_first_does_not_have(site: ArchiveServer, cache: Path, tmp_path: Path) -> None:
    with ArchiveServer(tmp_path / "nothing") as empty:
        urls = [f"{server.url}/{FOLDER}/{NAME}" for server in (empty, site)]
        assert fetcher(cache, empty.url, site.url).get(urls, a_magnetogram)


def test_a_host_that_cannot_be_reached_by_https_is_asked_by_http(site: ArchiveServer, cache: Path) -> None:
    secure = site.url.replace("http:", "https:")
    client = fetcher(cache, secure, site.url)
    for _ in range(2):
        assert client.get([f"{base}/{FOLDER}/{NAME}" for base in (secure, site.url)], a_magnetogram)


def test_a_mirror_that_says_absent_counts_more_than_one_that_says_nothing(site: ArchiveServer, cache: Path) -> None:
    site.faults = [Fault("/a", "busy")]
    with ArchiveServer(site.folder) as other, pytest.raises(Absent):
        fetcher(cache, site.url, other.url, retries=0).get([f"{site.url}/a", f"{other.url}/a"], anything)


def test_one_stream_a_host_whatever_the_number_of_threads(site: ArchiveServer, cache: Path) -> None:
    client = fetcher(cache, site.url)

    def ask(name: int) -> None:
        with pytest.raises(Absent):
            client.get([f"{site.url}/{name}"], anything)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(30)))
    assert site.most_at_once == 1


@pytest.mark.parametrize("kind", SLOW)
def test_a_stopped_fetcher_ends_what_has_begun(site: ArchiveServer, cache: Path, kind: Kind) -> None:
    site.faults = [Fault(NAME, kind)]
    client = fetcher(cache, site.url)
    with ThreadPoolExecutor(1) as pool:
        transfer = pool.submit(client.get, [f"{site.url}/{FOLDER}/{NAME}"], anything)
        while not site.asked():
            time.sleep(0.01)
        client.stop()
        with pytest.raises(Interrupted, match="stopped"):
            transfer.result()


def test_a_stopped_fetcher_asks_nothing(site: ArchiveServer, cache: Path) -> None:
    client = fetcher(cache, site.url)
    client.stop()
    with pytest.raises(Interrupted):
        client.get([f"{site.url}/{FOLDER}/{NAME}"], anything)
    assert site.requests == []


class TestFtp:
    @pytest.fixture
    def ftp(self, site: ArchiveServer) -> Iterator[FtpServer]:
        with FtpServer(site.folder) as server:
            yield server

    def test_a_file_comes_byte_for_byte(self, ftp: FtpServer, cache: Path) -> None:
        content = fetcher(cache, ftp.url).get([f"{ftp.url}/{FOLDER}/{NAME}"], a_magnetogram)
        assert content == (ftp.folder / FOLDER / NAME).read_bytes()

    @pytest.mark.parametrize("nlst", [True, False])
    def test_a_folder_is_listed_with_or_without_nlst(self, ftp: FtpServer, cache: Path, nlst: bool) -> None:
        ftp.nlst = nlst
        content = fetcher(cache, ftp.url).get([f"{ftp.url}/{FOLDER}/"], listing.why_not_a_listing)
        assert listing.names(content) == [NAME]

    def test_a_day_without_a_folder_is_absent(self, ftp: FtpServer, cache: Path) -> None:
        with pytest.raises(Absent, match="550"):
            fetcher(cache, ftp.url).get([f"{ftp.url}/pub/archive/2019/02/02/"], listing.why_not_a_listing)

    def test_a_slow_drip_is_ended(self, ftp: FtpServer, cache: Path) -> None:
        ftp.faults = [Fault(NAME, "drip")]
        with pytest.raises(Absent, match=r"slower than 1000 bytes a second for 2 s"):
            fetcher(cache, ftp.url, timeout=2, retries=0).get([f"{ftp.url}/{FOLDER}/{NAME}"], anything)

    @pytest.mark.parametrize("kind", ["crowded", "truncated"])
    def test_what_passes_is_waited_for(self, ftp: FtpServer, cache: Path, kind: Kind) -> None:
        ftp.faults = [Fault(NAME, kind, times=2)]
        assert fetcher(cache, ftp.url).get([f"{ftp.url}/{FOLDER}/{NAME}"], a_magnetogram)

    def test_a_host_that_lets_nobody_in_is_left_alone(self, ftp: FtpServer, cache: Path) -> None:
        ftp.faults = [Fault(NAME, "forbidden")]
        with pytest.raises(Refused, match="530"):
            fetcher(cache, ftp.url).get([f"{ftp.url}/{FOLDER}/{NAME}"], anything)

    def test_it_stands_in_where_the_web_does_not_have_a_file(self, ftp: FtpServer, cache: Path, tmp_path: Path) -> None:
        with ArchiveServer(tmp_path / "nothing") as empty:
            urls = [f"{server}/{FOLDER}/{NAME}" for server in (empty.url, ftp.url)]
            assert fetcher(cache, empty.url, ftp.url).get(urls, a_magnetogram)

    def test_a_file_that_is_too_large_spoils_nothing_after_it(self, ftp: FtpServer, cache: Path) -> None:
        (ftp.folder / "large").write_bytes(bytes(200_000))
        client = fetcher(cache, ftp.url, max_bytes=100_000)
        with pytest.raises(Absent, match="larger than 100000 bytes"):
            client.get([f"{ftp.url}/large"], anything)
        assert client.get([f"{ftp.url}/{FOLDER}/{NAME}"], a_magnetogram)

    def test_no_command_is_smuggled_in_by_a_name(self, ftp: FtpServer, cache: Path) -> None:
        with pytest.raises(Absent, match="control character"):
            fetcher(cache, ftp.url).get([f"{ftp.url}/a%0D%0ADELE%20b"], anything)


class TestListing:
    NAMES = ("bbso_halph_fr_20190201_182103.jpg", NAME, "a b&c.jpg")

    @pytest.mark.parametrize("absolute", [True, False])
    def test_both_forms_of_links_are_read(self, absolute: bool) -> None:
        page = index("/pub/archive/2019/02/01/", self.NAMES, absolute).encode()
        assert set(self.NAMES) <= set(listing.names(page))

    def test_a_file_browser_is_read(self) -> None:
        page = f'<html><a class="name file" href="/assets/img/browse/2019/02/01/{NAME}">x</a></html>'.encode()
        assert listing.names(page) == [NAME]

    @given(st.lists(st.text(), max_size=5))
    def test_no_name_holds_a_path(self, hrefs: list[str]) -> None:
        page = "".join(f'<a href="{href}">' for href in hrefs).encode(errors="replace")
        assert not [name for name in listing.names(page) if "/" in name]

    @given(st.binary())
    def test_whatever_comes_is_a_list_of_names(self, content: bytes) -> None:
        assert all(isinstance(name, str) for name in listing.names(content))

    def test_an_error_page_is_no_listing(self) -> None:
        assert listing.why_not_a_listing(b"<html><body>Sorry</body></html>")


@given(st.text())
def test_any_retry_after_is_a_number_of_seconds_or_nothing(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0


@given(st.text(min_size=1))
def test_a_name_cannot_leave_its_folder(name: str) -> None:
    url = addresses.join("http://example.org/data", name)
    assert url.startswith("http://example.org/data/")
    assert url.count("/") == 4


def test_no_name_of_the_cache_comes_from_a_server(site: ArchiveServer, cache: Path) -> None:
    shutil.copyfile(site.folder / FOLDER / NAME, site.folder / "..%2f..%2fescape.jpg")
    fetcher(cache, site.url).get([addresses.join(site.url, "..%2f..%2fescape.jpg")], anything)
    assert {path.suffix for path in (cache / "files").rglob("*") if path.is_file()} == {"", ".json"}
