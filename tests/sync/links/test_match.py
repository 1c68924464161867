"""A match needs the type to fit and our id in the answer, or title and year that agree."""

from __future__ import annotations

import pytest

from sync.links.match import Candidate, Wanted, agrees, match, rank


def wanted(title: str = "The Glass Harbour", year: int | None = 2019, **facts: str) -> Wanted:
    return Wanted(
        tconst="tt99000001",
        title_type=facts.get("title_type", "movie"),
        primary_title=title,
        original_title=facts.get("original_title", title),
        start_year=year,
    )


def candidate(
    title: str = "The Glass Harbour", year: int | None = 2019, **facts: object
) -> Candidate:
    return Candidate(
        media_type=str(facts.get("media_type", "movie")),
        tmdb_id=int(str(facts.get("tmdb_id", 9_000_001))),
        title=title,
        original_title=str(facts.get("original_title", title)),
        year=year,
        imdb_id=str(facts.get("imdb_id", "")),
    )


@pytest.mark.parametrize(
    ("title_type", "media_types"),
    [
        ("movie", ("movie",)),
        ("tvMovie", ("movie",)),
        ("tvSeries", ("tv",)),
        ("tvMiniSeries", ("tv",)),
        ("tvSpecial", ("movie", "tv")),
    ],
)
def test_a_title_type_says_which_records_fit(
    title_type: str, media_types: tuple[str, ...]
) -> None:
    assert wanted(title_type=title_type).media_types == media_types


@pytest.mark.parametrize(
    ("theirs", "year", "same_work"),
    [
        ("The Glass Harbour", 2019, True),
        ("the glass  harbour!", 2020, True),
        ("The Gláss Harbour", 2018, True),
        ("The Glass Harbour", None, True),
        ("The Glass Harbour", 2021, False),
        ("The Glass Harbor", 2019, True),
        ("The Glass Harbor", 2020, False),
        ("The Glass Harbor", None, False),
        ("Night Shift", 2019, False),
        ("", 2019, False),
    ],
)
def test_title_and_year_agree_or_not(theirs: str, year: int | None, same_work: bool) -> None:
    assert agrees(wanted(), candidate(theirs, year)) is same_work


def test_an_original_title_agrees_with_either_title() -> None:
    assert agrees(
        wanted("Harbour", original_title="Гавань"), candidate("Port", original_title="Гавань")
    )


def test_a_title_of_signs_only_is_compared_as_it_stands() -> None:
    assert agrees(wanted("!!!"), candidate("!!!"))
    assert not agrees(wanted("!!!"), candidate("???"))


def test_an_unknown_year_of_ours_needs_an_equal_title() -> None:
    assert agrees(wanted(year=None), candidate())
    assert not agrees(wanted(year=None), candidate("The Glass Harbor"))


def test_our_id_in_the_answer_decides_even_against_the_title() -> None:
    right = candidate("Another Name", 1990, imdb_id="tt99000001", tmdb_id=7)
    found = match(wanted(), [candidate(), right])
    assert found.candidate is right
    assert found.reason == "TMDB names our IMDb id."


def test_one_agreeing_title_and_year_is_a_match_without_the_id() -> None:
    right, other = candidate(), candidate("Night Shift", tmdb_id=2)
    found = match(wanted(), [other, right])
    assert found.candidate is right
    assert found.reason == "TMDB names no id; title and year agree."


def test_another_id_of_tmdbs_is_told_where_title_and_year_decide() -> None:
    found = match(wanted(), [candidate(imdb_id="tt99000777")])
    assert found.candidate is not None
    assert found.reason == "TMDB names tt99000777, but title and year agree."


def test_two_records_that_fit_equally_are_no_match() -> None:
    found = match(wanted(), [candidate(tmdb_id=1), candidate(tmdb_id=2)])
    assert found.candidate is None
    assert found.reason == (
        'Title and year fit several records: movie 1 "The Glass Harbour" (2019), '
        'movie 2 "The Glass Harbour" (2019).'
    )


def test_a_record_of_another_type_is_never_a_match() -> None:
    found = match(wanted(), [candidate(media_type="tv", imdb_id="tt99000001")])
    assert found.candidate is None
    assert found.reason.startswith("TMDB files tt99000001 under another type: tv 9000001")


def test_a_record_that_disagrees_is_named() -> None:
    found = match(wanted(), [candidate("Night Shift", None)])
    assert found.candidate is None
    assert found.reason == (
        'Neither IMDb id nor title and year agree: movie 9000001 "Night Shift" (year unknown).'
    )


def test_fitting_records_are_asked_in_order_of_likelihood() -> None:
    special = wanted(title_type="tvSpecial")
    same_tv = candidate(media_type="tv", tmdb_id=1)
    same_movie = candidate(tmdb_id=5)
    near, far = candidate("The Glass Harbor", 2020, tmdb_id=2), candidate("Night", 1950, tmdb_id=3)
    assert rank(special, [far, near, same_tv, same_movie]) == [same_movie, same_tv, near, far]
    assert rank(wanted(), [same_tv]) == []


def test_a_candidate_is_kept_as_plain_data() -> None:
    assert candidate(imdb_id="tt99000777").as_json() == {
        "media_type": "movie",
        "tmdb_id": 9_000_001,
        "title": "The Glass Harbour",
        "year": 2019,
        "imdb_id": "tt99000777",
    }
