"""IMDb ids are understood as people write them."""

from __future__ import annotations

import pytest

from sync.links.tconst import parse_tconst


@pytest.mark.parametrize(
    "text",
    [
        "tt0099123",
        " tt99123 ",
        "TT0099123",
        "99123",
        "tt00099123",
        "https://www.imdb.com/title/tt0099123/",
        "http://imdb.com/title/tt0099123",
        "https://m.imdb.com/title/tt0099123/?ref_=nv_sr_1",
        "www.imdb.com/de/title/tt0099123/fullcredits",
        "https://www.imdb.com/title/tt0099123#cast",
    ],
)
def test_an_id_or_address_is_brought_into_imdbs_form(text: str) -> None:
    assert parse_tconst(text) == "tt0099123"


def test_long_ids_keep_all_their_digits() -> None:
    assert parse_tconst("tt99000001") == "tt99000001"


@pytest.mark.parametrize("text", ["", "tt", "nm0000123", "tt12x", "https://example.org/tt0099123"])
def test_anything_else_is_no_id(text: str) -> None:
    assert parse_tconst(text) is None
