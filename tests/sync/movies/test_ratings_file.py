"""A row of ratings is taken, or says what is wrong with it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync.movies.ratings import RatingSource
from sync.movies.ratings_file import RatedRow, form_of, read_row

ROTTEN, BOXD = RatingSource.ROTTEN_TOMATOES, RatingSource.LETTERBOXD


def row(header: str, line: str, source: RatingSource = BOXD) -> RatedRow:
    (cells,) = form_of(header).cells([line])
    return read_row(cells, source)


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("tconst\tvalue", 'tt0000001\t"3.5"'),
        ("tconst,value", "tt0000001,3.5"),
        ("IMDb ID;Rating", " tt1 ; 3.5/5 "),
        ('{"tconst": 1}', '{"tconst": "tt0000001", "rating": 3.5, "note": null}'),
    ],
)
def test_a_row_is_read_in_each_form(header: str, line: str) -> None:
    found = row(header, line)
    assert (found.tconst, found.tmdb_id, found.rating.value) == ("tt0000001", 0, Decimal("3.5"))


def test_a_percentage_and_its_votes_are_read() -> None:
    found = row("tmdb_id,type,score,votes", '550,movie,83%,"1,200"', ROTTEN)
    assert (found.tmdb_id, found.media_type) == (550, "movie")
    assert (found.rating.value, found.rating.votes) == (Decimal(83), 1200)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("what,1,movie,3,1", "'what' is no IMDb id"),
        (",what,movie,3,1", "'what' is no TMDB id"),
        (",,movie,3,1", "names no movie"),
        (",1,film,3,1", "'film' is no media type"),
        (",1,movie,good,1", "'good' is no rating"),
        (",1,movie,6,1", "'6' is no rating from 0 to 5"),
        (",1,movie,nan,1", "'nan' is no rating from 0 to 5"),
        (",1,movie,3,some", "'some' is no number of votes"),
    ],
)
def test_what_is_wrong_is_said(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        row("tconst,tmdb_id,media_type,value,votes", line)


@pytest.mark.parametrize("line", ["{what", "[1]"])
def test_a_line_that_is_no_object_cannot_be_read(line: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        row("{}", line)
