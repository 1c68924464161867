"""Probing a real server on loopback: what comes back, how much is read, how long it may last."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.http import Unavailable
from popflix.lib.http.hops import Detour, Probe
from popflix.lib.http.probe import EXCERPT_BYTES, Prober
from popflix.lib.limiter import Parked, build_limiter
from tests.popflix.lib import httpserver, pages
from tests.popflix.lib.pages import Handler, Pages, leads_to, says

SECRET = "4f1d6a9be2c37705"


class CountingLimiter:
    """A real one that tells how often a slot was taken, and by which lane."""

    def __init__(self) -> None:
        self._real = build_limiter("probe", 10_000, backend="memory")
        self.lanes: list[int] = []
        self.is_full = False

    def acquire(self, lane: int = 3, *, longest_wait: float = 5.0) -> float:
        if self.is_full:
            raise Parked(30.0, "its rate is taken")
        self.lanes.append(lane)
        return self._real.acquire(lane, longest_wait=longest_wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture(scope="module")
def running() -> Iterator[Pages]:
    with pages.running() as made:
        yield made


@pytest.fixture
def site(running: Pages) -> Pages:
    running.forget()
    return running


@pytest.fixture
def limiter() -> CountingLimiter:
    return CountingLimiter()


@pytest.fixture
def prober(limiter: CountingLimiter) -> Iterator[Prober]:
    made = make_prober(limiter)
    yield made
    made.close()


def make_prober(limiter: Any, **changes: float) -> Prober:
    seconds = {"connect_seconds": 1.0, "read_seconds": 0.5, "deadline_seconds": 0.6, **changes}
    return Prober(**seconds, limiter=limiter, clock=SYSTEM_CLOCK)


def probe(prober: Prober, url: str, method: str = "GET", **options: Any) -> Probe:
    how: dict[str, Any] = {"hosts": ("127.0.0.1",), "lane": 3, "upstream": "player", **options}
    return prober.probe(url, method=method, **how)


def fault_of(prober: Prober, url: str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        probe(prober, url)
    return caught.value


def test_a_head_brings_status_and_host_and_no_body(site: Pages, prober: Prober) -> None:
    site.pages["/film?tmdb=5"] = says(200, b"player")
    found = probe(prober, f"{site.base}/film?tmdb=5", "HEAD")
    assert (found.status, found.host, found.body, found.is_whole) == (200, "127.0.0.1", b"", True)
    assert site.asked == [("HEAD", "/film?tmdb=5")]
    assert site.headers[0]["Accept-Encoding"] == "gzip"


def test_connections_are_kept_alive_through_every_kind_of_answer(
    site: Pages, prober: Prober
) -> None:
    site.pages |= {"/a": says(200, b"a"), "/b": says(503, b"b"), "/c": leads_to("/a")}
    for path in ("/a", "/b", "/c", "/none"):
        probe(prober, f"{site.base}{path}")
        probe(prober, f"{site.base}{path}", "HEAD")
    assert site.connections == 1
    assert prober.sent == len(site.asked) == 10


def test_each_request_takes_a_slot_of_its_lane_redirects_too(
    site: Pages, prober: Prober, limiter: CountingLimiter
) -> None:
    site.pages |= {"/a": leads_to("/b"), "/b": leads_to("/c", 308), "/c": says()}
    assert probe(prober, f"{site.base}/a", lane=1).status == 200
    assert limiter.lanes == [1, 1, 1]


def test_nothing_is_sent_without_a_slot(
    site: Pages, prober: Prober, limiter: CountingLimiter
) -> None:
    limiter.is_full = True
    with pytest.raises(Parked):
        probe(prober, f"{site.base}/a")
    assert site.asked == []


def test_a_redirect_to_another_host_is_not_followed(site: Pages, prober: Prober) -> None:
    site.pages["/a"] = leads_to("http://login.example/?next=/a")
    found = probe(prober, f"{site.base}/a")
    assert (found.detour, found.host, found.status) == (Detour.FOREIGN, "login.example", 302)
    assert len(site.asked) == 1


@pytest.mark.parametrize("location", ["/a", "/b"], ids=["to itself", "in a circle"])
def test_redirects_that_come_to_no_end_are_left(
    site: Pages, prober: Prober, location: str
) -> None:
    site.pages |= {"/a": leads_to(location), "/b": leads_to("/a")}
    assert probe(prober, f"{site.base}/a").detour is Detour.ENDLESS
    assert len(site.asked) == (1 if location == "/a" else 2)


def test_five_redirects_are_followed_and_a_sixth_is_not(site: Pages, prober: Prober) -> None:
    site.pages |= {f"/{at}": leads_to(f"/{at + 1}") for at in range(6)}
    site.pages["/6"] = says()
    assert probe(prober, f"{site.base}/1").status == 200
    assert probe(prober, f"{site.base}/0").detour is Detour.ENDLESS


def test_a_redirect_that_names_no_place_is_an_answer(site: Pages, prober: Prober) -> None:
    site.pages["/a"] = says(302)
    found = probe(prober, f"{site.base}/a")
    assert (found.status, found.detour) == (302, Detour.NONE)


def test_of_a_big_page_the_beginning_is_read_and_the_connection_closed(
    site: Pages, prober: Prober
) -> None:
    site.pages["/big"] = says(200, b"x" * 40_000 + b"the player" + b"y" * 5_000_000)
    found = probe(prober, f"{site.base}/big")
    assert len(found.body) == EXCERPT_BYTES
    assert b"the player" in found.body
    assert not found.is_whole
    probe(prober, f"{site.base}/none")
    assert site.connections == 2


def test_a_page_of_just_the_excerpt_is_whole(site: Pages, prober: Prober) -> None:
    site.pages["/full"] = says(200, b"x" * EXCERPT_BYTES)
    found = probe(prober, f"{site.base}/full")
    assert (len(found.body), found.is_whole) == (EXCERPT_BYTES, True)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP"])
def test_a_gzip_body_is_unpacked(site: Pages, prober: Prober, encoding: str) -> None:
    site.pages["/z"] = says(200, gzip.compress(b"the player"), Content_Encoding=encoding)
    assert probe(prober, f"{site.base}/z").body == b"the player"


def test_a_small_body_that_unpacks_to_a_huge_one_is_cut_at_the_excerpt(
    site: Pages, prober: Prober
) -> None:
    bomb = gzip.compress(b"\0" * 3_000_000)
    site.pages["/bomb"] = says(200, bomb, Content_Encoding="gzip")
    found = probe(prober, f"{site.base}/bomb")
    assert (len(found.body), found.is_whole) == (EXCERPT_BYTES, False)


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (gzip.compress(b"the player" * 50)[:-9], "gzip", "cut gzip"),
        (b"no gzip at all", "gzip", "damaged gzip"),
        (b"\x1b\x2f", "br", "an encoding it was not asked for"),
    ],
    ids=["cut", "damaged", "brotli"],
)
def test_a_body_that_cannot_be_unpacked_is_a_fault(
    site: Pages, prober: Prober, body: bytes, encoding: str, words: str
) -> None:
    site.pages["/z"] = says(200, body, Content_Encoding=encoding)
    assert words in str(fault_of(prober, f"{site.base}/z"))


def test_of_an_error_its_status_counts_whatever_its_body_is(site: Pages, prober: Prober) -> None:
    site.pages["/z"] = says(404, b"no gzip at all", Content_Encoding="gzip")
    found = probe(prober, f"{site.base}/z")
    assert (found.status, found.body) == (404, b"")


def test_a_cut_body_is_a_fault(prober: Prober) -> None:
    with httpserver.running() as server:
        server.will(httpserver.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
        assert "cut body" in str(fault_of(prober, server.url))


def test_a_429_is_an_answer_with_the_wait_it_asks_for(site: Pages, prober: Prober) -> None:
    site.pages["/a"] = says(429, Retry_After="17")
    found = probe(prober, f"{site.base}/a")
    assert (found.status, found.retry_after) == (429, 17.0)


def test_the_limiter_is_told_of_a_429_by_who_knows_whose_it_is(
    site: Pages, prober: Prober, limiter: CountingLimiter
) -> None:
    site.pages["/a"] = says(429)
    probe(prober, f"{site.base}/a")
    assert limiter.state().rate == 10_000
    assert prober.penalize(40.0, "player") == pytest.approx(40, abs=1)
    assert limiter.state().rate == 5_000
    assert limiter.state().reason == "player answered 429, Retry-After 40 s"


def _trickle(head: bytes, drop: bytes) -> httpserver.Play:
    def play(connection: Any) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(drop)
            time.sleep(0.02)

    return play


@pytest.mark.parametrize(
    "play",
    [
        _trickle(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        _trickle(b"HTTP/1.1 200 OK\r\n", b"X-Many: 1\r\n"),
        _trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        _trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["one endless header", "many headers", "body", "chunks"],
)
def test_an_answer_that_trickles_in_is_left_at_the_deadline(
    play: httpserver.Play, limiter: CountingLimiter
) -> None:
    prober = make_prober(limiter, deadline_seconds=0.2)
    with httpserver.running() as server:
        server.will(play)
        began = time.monotonic()
        assert "was not done after 0.2 s" in str(fault_of(prober, server.url))
        assert time.monotonic() - began < 0.6
    prober.close()


def test_redirects_share_one_deadline(site: Pages, limiter: CountingLimiter) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.08)
        handler.page(302, Location=f"{handler.path}x")

    site.pages["*"] = slow
    prober = make_prober(limiter, deadline_seconds=0.2)
    assert "was not done after 0.2 s" in str(fault_of(prober, f"{site.base}/"))
    assert len(site.asked) <= 3
    prober.close()


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (httpserver.silence, "sent nothing for 0.2 s"),
        (httpserver.reset, "broke the connection"),
        (httpserver.raw(b"SSH-2.0-OpenSSH_9\r\n"), "broke the connection"),
    ],
    ids=["silence", "reset", "not HTTP"],
)
def test_faults_are_told_in_a_few_words(
    play: httpserver.Play, words: str, limiter: CountingLimiter
) -> None:
    prober = make_prober(limiter, read_seconds=0.2)
    with httpserver.running() as server:
        server.will(play)
        fault = fault_of(prober, server.url)
    assert str(fault).startswith("player ")
    assert words in str(fault)
    prober.close()


def test_a_host_that_speaks_no_tls_is_a_fault(prober: Prober) -> None:
    with httpserver.running() as server:
        url = server.url.replace("http:", "https:")
        assert "failed the TLS handshake" in str(fault_of(prober, url))


def test_no_address_shows_in_errors_their_contexts_or_logs(
    prober: Prober, caplog: pytest.LogCaptureFixture
) -> None:
    with httpserver.running() as server:
        url = f"{server.url}?key={SECRET}"
    caplog.set_level(logging.DEBUG, logger="popflix")
    fault: BaseException | None = fault_of(prober, url)
    while fault is not None:
        assert SECRET not in repr(fault) + str(fault)
        fault = fault.__context__
    assert SECRET not in caplog.text


def test_each_thread_has_a_connection_of_its_own(site: Pages, prober: Prober) -> None:
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        probe(prober, f"{site.base}/a")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    assert site.connections == 2
