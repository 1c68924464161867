"""IMDb's lines become values or reasons; the fast way and the careful way agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.links.fields import NULL, text_of
from sync.links.transform import (
    KNOWN_TYPES,
    TITLES_HEADER,
    Column,
    Parsed,
    Parser,
    ratings_parser,
    titles_parser,
)

CAPACITY: dict[str, int | None] = dict.fromkeys(TITLES_HEADER)
CAPACITY |= {"tconst": 16, "titleType": 20, "startYear": 32767, "endYear": 32767, "genres": 255}
GOOD = ["tt0000001", "movie", "A", "B", "0", "1999", NULL, "90", "Drama,Crime"]


def line(**changes: str) -> str:
    fields = dict(zip(TITLES_HEADER, GOOD, strict=True)) | changes
    return "\t".join(fields.values())


def parse(*lines: str, wanted: tuple[str, ...] | None = None, **capacity: int | None) -> Parsed:
    block = "\n".join(lines).encode(errors="surrogateescape")
    return titles_parser(CAPACITY | capacity, wanted).parse(block, 2)


def rows(parsed: Parsed) -> list[tuple[object, ...]]:
    return list(zip(*parsed.columns, strict=True))


def reason(parsed: Parsed) -> str:
    assert rows(parsed) == []
    (bad,) = parsed.bad
    return bad.reason


def test_a_good_line_becomes_numbers_texts_and_nones() -> None:
    parsed = parse(line())
    assert rows(parsed) == [("tt0000001", "movie", "A", "B", 0, 1999, None, 90, "Drama,Crime")]
    assert (parsed.whole, list(parsed.numbers), parsed.bad) == (True, [2], ())


@pytest.mark.parametrize(
    "title",
    [
        '"Quoted" at the beginning',
        '"Quoted as a whole"',
        "  spaces at both ends ",
        "back\\slash and \\Not null",
        "next\u0085line, line\u2028separator, vertical\vtab, form\ffeed",
        "青い鳥の夢 🎬",
        "",
    ],
)
def test_titles_are_taken_as_they_are(title: str) -> None:
    parsed = parse(line(primaryTitle=title), line(tconst="tt0000002"))
    assert [row[2] for row in rows(parsed)] == [title, "A"]


def test_null_is_none_in_every_column_but_the_id() -> None:
    nulls = dict.fromkeys(TITLES_HEADER[1:], NULL)
    assert rows(parse(line(**nulls))) == [("tt0000001", *[None] * 8)]
    assert "tconst '\\\\N' is no IMDb id" in reason(parse(line(tconst=NULL)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"startYear": "18x4"}, "startYear '18x4' is no whole number"),
        ({"startYear": ""}, "startYear '' is no whole number"),
        ({"startYear": "٣"}, "startYear '٣' is no whole number"),
        ({"startYear": "32768"}, "startYear '32768' is more than 32767"),
        ({"runtimeMinutes": "9" * 5000}, "is more than 2147483647"),
        ({"runtimeMinutes": "-5"}, "runtimeMinutes '-5' is no whole number"),
        ({"isAdult": "2019"}, "isAdult '2019' is more than 1"),
        ({"tconst": "nm0000001"}, "tconst 'nm0000001' is no IMDb id"),
        ({"tconst": "tt123"}, "tconst 'tt123' is no IMDb id"),
        ({"tconst": "tt" + "1" * 20}, "has 22 characters where the column takes 16"),
        ({"titleType": "tv movie"}, "titleType 'tv movie' is no title type"),
        ({"genres": "g" * 256}, "has 256 characters where the column takes 255"),
    ],
)
def test_a_bad_value_is_named_with_its_column(changes: dict[str, str], expected: str) -> None:
    assert expected in reason(parse(line(**changes)))


def test_every_bad_value_of_a_line_is_named() -> None:
    told = reason(parse(line(startYear="x", endYear="y")))
    assert told == "startYear 'x' is no whole number; endYear 'y' is no whole number"


def test_a_long_bad_value_is_cut_in_the_reason_and_whole_in_the_row() -> None:
    parsed = parse(line(startYear="x" * 500))
    assert len(parsed.bad[0].reason) < 120
    assert "x" * 500 in parsed.bad[0].raw


@pytest.mark.parametrize("fields", [GOOD[:8], [*GOOD, "more"], [""], GOOD[:1]])
def test_a_wrong_number_of_columns_is_told(fields: list[str]) -> None:
    count = f"{len(fields)} column{'s' if len(fields) > 1 else ''}"
    assert reason(parse("\t".join(fields))) == f"it has {count} where 9 are expected"


def test_a_bad_line_costs_only_itself_and_keeps_its_number() -> None:
    parsed = parse(line(), line(tconst="tt0000002", isAdult="?"), line(tconst="tt0000003"))
    assert [row[0] for row in rows(parsed)] == ["tt0000001", "tt0000003"]
    assert list(parsed.numbers) == [2, 4]
    assert [(bad.line, bad.raw.split("\t")[0]) for bad in parsed.bad] == [(3, "tt0000002")]


def test_rows_that_are_out_of_step_are_both_found() -> None:
    """One column too many here and one too few there must not read as two other rows."""
    shifted = parse("\t".join([*GOOD, "tt0000009"]), "\t".join(["movie", *GOOD[2:]]))
    assert rows(shifted) == []
    assert [bad.line for bad in shifted.bad] == [2, 3]


def test_a_number_behind_the_last_column_does_not_prolong_the_next_id() -> None:
    shifted = parse("\t".join([*GOOD, "7"]), "\t".join(GOOD[:8]))
    assert [bad.line for bad in shifted.bad] == [2, 3]


def test_bytes_that_are_no_utf8_are_told_and_kept_readable() -> None:
    parsed = parse(line(), line(tconst="tt0000002", primaryTitle="caf\udce9"))
    assert parsed.bad[0].reason == "byte 20 is not UTF-8"
    assert "caf\\xe9" in parsed.bad[0].raw
    assert len(rows(parsed)) == 1


def test_other_types_are_skipped_and_counted() -> None:
    lines = [line(), line(titleType="tvEpisode"), line(titleType="short", startYear="bad")]
    parsed = parse(*lines, line(titleType="tvEpisode"), line(titleType=NULL), wanted=("movie",))
    assert rows(parsed)[0][0] == "tt0000001"
    assert parsed.skipped == {"tvEpisode": 2, "short": 1, NULL: 1}
    assert (parsed.whole, list(parsed.numbers), list(parsed.bad)) == (False, [2], [])


def test_a_type_imdb_invents_is_skipped_under_its_name_and_taken_with_all() -> None:
    assert parse(line(titleType="podcast"), wanted=("movie",)).skipped == {"podcast": 1}
    assert rows(parse(line(titleType="podcast")))[0][1] == "podcast"


def test_what_is_no_type_is_bad_even_where_few_types_are_wanted() -> None:
    parsed = parse(line(), line(titleType="A film title"), wanted=("movie",))
    assert [bad.line for bad in parsed.bad] == [3]
    assert not parsed.skipped


def test_skipped_lines_are_counted_beside_bad_ones() -> None:
    parsed = parse(line(titleType="short"), line(startYear="x"), wanted=("movie",))
    assert (parsed.skipped, len(parsed.bad), rows(parsed)) == ({"short": 1}, 1, [])


def test_a_narrow_column_refuses_a_long_title_only() -> None:
    parsed = parse(line(), line(tconst="tt0000002", primaryTitle="long"), primaryTitle=3)
    assert len(rows(parsed)) == 1
    assert "primaryTitle 'long' has 4 characters" in parsed.bad[0].reason


def test_a_narrow_id_column_refuses_a_long_id_only() -> None:
    parsed = parse(line(tconst="tt12345678"), line(tconst="tt123456789"), tconst=10)
    assert [row[0] for row in rows(parsed)] == ["tt12345678"]
    assert "has 11 characters where the column takes 10" in parsed.bad[0].reason


def test_columns_of_many_values_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.links.transform._MOST_REMEMBERED", 2)
    converted: list[str] = []

    def convert(value: str) -> str:
        converted.append(value)
        return value

    parser = Parser([Column("genres", convert)])
    for genre in ("a", "b", "c", "a"):
        parser.parse(f"tt0000001\t{genre}".encode(), 2)
    assert converted == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("rating", "votes", "bad"),
    [
        ("5.6", "1660", ""),
        ("10.0", "0", ""),
        ("10", "1", ""),
        ("10.1", "1", "averageRating '10.1' is no rating"),
        (NULL, "1", "averageRating '\\\\N' is no rating"),
        ("5.6", NULL, "numVotes '\\\\N' is no whole number"),
    ],
)
def test_ratings_have_one_decimal_and_a_number_of_votes(rating: str, votes: str, bad: str) -> None:
    parsed = ratings_parser(16).parse(f"tt0000001\t{rating}\t{votes}".encode(), 2)
    if bad:
        assert bad in reason(parsed)
    else:
        assert rows(parsed) == [("tt0000001", rating, int(votes))]


def test_a_text_may_be_of_any_length_where_no_width_is_known() -> None:
    assert text_of(None)("x" * 10_000) == "x" * 10_000


FIELDS = st.one_of(
    st.sampled_from([*GOOD, NULL, "", "0", "tt1234567", "tt123456789012345", "x" * 21, "1e5"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\t\n"), max_size=8),
)
LINES = st.one_of(
    st.just(GOOD),
    st.tuples(st.integers(0, 8), FIELDS).map(
        lambda at: [*GOOD[: at[0]], at[1], *GOOD[at[0] + 1 :]]
    ),
    st.lists(FIELDS, min_size=1, max_size=11),
)


@given(st.lists(LINES, min_size=1, max_size=5), st.sampled_from([None, ("movie", "short")]))
def test_both_ways_agree_on_every_block(
    lines: list[list[str]], wanted: tuple[str, ...] | None
) -> None:
    """Each line alone, and all together, whatever stands in them."""
    texts = ["\t".join(fields) for fields in lines]
    together = parse(*texts, wanted=wanted)
    alone = [parse(text, wanted=wanted) for text in texts]
    careful = titles_parser(CAPACITY, wanted)._parse_each("\n".join(texts).encode(), 2)
    assert rows(together) == rows(careful) == [row for each in alone for row in rows(each)]
    assert list(together.numbers) == list(careful.numbers)
    assert list(together.bad) == list(careful.bad)
    assert dict(together.skipped) == dict(careful.skipped)


def test_all_known_types_are_types() -> None:
    parsed = parse(*(line(titleType=each) for each in KNOWN_TYPES))
    assert [row[1] for row in rows(parsed)] == list(KNOWN_TYPES)
