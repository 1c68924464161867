"""What an answer means, from status, headers and body alone."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib.backoff import backoff_seconds
from popflix.lib.http import (
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    UpstreamError,
    decide,
)
from popflix.lib.http.decide import classify, is_json_text, retry_after_seconds
from tests.popflix.lib.clocks import NOON


def classified(status: int, body: bytes = b"", **headers: str) -> UpstreamError | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(status, named, body, "tmdb", NOON)


@pytest.mark.parametrize("status", [200, 201, 204, 206])
def test_any_2xx_is_no_error(status: int) -> None:
    assert classified(status, b"{}") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Rejected), (302, Rejected), (400, Rejected), (401, Refused), (403, Refused),
        (404, NotFound), (405, Rejected), (406, Rejected), (407, Refused), (408, Unavailable),
        (410, NotFound), (418, Rejected), (422, Rejected), (425, Unavailable),
        (429, RateLimited), (500, Unavailable), (501, Rejected), (502, Unavailable),
        (503, Unavailable), (504, Unavailable), (505, Rejected), (520, Unavailable),
    ],
)  # fmt: skip
def test_each_status_has_its_kind(status: int, kind: type[UpstreamError]) -> None:
    error = classified(status)
    assert type(error) is kind
    assert error.status == status


def test_only_what_may_pass_is_retryable() -> None:
    retryable = {status for status in range(300, 600)
                 if (error := classified(status)) and error.retryable}  # fmt: skip
    assert {429, 500, 502, 503, 504} <= retryable
    assert not retryable & {400, 401, 403, 404, 405, 406, 422, 501}


def test_the_upstreams_own_words_and_code_are_in_the_message() -> None:
    body = b'{"success":false,"status_code":34,"status_message":"The resource\\n is  gone."}'
    error = classified(404, body)
    assert error is not None
    assert error.code == 34
    assert error.message == str(error) == "tmdb answered 404: The resource is gone."


def test_an_upstream_may_call_its_words_an_error() -> None:
    error = classified(401, b'{"Response":"False","Error":"Request limit reached!"}')
    assert error is not None
    assert error.message == "tmdb answered 401: Request limit reached!"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[1]", b"\xff\xfe", b'{"status_message": 7, "status_code": "x"}',
        b'{"status_message": "' + b"x" * 20_000 + b'"}',
    ],
)  # fmt: skip
def test_a_body_without_usable_words_leaves_the_status_alone(body: bytes) -> None:
    error = classified(500, body)
    assert error is not None
    assert (error.message, error.code) == ("tmdb answered 500", None)


def test_an_upstream_that_repeats_the_key_does_not_leak_it() -> None:
    error = classified(
        401, json.dumps({"status_message": "bad api_key=0123456789abcdef"}).encode()
    )
    assert error is not None
    assert "0123456789abcdef" not in str(error)


def test_a_redirect_says_where_to_look() -> None:
    assert "base URL" in str(classified(301))


def test_429_carries_the_seconds_it_asked_for() -> None:
    error = classified(429, retry_after="12")
    assert isinstance(error, RateLimited)
    assert error.retry_after == 12


def test_429_without_the_header_asks_for_nothing() -> None:
    error = classified(429)
    assert error is not None
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("7", 7), (" 7 ", 7), ("1.5", 1.5), ("300", 300), ("301", 300),
        ("9" * 400, 300), ("-1", None), ("-1526834166", None), ("", None), ("soon", None),
        ("nan", None), ("inf", None), ("1e3", None), ("٣", None), ("12, 13", None),
        (format_datetime(NOON + dt.timedelta(seconds=42), usegmt=True), 42),
        (format_datetime(NOON + dt.timedelta(days=42), usegmt=True), 300),
        (format_datetime(NOON - dt.timedelta(seconds=1), usegmt=True), None),
        ("Sat, 21 Nov 2026 12:00:05 -0000", 5),
        ("Sat, 99 Nov 2026 12:00:05 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_in_every_form(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOON) == seconds


@given(st.text())
def test_no_retry_after_leaves_the_allowed_range_or_raises(value: str) -> None:
    seconds = retry_after_seconds(value, NOON)
    assert seconds is None or 0 <= seconds <= 300


@pytest.mark.parametrize(
    ("body", "whole"),
    [(b"{}", True), (b' \n[{"a":1}]\n', True), (b"", False), (b'{"a":', False), (b"{", False),
     (b"<html></html>", False), (b'{"a":1]', False)],
)  # fmt: skip
def test_a_body_that_is_no_whole_json_is_noticed(body: bytes, whole: bool) -> None:
    assert is_json_text(body) is whole


@given(st.integers(-5, 10_000), st.floats(0, 1))
def test_backoff_stays_within_its_cap_and_grows_with_the_attempt(
    attempt: int, random01: float
) -> None:
    seconds = backoff_seconds(attempt, random01)
    assert 0 <= seconds <= 60
    assert seconds <= backoff_seconds(attempt + 1, random01)


def test_backoff_doubles_from_its_base_to_its_cap() -> None:
    assert [backoff_seconds(n, 1.0, base=2, cap=10) for n in range(4)] == [2, 4, 8, 10]
    assert decide.backoff_seconds is backoff_seconds
