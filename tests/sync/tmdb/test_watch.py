"""TMDB's watch providers: every region and every offer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.http import BadPayload
from sync.tmdb.catalogue import CatalogueClient
from sync.tmdb.watch import OFFER_KINDS, appended_watch, has_offers, read_watch
from tests.sync.tmdb import invented, watch_bodies
from tests.sync.tmdb.invented import FakeHttp

REAL = {"empty": 80, "small": 3_007, "large": 108_520}  # bytes


@pytest.mark.parametrize("media_type", ["movie", "tv"])
def test_one_request_asks_for_all_regions(media_type: str) -> None:
    path = f"/{media_type}/5/watch/providers"
    http = FakeHttp({path: json.loads(watch_bodies.answer())})
    body = CatalogueClient(http, ("en", "de")).watch_providers(media_type, 5, 1)
    assert list(read_watch(body)) == ["AT", "DE", "US"]
    assert (http.asked, http.params, http.lanes) == ([path], [{}], [1])


def test_every_region_and_offer_is_read() -> None:
    read = read_watch(watch_bodies.answer())
    assert read["DE"] == {
        "link": "https://www.themoviedb.org/movie/5-the-glass-harbour/watch?locale=DE",
        "flatrate": [{"id": 1, "name": "Harbour+"}, {"id": 2, "name": "Pier"}],
        "rent": [], "buy": [], "ads": [], "free": [],
    }  # fmt: skip
    assert {kind: len(read["US"][kind]) for kind in OFFER_KINDS} == {
        "flatrate": 1, "rent": 1, "buy": 2, "ads": 1, "free": 1,
    }  # fmt: skip


def test_a_link_alone_is_no_offer() -> None:
    read = read_watch(watch_bodies.answer())
    assert [code for code, offers in read.items() if has_offers(offers)] == ["DE", "US"]


@pytest.mark.parametrize("kind", OFFER_KINDS)
def test_any_kind_of_offer_is_one(kind: str) -> None:
    one = {"US": watch_bodies.region("US", **{kind: [watch_bodies.service(1, "Pier")]})}
    assert has_offers(read_watch(watch_bodies.answer(one))["US"])


def test_a_film_that_nobody_shows_has_no_region() -> None:
    assert read_watch(watch_bodies.answer({})) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [(b'{"id":5}', "results"), (b'{"results":[]}', "results"),
     (b'{"results":{"US":{"rent":[{"provider_id":1}]}}}', "provider_name")],
)  # fmt: skip
def test_another_form_is_told_by_its_field(body: bytes, field: str) -> None:
    with pytest.raises(BadPayload) as wrong:
        read_watch(body)
    assert field in wrong.value.field


def test_what_was_appended_to_a_whole_record_is_taken_out_as_it_was_sent() -> None:
    part = '{"results": {"DE":{"flatrate":[{"provider_id":2,"provider_name":"Pier"}]}}}'
    record = json.dumps(invented.movie())[:-1] + f', "watch/providers": {part}}}'
    taken = appended_watch(record.encode())
    assert taken == part.encode()
    assert read_watch(taken)["DE"]["flatrate"] == [{"id": 2, "name": "Pier"}]


@pytest.mark.parametrize(
    "record",
    [
        invented.movie(),
        invented.movie() | {"watch/providers": None},
        invented.movie() | {"watch/providers": {}},
        invented.movie() | {"watch/providers": {"results": None}},
        [],
    ],
    ids=["absent", "null", "without results", "of null", "no record"],
)
def test_a_record_that_says_nothing_of_it_is_no_answer(record: Any) -> None:
    assert appended_watch(json.dumps(record).encode()) is None


@pytest.mark.parametrize("record", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_record_is_no_answer(record: bytes) -> None:
    assert appended_watch(record) is None


def _recorded(folder: Path, which: str) -> bytes:
    names = {
        "empty": "ceg_watch_providers_empty_watch_providers.json",
        "small": "ceg_movies_watch_providers.json",
        "large": "rust_movie-watch-providers.json",
    }
    body = (folder / "tmdb" / names[which]).read_bytes()
    assert len(body) == REAL[which]
    # The first was recorded without what stands around one region.
    return b'{"id":550,"results":{"US":' + body + b"}}" if which == "empty" else body


@pytest.mark.parametrize(
    ("which", "regions", "offers"),
    [
        ("empty", 1, {}),
        ("small", 2, {"flatrate": 2, "rent": 2, "buy": 2, "ads": 2, "free": 2}),
        ("large", 96, {"flatrate": 190, "rent": 142, "buy": 177, "ads": 3, "free": 2}),
    ],
)
def test_a_recorded_answer_gives_every_region_and_offer(
    recordings: Path, which: str, regions: int, offers: dict[str, int]
) -> None:
    body = _recorded(recordings, which)
    read = read_watch(body)
    counted: Counter[str] = Counter()
    for found in read.values():
        counted.update({kind: len(found[kind]) for kind in OFFER_KINDS})
    assert len(read) == regions
    assert +counted == Counter(offers)
    assert appended_watch(b'{"id":1,"watch/providers":' + body + b"}") == body.strip()
    # One by one against the plain JSON: nothing left out, nothing exchanged.
    for code, plain in json.loads(body)["results"].items():
        assert read[code]["link"] == plain["link"]
        for kind in OFFER_KINDS:
            expected = [(one["provider_id"], one["provider_name"]) for one in plain.get(kind, [])]
            assert [(one["id"], one["name"]) for one in read[code][kind]] == expected
