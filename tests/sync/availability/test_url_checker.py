"""Asking for addresses of titles: a real site on loopback behind the whole checker."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.http import RateLimited, Unavailable, UpstreamError
from popflix.lib.http.probe import Prober
from popflix.lib.limiter import Limiter, Parked, build_limiter
from sync.availability.mirrors import Mirrors
from sync.availability.types import Checked, Found, Target
from sync.availability.url_checker import UrlChecker
from tests.popflix.lib import httpserver, pages
from tests.popflix.lib.clocks import NOON, FakeClock
from tests.popflix.lib.pages import Pages, leads_to, says
from tests.sync.availability.configs import URL, config

KEY = "91c3aa0be7d24f6658"
PLAYER = b"<html><div data-player></div></html>"
FILM = Target("movie", 5, "tt0000005")
Make = Callable[..., UrlChecker]


@pytest.fixture(scope="module")
def running() -> Iterator[Pages]:
    with pages.running() as made:
        yield made


@pytest.fixture
def site(running: Pages) -> Pages:
    running.forget()
    return running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiter() -> Limiter:
    return build_limiter("player", 10_000, backend="memory")


@pytest.fixture
def make(site: Pages, clock: FakeClock, limiter: Limiter) -> Iterator[Make]:
    made: list[UrlChecker] = []

    def checker(**changes: Any) -> UrlChecker:
        settings = config(URL, **{"template": f"{site.base}/film/{{tmdb_id}}", **changes})
        prober = Prober(
            connect_seconds=1, read_seconds=0.5, deadline_seconds=1, limiter=limiter,
            clock=SYSTEM_CLOCK, longest_wait=0.1,
        )  # fmt: skip
        made.append(UrlChecker(settings, prober, Mirrors(settings, clock), clock))
        return made[-1]

    yield checker
    for each in made:
        each.close()


def by_host(make: Make, **changes: Any) -> UrlChecker:
    return make(body_contains=None, hosts=["127.0.0.1"], **changes)


def fault_of(checker: UrlChecker) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        checker.check(FILM, 3)
    return caught.value


def rests_on(checked: Checked) -> tuple[str, str, int | None]:
    return checked.overall.found.value, checked.overall.rule, checked.overall.code


def test_a_real_page_is_available(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, PLAYER)
    checker = make()
    checker.begin()
    checked = checker.check(FILM, 3)
    assert rests_on(checked) == ("available", "body_contains", 200)
    assert (checked.overall.final_host, checked.at, checked.mirror) == ("127.0.0.1", NOON, "")
    assert checked.was_sent
    assert 0 < checked.seconds < 1
    assert len(checked.overall.excerpt_sha256) == 64
    assert site.asked == [("GET", "/film/5")]
    assert checker.request_count == 1


def test_a_page_that_is_not_there_is_unavailable(site: Pages, make: Make) -> None:
    assert rests_on(make().check(FILM, 3)) == ("unavailable", "404", 404)


def test_a_soft_404_is_unknown(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, b"Sorry, we could not find this film")
    assert rests_on(make().check(FILM, 3)) == ("unknown", "body_contains", 200)


def test_a_wall_against_bots_is_unknown(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(403, PLAYER)
    assert rests_on(make().check(FILM, 3)) == ("unknown", "403", 403)


def test_a_login_page_elsewhere_is_unknown(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = leads_to("https://login.example/?back=film")
    checked = make().check(FILM, 3)
    assert rests_on(checked) == ("unknown", "foreign redirect", 302)
    assert checked.overall.final_host == "login.example"


def test_a_redirect_within_the_site_leads_to_the_answer(site: Pages, make: Make) -> None:
    site.pages |= {"/film/5": leads_to("/watch/5"), "/watch/5": says(200, PLAYER)}
    assert rests_on(make().check(FILM, 3)) == ("available", "body_contains", 200)


def test_redirects_in_a_circle_are_unknown(site: Pages, make: Make) -> None:
    site.pages |= {"/film/5": leads_to("/film/6"), "/film/6": leads_to("/film/5")}
    assert rests_on(make().check(FILM, 3)) == ("unknown", "redirects", 302)


def test_the_page_must_come_from_a_host_that_is_named(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, PLAYER)
    checker = make(body_contains=None, hosts=["cdn.example"])
    assert rests_on(checker.check(FILM, 3)) == ("unknown", "hosts", 200)


def test_a_text_in_the_middle_of_a_big_page_is_found(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, b"x" * 50_000 + PLAYER + b"y" * 1_000_000)
    assert make().check(FILM, 3).overall.found is Found.AVAILABLE


def test_a_text_behind_the_beginning_of_a_big_page_is_not_looked_for(
    site: Pages, make: Make
) -> None:
    site.pages["/film/5"] = says(200, b"x" * 70_000 + PLAYER)
    judged = make().check(FILM, 3).overall
    assert judged.found is Found.UNKNOWN
    assert judged.words.endswith("in its first 65536 bytes")


def test_a_compressed_page_is_looked_into(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, gzip.compress(PLAYER), Content_Encoding="gzip")
    assert make().check(FILM, 3).overall.found is Found.AVAILABLE


def test_a_host_rule_needs_no_more_than_a_head(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(200, PLAYER)
    assert rests_on(by_host(make).check(FILM, 3)) == ("available", "hosts", 200)
    assert site.asked == [("HEAD", "/film/5")]


@pytest.mark.parametrize("status", [405, 501])
def test_where_head_is_refused_get_follows_and_stays(site: Pages, make: Make, status: int) -> None:
    site.pages["*"] = lambda page: page.page(status if page.command == "HEAD" else 200)
    checker = by_host(make)
    assert rests_on(checker.check(FILM, 3)) == ("available", "hosts", 200)
    checker.check(FILM, 3)
    assert [method for method, _ in site.asked] == ["HEAD", "GET", "GET"]


def test_where_get_is_refused_too_nothing_is_known(site: Pages, make: Make) -> None:
    site.pages["*"] = says(405)
    checker = by_host(make)
    assert rests_on(checker.check(FILM, 3)) == ("unknown", "405", 405)
    checker.check(FILM, 3)
    assert [method for method, _ in site.asked] == ["HEAD", "GET", "HEAD", "GET"]


def test_a_server_fault_is_raised_for_another_try(site: Pages, make: Make) -> None:
    site.pages["/film/5"] = says(503, PLAYER)
    fault = fault_of(make())
    assert isinstance(fault, Unavailable)
    assert (str(fault), fault.status) == ("player answered 503", 503)


def test_a_429_holds_up_everybody_who_asks_this_provider(
    site: Pages, make: Make, limiter: Limiter
) -> None:
    site.pages["/film/5"] = says(429, Retry_After="40")
    checker = make()
    fault = fault_of(checker)
    assert isinstance(fault, RateLimited)
    assert fault.wait_seconds == pytest.approx(40, abs=1)
    with pytest.raises(Parked):
        checker.check(FILM, 3)
    assert limiter.state().reason == "player answered 429, Retry-After 40 s"
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("template", "target", "path"),
    [
        ("/m/{imdb_id}?t={tmdb_id}", FILM, "/m/tt0000005?t=5"),
        ("/tv/{tmdb_id}/{season}-{episode}", Target("tv", 7, "", 2, 11), "/tv/7/2-11"),
        ("/tv/{tmdb_id}/{season}-{episode}", Target("tv", 7), "/tv/7/1-1"),
        ("?id={tmdb_id}", FILM, "/?id=5"),
        ("/m/{imdb_id}", Target("movie", 5, "tt5/../x?y"), "/m/tt5%2F..%2Fx%3Fy"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_address_is_filled_in(
    site: Pages, make: Make, template: str, target: Target, path: str
) -> None:
    make(template=f"{site.base}{template}").check(target, 3)
    assert site.asked == [("GET", path)]


def test_without_an_imdb_id_an_address_that_needs_one_is_not_asked(
    site: Pages, make: Make
) -> None:
    checked = make(template=f"{site.base}/{{imdb_id}}").check(Target("movie", 5), 3)
    assert rests_on(checked) == ("unknown", "no imdb_id", None)
    assert not checked.was_sent
    assert site.asked == []


class TestMirrors:
    @pytest.fixture
    def checker(self, site: Pages, make: Make) -> UrlChecker:
        site.pages |= {f"/m{at}/film/5": says(200, PLAYER) for at in (1, 2, 3)}
        return make(mirrors=[f"{site.base}/m{at}" for at in (1, 2, 3)])

    @pytest.fixture
    def label(self, site: Pages) -> str:
        return site.base.removeprefix("http://")

    def test_they_take_turns_and_are_named(
        self, site: Pages, checker: UrlChecker, label: str
    ) -> None:
        seen = [checker.check(FILM, 3).mirror for _ in range(4)]
        assert seen == [f"{label}/m{at}" for at in (1, 2, 3, 1)]
        assert site.asked[1] == ("GET", "/m2/film/5")

    def test_one_may_be_demanded(self, checker: UrlChecker, label: str) -> None:
        assert checker.check(FILM, 3, mirror=f"{label}/m3").mirror == f"{label}/m3"

    def test_the_429_of_one_spares_it_and_the_others_go_on(
        self, site: Pages, checker: UrlChecker, limiter: Limiter, label: str
    ) -> None:
        site.pages["/m1/film/5"] = says(429, Retry_After="40")
        fault = fault_of(checker)
        assert isinstance(fault, RateLimited)
        assert (fault.wait_seconds, fault.retry_after) == (0, None)
        assert fault.mirror == f"{label}/m1"
        found = [checker.check(FILM, 3) for _ in range(4)]
        assert {each.mirror for each in found} == {f"{label}/m2", f"{label}/m3"}
        assert {each.overall.found for each in found} == {Found.AVAILABLE}
        assert limiter.state().rate == 10_000

    def test_where_all_are_limited_the_run_waits_for_the_first(
        self, site: Pages, checker: UrlChecker, clock: FakeClock
    ) -> None:
        for at, seconds in ((1, 60), (2, 30), (3, 90)):
            site.pages[f"/m{at}/film/5"] = says(429, Retry_After=str(seconds))
        for _ in range(3):
            fault_of(checker)
        with pytest.raises(Parked) as parked:
            checker.check(FILM, 3)
        assert parked.value.wait_seconds == 30
        assert len(site.asked) == 3
        site.pages["/m2/film/5"] = says(200, PLAYER)
        clock.passed = 30.0
        assert checker.check(FILM, 3).overall.found is Found.AVAILABLE

    def test_one_that_keeps_failing_is_spared(
        self, site: Pages, checker: UrlChecker, label: str
    ) -> None:
        site.pages["/m1/film/5"] = says(500)
        faults = []
        for _ in range(18):
            try:
                checker.check(FILM, 3)
            except Unavailable as fault:
                faults.append(fault.mirror)
        assert faults == [f"{label}/m1"] * 5

    def test_one_that_refuses_head_is_remembered_by_itself(self, site: Pages, make: Make) -> None:
        site.pages["/m1/film/5"] = lambda page: page.page(405 if page.command == "HEAD" else 200)
        site.pages["/m2/film/5"] = says(200)
        checker = by_host(make, mirrors=[f"{site.base}/m{at}" for at in (1, 2)])
        for _ in range(4):
            assert checker.check(FILM, 3).overall.found is Found.AVAILABLE
        assert [method for method, _ in site.asked] == ["HEAD", "GET", "HEAD", "GET", "HEAD"]


def test_a_broken_connection_is_told_of_its_mirror(make: Make) -> None:
    with httpserver.running() as server:
        server.will(httpserver.reset)
        base = server.url.removesuffix("/3")
        fault = fault_of(make(mirrors=[base]))
    assert fault.mirror == base.removeprefix("http://")
    assert str(fault).startswith(f"player ({fault.mirror}) broke the connection")


def test_a_key_in_the_template_is_sent_and_shows_nowhere(
    site: Pages, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"/film/5?key={KEY}"
    checker = make(template=f"{site.base}/film/{{tmdb_id}}?key={KEY}")
    told: list[object] = []
    for play in (says(200, PLAYER), says(404), says(403), leads_to("/elsewhere"),
                 leads_to("https://other.example/"), leads_to(path)):  # fmt: skip
        site.pages[path] = play
        told.append(checker.check(FILM, 3))
    site.pages[path] = says(503)
    error: BaseException | None = fault_of(checker)
    while error is not None:
        told.append(error)
        error = error.__context__
    assert ("GET", path) in site.asked
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    told += [record.getMessage() for record in ours]
    assert not [each for each in told if KEY in f"{each!r} {each}"]
