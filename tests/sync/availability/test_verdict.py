"""What one answer says of a title, rule by rule."""

from __future__ import annotations

import hashlib

import pytest

from popflix.lib.http import BadPayload, RateLimited, Unavailable, UpstreamError
from popflix.lib.http.hops import Detour, Probe
from sync.availability.types import Found, Judged
from sync.availability.verdict import failure_kind, is_passing, judge_error, judge_probe, unknown
from tests.sync.availability.configs import URL, config

BY_BODY = config(URL, body_contains=["data-player", "Über"])
BY_HOST = config(URL, body_contains=None, hosts=["player.example", "cdn.example"])
REAL = "<div data-player>Über</div>".encode()
HOST = "player.example"


@pytest.mark.parametrize("host", ["player.example", "cdn.example"])
def test_a_named_status_from_a_named_host_is_available(host: str) -> None:
    judged = judge_probe(Probe(200, host), BY_HOST)
    assert (judged.found, judged.rule) == (Found.AVAILABLE, "hosts")
    assert (judged.code, judged.final_host, judged.excerpt_sha256) == (200, host, "")


def test_a_page_with_all_its_texts_is_available() -> None:
    judged = judge_probe(Probe(200, HOST, REAL), BY_BODY)
    assert (judged.found, judged.rule) == (Found.AVAILABLE, "body_contains")
    assert judged.excerpt_sha256 == hashlib.sha256(REAL).hexdigest()


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("body", [b"", REAL], ids=["empty", "real"])
def test_a_page_that_is_not_there_is_unavailable(status: int, body: bytes) -> None:
    judged = judge_probe(Probe(status, HOST, body), BY_BODY)
    assert (judged.found, judged.rule, judged.code) == (Found.UNAVAILABLE, str(status), status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 521])
def test_what_another_try_may_mend_is_unknown(status: int) -> None:
    probe = Probe(status, HOST, REAL)
    assert is_passing(probe)
    assert judge_probe(probe, BY_BODY).found is Found.UNKNOWN


@pytest.mark.parametrize("status", [100, 201, 204, 206, 301, 304, 400, 401, 403, 405, 407, 451])
def test_any_other_status_is_unknown_and_is_settled(status: int) -> None:
    probe = Probe(status, HOST, REAL)
    judged = judge_probe(probe, BY_BODY)
    assert not is_passing(probe)
    assert (judged.found, judged.rule, judged.code) == (Found.UNKNOWN, str(status), status)


def test_another_status_may_be_named() -> None:
    named = config(URL, statuses=[200, 206])
    assert judge_probe(Probe(206, HOST, REAL), named).found is Found.AVAILABLE


@pytest.mark.parametrize("body", [b"", b"data-player", "über data-player".encode()])
def test_a_page_without_one_of_its_texts_is_unknown(body: bytes) -> None:
    judged = judge_probe(Probe(200, HOST, body), BY_BODY)
    assert (judged.found, judged.rule) == (Found.UNKNOWN, "body_contains")


def test_of_a_cut_page_is_said_how_much_of_it_was_read() -> None:
    judged = judge_probe(Probe(200, HOST, b"x" * 900, is_whole=False), BY_BODY)
    assert judged.words == "answered 200 without “data-player” in its first 900 bytes"


@pytest.mark.parametrize("rules", [BY_BODY, BY_HOST], ids=["body", "host"])
def test_a_page_from_an_unnamed_host_is_unknown(rules: object) -> None:
    judged = judge_probe(Probe(200, "parked.example", REAL), rules)  # type: ignore[arg-type]
    assert (judged.found, judged.rule) == (Found.UNKNOWN, "hosts")


@pytest.mark.parametrize("status", [302, 301])
@pytest.mark.parametrize("detour", [Detour.FOREIGN, Detour.ENDLESS])
def test_a_redirect_that_was_not_followed_is_unknown(status: int, detour: Detour) -> None:
    probe = Probe(status, "login.example", REAL, detour=detour)
    judged = judge_probe(probe, BY_BODY)
    assert not is_passing(probe)
    assert (judged.found, judged.rule) == (Found.UNKNOWN, detour.value)
    assert judged.final_host == "login.example"


@pytest.mark.parametrize(
    ("error", "rule", "kind"),
    [
        (RateLimited("player", "answered 429", status=429), "429", "limited"),
        (Unavailable("player", "answered 503", status=503), "503", "fault"),
        (Unavailable("player", "sent nothing for 10 s"), "network", "fault"),
        (BadPayload("TMDB", "sent an unexpected answer", field="results"), "payload", "rule"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_error_that_outlasted_its_tries_is_unknown(
    error: UpstreamError, rule: str, kind: str
) -> None:
    judged = judge_error(error)
    assert (judged.found, judged.rule, judged.words) == (Found.UNKNOWN, rule, str(error))
    assert failure_kind(judged) == kind


@pytest.mark.parametrize(
    ("judged", "kind"),
    [
        (judge_probe(Probe(429, HOST), BY_BODY), "limited"),
        (judge_probe(Probe(500, HOST), BY_BODY), "fault"),
        (judge_probe(Probe(408, HOST), BY_BODY), "fault"),
        (judge_probe(Probe(401, HOST), BY_BODY), "refused"),
        (judge_probe(Probe(403, HOST), BY_BODY), "refused"),
        (judge_probe(Probe(302, "x", detour=Detour.FOREIGN), BY_BODY), "redirect"),
        (judge_probe(Probe(302, HOST, detour=Detour.ENDLESS), BY_BODY), "redirect"),
        (judge_probe(Probe(200, HOST), BY_BODY), "rule"),
        (judge_probe(Probe(451, HOST), BY_BODY), "rule"),
        (unknown("no such title", "gone"), "gone"),
        (unknown("controls", "they disagree"), "controls"),
        (unknown("no imdb_id", "none"), "rule"),
    ],
    ids=lambda value: value.rule if isinstance(value, Judged) else value,
)
def test_unknowns_fall_into_seven_kinds(judged: Judged, kind: str) -> None:
    assert failure_kind(judged) == kind
