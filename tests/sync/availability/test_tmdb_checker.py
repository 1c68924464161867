"""Asking TMDB where a title can be watched, and when it need not be asked."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import ConfigurationError
from popflix.lib.http import RateLimited, Refused, Unavailable, UpstreamError
from popflix.lib.limiter import build_limiter
from sync.availability.checkers import build_checker, build_provider_limiter
from sync.availability.list_checker import ListChecker
from sync.availability.tmdb_checker import TmdbChecker
from sync.availability.types import Checked, Stored, Target
from sync.availability.url_checker import UrlChecker
from sync.tmdb.catalogue import CatalogueClient
from sync.tmdb.watch import read_watch
from tests.popflix.lib.clocks import NOON, FakeClock
from tests.sync.availability.configs import LIST, TMDB, URL, config
from tests.sync.tmdb import invented, watch_bodies
from tests.sync.tmdb.invented import FakeHttp

PATH = "/movie/5/watch/providers"
FILM = Target("movie", 5)
EARLIER = NOON - dt.timedelta(hours=3)


def make(answer: Any) -> tuple[TmdbChecker, FakeHttp]:
    http = FakeHttp({PATH: answer})
    client = CatalogueClient(http, ("en",))
    return TmdbChecker(config(TMDB, regions=["US", "DE", "AT", "FR"]), client, FakeClock()), http


def check(answer: Any, stored: Stored | None = None) -> Checked:
    checker, _ = make(answer)
    checker.begin()
    return checker.check(FILM, 3, stored=stored)


def stored(appended: object) -> Stored:
    record = invented.movie(5, **{"watch/providers": appended})
    return Stored(json.dumps(record).encode(), EARLIER)


def test_one_answer_tells_of_all_regions() -> None:
    checked = check(watch_bodies.answer())
    assert (checked.overall.found, checked.overall.rule) == ("available", "offers")
    assert checked.overall.words == "offers in 2 regions"
    assert checked.overall.code == 200
    found = {code: judged.found.value for code, judged in checked.regions.items()}
    assert found == {
        "US": "available", "DE": "available", "AT": "unavailable", "FR": "unavailable",
    }  # fmt: skip
    assert checked.regions["DE"].offers == read_watch(watch_bodies.answer())["DE"]
    assert checked.regions["AT"].rule == "no offers"
    assert checked.regions["FR"].offers is None
    assert checked.document == watch_bodies.answer()
    assert (checked.at, checked.was_sent, checked.is_gone) == (NOON, True, False)


def test_a_film_is_available_as_a_whole_where_any_region_at_all_has_it() -> None:
    japan = {"JP": watch_bodies.region("JP", ads=[watch_bodies.service(9, "Foghorn")])}
    checked = check(watch_bodies.answer(japan))
    assert checked.overall.found == "available"
    assert {judged.found.value for judged in checked.regions.values()} == {"unavailable"}


@pytest.mark.parametrize("results", [{}, {"US": watch_bodies.region("US")}], ids=["none", "link"])
def test_a_film_without_any_offer_is_unavailable(results: dict[str, Any]) -> None:
    checked = check(watch_bodies.answer(results))
    assert (checked.overall.found, checked.overall.rule) == ("unavailable", "no offers")
    assert checked.document == watch_bodies.answer(results)


def test_a_series_is_asked_about_as_one() -> None:
    http = FakeHttp({"/tv/7/watch/providers": json.loads(watch_bodies.answer())})
    checker = TmdbChecker(config(TMDB), CatalogueClient(http, ("en",)), FakeClock())
    assert checker.check(Target("tv", 7), 1).overall.found == "available"
    assert (http.lanes, checker.request_count) == ([1], 1)
    checker.close()
    assert http.is_closed


def test_what_was_fetched_with_the_film_spares_the_request() -> None:
    appended = {"results": watch_bodies.RESULTS}
    checker, http = make(500)
    checked = checker.check(FILM, 3, stored=stored(appended))
    assert http.asked == []
    assert (checked.was_sent, checked.at, checked.seconds) == (False, EARLIER, 0.0)
    assert checked.overall.code is None
    assert checked.regions["US"].offers == read_watch(watch_bodies.answer())["US"]
    assert json.loads(checked.document or b"") == appended


def test_a_stored_film_that_is_nowhere_is_a_check_as_well() -> None:
    checked = check(500, stored({"results": {}}))
    assert (checked.overall.found, checked.was_sent) == ("unavailable", False)


@pytest.mark.parametrize(
    "held",
    [Stored(json.dumps(invented.movie(5)).encode(), EARLIER), stored(None), stored({}),
     Stored(b"{", EARLIER)],
    ids=["absent", "null", "empty", "damaged"],
)  # fmt: skip
def test_a_stored_film_that_says_nothing_of_it_is_asked_about(held: Stored) -> None:
    checked = check(watch_bodies.answer(), held)
    assert (checked.was_sent, checked.overall.found) == (True, "available")


def test_an_id_that_tmdb_does_not_know_is_no_answer() -> None:
    checked = check(404)
    assert checked.is_gone
    assert (checked.overall.found, checked.overall.rule) == ("unknown", "no such title")
    assert checked.overall.code == 404
    assert {judged.found.value for judged in checked.regions.values()} == {"unknown"}
    assert len(checked.regions) == 4


@pytest.mark.parametrize(
    ("answer", "rule"),
    [({"id": 5}, "payload"), ({"results": {"US": {"rent": [{}]}}}, "payload"), (422, "422")],
    ids=["no results", "no names", "our own fault"],
)
def test_an_answer_that_cannot_be_read_is_unknown(answer: Any, rule: str) -> None:
    checked = check(answer)
    assert (checked.overall.found, checked.overall.rule) == ("unknown", rule)
    assert checked.was_sent
    assert checked.document is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(429, RateLimited), (503, Unavailable), ((200, b"<html>"), Unavailable), (401, Refused)],
    ids=["limited", "fault", "a page", "refused"],
)
def test_what_another_try_may_mend_and_a_refused_key_are_raised(
    answer: Any, kind: type[UpstreamError]
) -> None:
    with pytest.raises(kind):
        check(answer)


def test_each_kind_has_its_checker(settings: LazySettings) -> None:
    settings.TMDB_READ_TOKEN = "eyJhbGciOiJIUzI1NiJ9.invented.token"
    limiter = build_limiter("any", 10_000, backend="memory")
    kinds = [TmdbChecker, UrlChecker, ListChecker]
    for entry, kind in zip((TMDB, URL, LIST), kinds, strict=True):
        checker = build_checker(config(entry), SYSTEM_CLOCK, limiter=limiter)
        assert type(checker) is kind
        assert checker.request_count == 0
        checker.close()


def test_without_a_key_tmdb_has_no_checker(settings: LazySettings) -> None:
    settings.TMDB_READ_TOKEN = settings.TMDB_API_KEY = ""
    limiter = build_limiter("any", 10_000, backend="memory")
    with pytest.raises(ConfigurationError, match="TMDB_READ_TOKEN"):
        build_checker(config(TMDB), SYSTEM_CLOCK, limiter=limiter)


def test_each_provider_has_a_bucket_with_its_own_rate_and_tmdb_keeps_its_one(
    settings: LazySettings, tmp_path: Path, db: None
) -> None:
    settings.POPFLIX_VAR = tmp_path
    settings.TMDB_RATE_PER_SECOND = 38
    rates = [
        build_provider_limiter(config(entry)).state().allowed_rate
        for entry in (TMDB, {**URL, "rate_per_second": 7}, LIST)
    ]
    assert rates == [38, 7, 2]
