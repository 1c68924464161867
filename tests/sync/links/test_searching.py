"""What a search means, and how a title may be written."""

from __future__ import annotations

import pytest

from sync.links.searching import Search, in_usual_cases, parse_search


@pytest.mark.parametrize(
    ("term", "meaning"),
    [
        ("tt0111161", Search(tconst="tt0111161", id_prefix="tt0111161")),
        ("tt0111", Search(tconst="tt0000111", id_prefix="tt0111")),
        ("1917", Search(tconst="tt0001917", id_prefix="tt1917", title="1917")),
        ("https://m.imdb.com/title/tt0111161/?ref_=x", Search(tconst="tt0111161")),
        ("imdb.com/de/title/tt0111161/reviews#1", Search(tconst="tt0111161")),
        ("https://www.themoviedb.org/movie/603-the-matrix", Search(tmdb=("movie", 603))),
        ("themoviedb.org/TV/1396", Search(tmdb=("tv", 1396))),
        ("https://www.themoviedb.org/en-GB/tv/1396/cast", Search(tmdb=("tv", 1396))),
        ("https://www.themoviedb.org/person/1", Search(title="https://www.themoviedb.org/person/1")),
        ("  the   lord ", Search(title="the lord")),
        ("tt", Search(title="tt")),
        ("", Search()),
    ],
)  # fmt: skip
def test_a_term_means(term: str, meaning: Search) -> None:
    assert parse_search(term) == meaning


def test_a_long_term_is_cut() -> None:
    assert len(parse_search("x" * 5000).title) == 200


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("the lord of", "The Lord of"),
        ("ÉLAN VITAL", "Élan Vital"),
        ("élan", "Élan"),
        ("x-men: THE last stand", "X-men: The Last Stand"),
        ("eXistenZ", "eXistenZ"),
        ("it's a mad mad mad mad WORLD", "It's A Mad Mad mad mad world"),
        ("l'été", "L'ÉTÉ"),
    ],
)
def test_the_usual_ways_to_write_a_title_are_among_them(typed: str, written: str) -> None:
    assert written in in_usual_cases(typed)


def test_they_are_few_and_each_stands_once() -> None:
    found = in_usual_cases("one two three four five six seven eight")
    assert len(found) == len(set(found)) <= 163
