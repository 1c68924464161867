"""Secrets are removed from any text, and innocent text stays."""

from __future__ import annotations

import threading
import time
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib import redact as module
from popflix.lib.redact import MASK, redact, remember_secret


@pytest.fixture(autouse=True)
def forget_what_the_test_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_known", module._known)


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJpbnZlbnRlZCJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /3/movie/1?api_key=abc123&page=2", f"GET /3/movie/1?api_key={MASK}&page=2"),
        ("?language=en&API_KEY=abc", f"?language=en&API_KEY={MASK}"),
        ("apikey=abc; x", f"apikey={MASK}; x"),
        ("access_token=a.b-c", f"access_token={MASK}"),
        ("host=db password=hush dbname=x", f"host=db password={MASK} dbname=x"),
        ("{'api_key': 'abc', 'page': 2}", f"{{'api_key': '{MASK}', 'page': 2}}"),
        ('{"password": "a\\"b c"}', f'{{"password": "{MASK}"}}'),
        ("Authorization: Bearer abcdefgh12345", f"Authorization: Bearer {MASK}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {MASK}"),
        (f"token {JWT}!", f"token {MASK}!"),
        ("mysql://popflix:hush@db:3306/x", f"mysql://popflix:{MASK}@db:3306/x"),
        ("redis://:hush@127.0.0.1/1", f"redis://:{MASK}@127.0.0.1/1"),
        ("see https://example.org/a://u:hush@db", f"see https://example.org/a://u:{MASK}@db"),
        (f"x-{JWT}", f"x-{MASK}"),
        ('{"api_key": "abc, cut he', f'{{"api_key": "{MASK}"'),
        ("{'api_key': 'abc\\", f"{{'api_key': '{MASK}'"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "lease_token=12-3-1 claimed", "the basic idea", "bearer of news",
        "https://api.example.org:443/3/movie/550", "tmdb answered 404", "key=value", "",
    ],
)  # fmt: skip
def test_innocent_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_to_redact_twice_changes_nothing_more() -> None:
    once = redact("?api_key=abc&x='Bearer 12345678' mysql://u:p@h")
    assert redact(once) == once


@given(st.text(min_size=6, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_remembered_secret_is_gone_wherever_it_stands(
    secret: str, before: str, after: str
) -> None:
    secret = f"S3!{secret}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_known", ())  # not those of the examples before
        remember_secret(secret)
        assert secret not in redact(before + secret + after)
        assert quote_plus(secret) not in redact(before + quote_plus(secret) + after)


@pytest.mark.parametrize("before", ["", '"token": "'], ids=["bare", "in quotes"])
@pytest.mark.parametrize(
    "words", ["a", "\\", "a://a:", "eyJ-", "eyJ.", "a@", '"token":', "basic "]
)
def test_no_text_takes_long_whatever_it_is_made_of(words: str, before: str) -> None:
    began = time.process_time()
    redact(before + words * (100_000 // len(words)))
    assert time.process_time() - began < 2  # it was a minute, and for backslashes ages


def test_of_two_secrets_that_begin_alike_no_tail_stays() -> None:
    remember_secret("begins-alike")
    remember_secret("begins-alike-and-goes-on")
    assert redact("x begins-alike-and-goes-on y") == f"x {MASK} y"


def test_halves_of_characters_are_spelled_out_for_databases_and_logs() -> None:
    assert redact("no such file: \udc80.csv, caf\u00e9") == "no such file: \\udc80.csv, caf\u00e9"


def test_short_texts_and_the_mask_itself_are_no_secrets() -> None:
    remember_secret("root")
    remember_secret("secret")
    remember_secret("")
    assert redact("root of all secrets") == "root of all secrets"


def test_secrets_may_be_learnt_while_others_redact() -> None:
    failures: list[Exception] = []

    def redact_often() -> None:
        try:
            for _ in range(2000):
                redact("nothing to hide")
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=redact_often)
    thread.start()
    for number in range(200):
        remember_secret(f"learnt-meanwhile-{number}")
    thread.join()
    assert failures == []
