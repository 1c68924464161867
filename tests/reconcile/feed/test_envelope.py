"""Rows out of a feed of any size and layout, and what is no feed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.feed import envelope
from reconcile.feed.envelope import Envelope, NoFeed
from tests.reconcile.feed.made import feed, rows

NESTED: list[Any] = [
    {"a": [{"b": 1}, {"c": "},{"}]},
    {"d": {"e": {}}},
    {"text": 'quote " \\ }, {'},
]


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def read(body: bytes, size: int = 1000) -> tuple[list[Any], dict[str, Any]]:
    reader = Envelope(pieces(body, size))
    found: list[Any] = []
    for window in reader.windows():
        assert window.first == len(found) + 1
        found += [json.loads(each) for each in window.raw()]
    return found, reader.told


@pytest.fixture(params=[40, 400, 1 << 20], ids=["tiny", "small", "usual"])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(envelope, "WINDOW_BYTES", request.param)
    return int(request.param)


@pytest.mark.parametrize("indent", [None, 4], ids=["one line", "indented"])
@pytest.mark.parametrize("shows", [rows(9), NESTED * 3, []], ids=["rows", "nested", "empty"])
def test_rows_come_out_as_they_went_in(window: int, shows: list[Any], indent: int | None) -> None:
    body = json.dumps({"data": {"more": [{}, {}], "allShows": shows}, "n": 1}, indent=indent)
    assert read(body.encode()) == (shows, {"n": 1})


def test_rows_that_are_no_objects_are_handed_out_too(window: int) -> None:
    shows: list[Any] = [*rows(2), None, 5, "text", *rows(1), []]
    assert read(feed(shows))[0] == shows


def test_a_byte_order_mark_is_passed(window: int) -> None:
    assert read(b"\xef\xbb\xbf" + feed(rows(1)))[0] == rows(1)


def test_the_envelope_is_told_wherever_it_stands(window: int) -> None:
    body = b'{"status": false, "data": {"allShows": []}, "message": "no \\"luck\\""}'
    assert read(body) == ([], {"status": False, "message": 'no "luck"'})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"[]", "a list where an object"),
        (b"hello", "no JSON where an object"),
        (b"{}", "no list data.allShows"),
        (b'{"data": []}', "no list data.allShows"),
        (b'{"data": {}}', "no list data.allShows"),
        (b'{"allShows": []}', "no list data.allShows"),
        (b'{"data": {"allShows": {}}}', "data.allShows is no list"),
        (b'{"data": {"allShows": [], "allShows": []}}', "more than once"),
        (b'{"data": {"allShows": [{}, ]}}', "damaged near row 1"),
        (b'{"data": {"allShows": [{} {}]}}', "damaged near row 1"),
        (b'{"data": {"allShows": [{}]}} and more', "more stands behind its end"),
        (b'{"data": {"allShows": [{}]}', "cut off after row 1"),
        (b'{"data" {"allShows": [{}]}}', "damaged"),
        (b'{data: {"allShows": [{}]}}', "damaged"),
        (b'{"n": nope, "data": {"allShows": [{}]}}', "damaged"),
        (b'{"n": 1 "data": {"allShows": [{}]}}', "damaged"),
        (b'{"n": "\x01', "damaged or cut off"),
    ],
    ids=lambda value: str(value)[:36],
)
def test_what_is_no_feed_is_told_in_words(window: int, body: bytes, words: str) -> None:
    with pytest.raises(NoFeed, match=words):
        read(body)


def test_a_feed_cut_off_anywhere_is_never_taken_for_a_whole_one() -> None:
    body = feed(rows(3))
    for end in range(len(body)):
        with pytest.raises(NoFeed):
            read(body[:end], 64)


def test_a_row_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "WINDOW_BYTES", 64)
    monkeypatch.setattr(envelope, "_LONGEST", 256)
    with pytest.raises(NoFeed, match="row 2 of it is longer"):
        read(feed([{"a": 1}, {"a": "x" * 5000}, {}]), 64)
    with pytest.raises(NoFeed, match="damaged"):
        read(b'{"a": "' + b"x" * 5000 + b'"}', 64)


shows: st.SearchStrategy[list[Any]] = st.lists(
    st.dictionaries(
        st.text(max_size=3),
        st.recursive(
            st.none() | st.integers() | st.text('",{}[]\\ a', max_size=6),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner)
            ),
            max_leaves=4,
        ),
        max_size=3,
    ),
    max_size=8,
)


@given(shows, st.integers(1, 50), st.sampled_from([None, 1]))
def test_any_rows_come_out_of_any_pieces(told: list[Any], size: int, indent: int | None) -> None:
    body = json.dumps({"data": {"allShows": told}}, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "WINDOW_BYTES", 16)
        assert read(body, size)[0] == told
