"""Typed decoding: what is no JSON may pass, what has another form names its field."""

from __future__ import annotations

import msgspec
import pytest

from popflix.lib.http import BadPayload, Unavailable, UpstreamError, decode_json


class Video(msgspec.Struct):
    key: str


class Movie(msgspec.Struct):
    id: int
    videos: list[Video] = []


MOVIE = msgspec.json.Decoder(Movie)


def fault_of(body: bytes) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        decode_json(body, MOVIE, "tmdb")
    assert caught.value.__context__ is None
    return caught.value


def test_unknown_keys_are_ignored() -> None:
    assert decode_json(b'{"id": 7, "softcore": false}', MOVIE, "tmdb").id == 7


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"id": 7', b'{"id": 7}}', b'{"id": 7, "videos": [{"key": "\xff"}]}']
)
def test_what_is_no_json_is_unavailable(body: bytes) -> None:
    assert isinstance(fault_of(body), Unavailable)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"id": "7"}', "id"),
        (b"{}", "id"),
        (b'{"id": 7, "videos": [{"key": "a"}, {"key": null}]}', "videos[1].key"),
        (b'{"id": 7, "videos": [{}]}', "videos[0].key"),
        (b"[]", "body"),
    ],
)
def test_a_wrong_form_names_the_field(body: bytes, field: str) -> None:
    fault = fault_of(body)
    assert isinstance(fault, BadPayload)
    assert fault.field == field
    assert not fault.retryable
