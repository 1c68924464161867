"""Reading lists of ids, in all the forms that are met."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.availability.id_list import BadList, IdList, Page, plain_imdb_id


def read(*pages: Any) -> IdList:
    found = IdList()
    for page in pages:
        found.add_page(json.dumps(page).encode())
    found.check()
    return found


def fault_of(*pages: Any) -> str:
    with pytest.raises(BadList) as caught:
        read(*pages)
    return str(caught.value)


@pytest.mark.parametrize(
    ("items", "tmdb_ids", "imdb_ids"),
    [
        ([1, 2, 2], {1, 2}, set()),
        (["1", " 2 "], {1, 2}, set()),
        (["tt0000003", "tt12345678"], set(), {"tt0000003", "tt12345678"}),
        ([{"tmdb_id": "1", "imdb_id": "tt3"}, {"tmdb_id": 2}], {1, 2}, {"tt0000003"}),
        ([{"imdb_id": "tt000000003", "tmdb_id": "-1"}], set(), {"tt0000003"}),
        ([{"imdb_id": None, "tmdb_id": 2, "title": "Pier"}], {2}, set()),
        ([None, "", "-1", -1, 0, 5], {5}, set()),
    ],
    ids=["numbers", "texts", "of IMDb", "objects", "unknown at TMDB", "unknown at IMDb", "none"],
)
def test_items_are_read_as_they_are_met(
    items: list[Any], tmdb_ids: set[int], imdb_ids: set[str]
) -> None:
    for form in (
        items,
        [{**each, "result": 1} if isinstance(each, dict) else each for each in items],
        {"result": items, "pages": 1},
        {"result": items},
    ):
        found = read(form)
        assert (found.tmdb_ids, found.imdb_ids) == (tmdb_ids, imdb_ids)
        assert (found.item_count, found.odd_count) == (len(items), 0)


def test_items_that_only_imdb_names_are_counted() -> None:
    found = read([{"tmdb_id": 1, "imdb_id": "tt1"}, {"tmdb_id": -1, "imdb_id": "tt2"}, "tt3", 4])
    assert found.imdb_only_count == 2


def test_pages_add_up() -> None:
    assert read([1], [2], []).tmdb_ids == {1, 2}


@pytest.mark.parametrize(
    ("body", "page"),
    [(b"[1,2]", Page(2, None)), (b'{"result":[1],"pages":7}', Page(1, 7)),
     (b'{"result":[]}', Page(0, 1))],
)  # fmt: skip
def test_a_page_tells_how_many_there_are(body: bytes, page: Page) -> None:
    assert IdList().add_page(body) == page


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([[]], "names no title at all"),
        ([[None, "-1"]], "names no title at all"),
        ([{"result": []}], "names no title at all"),
        ([{"results": [1]}], 'neither an array nor an object with "result"'),
        ([{"result": {"1": 2}}], "neither an array"),
        ([5], "neither an array"),
        ([{"result": [1], "pages": "7"}], '"pages" that is no number'),
        ([{"result": [1], "pages": True}], '"pages" that is no number'),
        ([[{"id": 1}, {"id": 2}]], "has 2 items of 2 without an id in them"),
        ([[1, 2, 3, "https://player.example/4"]], "has 1 items of 4 without"),
    ],
    ids=str,
)
def test_what_nobody_should_rely_on_is_refused(pages: list[Any], words: str) -> None:
    assert words in fault_of(*pages)


@pytest.mark.parametrize("body", [b"", b"[1,", b"<html>", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadList, match="is no whole JSON"):
        IdList().add_page(body)


@pytest.mark.parametrize(
    "odd",
    [1.5, True, [], {}, {"title": "Pier"}, "abc", "-7", "ttx", "tt0", 2**31, "9" * 30, "٣",
     {"tmdb_id": "x"}, {"imdb_id": 5}, {"tmdb_id": 3, "imdb_id": "nm1"}],
    ids=str,
)  # fmt: skip
def test_a_few_odd_items_are_passed_over(odd: Any) -> None:
    found = read([*range(1, 12), odd])
    assert (found.odd_count, found.first_odd, found.item_count) == (1, 12, 12)
    assert found.tmdb_ids == set(range(1, 12))


@pytest.mark.parametrize(
    ("text", "plain"),
    [("tt1", "tt0000001"), (" tt0000001", "tt0000001"), ("tt000000012345678", ""),
     ("tt012345678", "tt12345678"), ("TT1", ""), ("", ""), ("tt", ""), ("tt0000000", "")],
)  # fmt: skip
def test_imdb_ids_are_written_in_one_way(text: str, plain: str) -> None:
    assert plain_imdb_id(text) == plain
