"""Which source's value a field holds, and why; a source that says nothing takes nothing away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.movies.fields import ALWAYS_THERE, BLANK, FIELDS, Source, is_blank
from sync.movies.merge import Merged, Offer, Policy, merge

OPERATOR, FEED, TMDB, IMDB = Source.OPERATOR, Source.FEED, Source.TMDB, Source.IMDB
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
FULL = {
    **BLANK,
    "title": "Harbour",
    "year": 1999,
    "runtime": 90,
    "genre_ids": [18],
    "imdb_id": "tt0000001",
}


def offer(source: Source, at: dt.datetime = NOW, **values: Any) -> Offer:
    return Offer(source, values, at)


def merged(
    *offers: Offer,
    held: Mapping[str, object] = FULL,
    origins: Mapping[str, str] | None = None,
    **options: Any,
) -> Merged:
    return merge(held, origins or {}, offers, **options)


def moves(result: Merged) -> dict[str, object]:
    return {change.field: change.after for change in result.changes}


def test_the_source_of_a_value_may_change_it() -> None:
    result = merged(offer(TMDB, title="The Harbour", runtime=91))
    assert moves(result) == {"title": "The Harbour", "runtime": 91}
    assert {change.reason for change in result.changes} == {"TMDB says so now."}
    assert result.after(FULL) == {**FULL, "title": "The Harbour", "runtime": 91}


def test_an_empty_field_is_filled_by_whoever_knows() -> None:
    result = merged(offer(IMDB, title="Harbour", year=1999), held=BLANK)
    assert moves(result) == {"title": "Harbour", "year": 1999}
    assert result.changes[0].reason == "IMDb says so; the field was empty."
    assert result.origins == {"title": "imdb", "year": "imdb"}


def test_the_most_trusted_source_wins_and_the_others_are_told() -> None:
    offers = (offer(IMDB, runtime=80), offer(FEED, runtime=95), offer(TMDB, runtime=91))
    result = merged(*offers)
    assert moves(result) == {"runtime": 95}
    assert result.origins == {"runtime": "feed"}
    (change,) = result.changes
    assert change.reason == "The feed says so and is trusted more than TMDB."
    assert {(each.source, each.value, each.reason) for each in result.refusals} == {
        (TMDB, 91, "the feed is trusted more"),
        (IMDB, 80, "the feed is trusted more"),
    }


def test_a_less_trusted_source_moves_nothing() -> None:
    result = merged(offer(IMDB, runtime=80))
    assert not result.changes
    assert [each.reason for each in result.refusals] == ["TMDB is trusted more"]


def test_an_operators_value_stays_until_the_operator_takes_it_back() -> None:
    held = {**FULL, "runtime": 100}
    origins = {"runtime": "operator"}
    assert not merged(offer(TMDB, runtime=91), held=held, origins=origins).changes
    result = merged(
        offer(OPERATOR, runtime=None), offer(TMDB, runtime=91), held=held, origins=origins
    )
    assert moves(result) == {"runtime": 91}
    assert result.origins == {}
    assert result.changes[0].reason == "TMDB says so; an operator has none any more."


def test_each_field_may_have_an_order_of_its_own() -> None:
    policy = Policy(orders={"runtime": (IMDB, TMDB)})
    assert moves(merged(offer(IMDB, runtime=80, year=1998), policy=policy)) == {"runtime": 80}


def test_fields_may_be_filled_only_while_they_are_empty() -> None:
    policy = Policy(fill_only=frozenset(FIELDS))
    result = merged(offer(TMDB, title="New", status="Released", runtime=None), policy=policy)
    assert moves(result) == {"status": "Released"}
    assert result.refusals[0].reason == "the field is filled only while it is empty"
    assert moves(merged(offer(OPERATOR, title="New"), policy=policy)) == {"title": "New"}


def test_an_imdb_id_is_filled_once_and_another_one_is_told() -> None:
    assert moves(merged(offer(TMDB, imdb_id="tt0000009"), held=BLANK)) == {"imdb_id": "tt0000009"}
    result = merged(offer(TMDB, imdb_id="tt0000009"))
    assert not result.changes
    assert [(each.field, each.value) for each in result.refusals] == [("imdb_id", "tt0000009")]
    assert not merged(offer(TMDB, imdb_id="")).changes


def test_a_locked_field_moves_for_an_operator_only() -> None:
    result = merged(offer(TMDB, title="New", runtime=91), locks={"title": "kept"})
    assert moves(result) == {"runtime": 91}
    assert [each.reason for each in result.refusals] == ["an operator locked the field"]
    assert moves(merged(offer(OPERATOR, title="Mine"), locks={"title"})) == {"title": "Mine"}
    assert not merged(offer(TMDB, runtime=None), locks={"runtime"}).changes
    empty = merged(offer(TMDB, runtime=91), held=BLANK, locks={"runtime"})
    assert not empty.changes


def test_none_erases_only_where_its_own_source_says_it_of_what_may_be_empty() -> None:
    result = merged(offer(TMDB, runtime=None, genre_ids=[], title=""))
    assert moves(result) == {"runtime": None, "genre_ids": []}
    assert {change.reason for change in result.changes} == {"TMDB has none any more."}
    assert not merged(offer(IMDB, runtime=None, year=None)).changes
    assert not merged(offer(TMDB, runtime=None), origins={"runtime": "imdb"}).changes


def test_where_a_source_has_none_any_more_the_next_one_steps_in() -> None:
    result = merged(offer(TMDB, runtime=None), offer(IMDB, runtime=80))
    assert moves(result) == {"runtime": 80}
    assert result.origins == {"runtime": "imdb"}


def test_the_later_of_two_offers_of_one_source_counts() -> None:
    old, new = (
        offer(TMDB, NOW, runtime=91, year=2000),
        offer(TMDB, NOW + dt.timedelta(1), runtime=92),
    )
    assert moves(merged(new, old)) == moves(merged(old, new)) == {"runtime": 92, "year": 2000}


def test_the_same_value_of_a_more_trusted_source_is_its_own_from_then_on() -> None:
    result = merged(offer(OPERATOR, runtime=90))
    assert not result.changes
    assert result.origins == {"runtime": "operator"}


NAMES = ("title", "year", "runtime", "genre_ids", "imdb_id", "status")
VALUES: dict[str, st.SearchStrategy[object]] = {
    "title": st.sampled_from(["", "A", "B"]),
    "year": st.sampled_from([None, 1999, 2000]),
    "runtime": st.sampled_from([None, 90, 91]),
    "genre_ids": st.sampled_from([[], [18], [18, 53]]),
    "imdb_id": st.sampled_from(["", "tt0000001", "tt0000002"]),
    "status": st.sampled_from(["", "Released"]),
}
SAID = st.fixed_dictionaries({}, optional=VALUES)
OFFERS = st.lists(
    st.builds(
        Offer,
        st.sampled_from(Source),
        SAID,
        st.integers(0, 2).map(lambda day: NOW + dt.timedelta(day)),
    ),
    max_size=5,
)
ROWS = st.fixed_dictionaries(VALUES).map(lambda values: {**BLANK, **values})
LOCKS = st.sets(st.sampled_from(NAMES), max_size=2)
POLICIES = st.sampled_from(
    [Policy(), Policy(fill_only=frozenset(FIELDS)), Policy(orders={"year": (IMDB, TMDB)})]
)


@st.composite
def rows(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, str]]:
    held = draw(ROWS)
    filled = [name for name in NAMES if not is_blank(name, held[name])]
    own = draw(
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["operator", "feed", "imdb"]))
    )
    return held, {name: source for name, source in own.items() if name in filled}


@settings(max_examples=60)
@given(row=rows(), offers=OFFERS, locks=LOCKS, policy=POLICIES)
def test_merging_again_changes_nothing(
    row: tuple[dict[str, object], dict[str, str]],
    offers: list[Offer],
    locks: set[str],
    policy: Policy,
) -> None:
    held, origins = row
    once = merge(held, origins, offers, locks=locks, policy=policy)
    again = merge(once.after(held), once.origins, offers, locks=locks, policy=policy)
    assert not again.changes
    assert again.origins == once.origins


@settings(max_examples=60)
@given(row=rows(), offers=OFFERS, locks=LOCKS, policy=POLICIES, data=st.data())
def test_the_order_of_the_sources_does_not_matter(
    row: tuple[dict[str, object], dict[str, str]],
    offers: list[Offer],
    locks: set[str],
    policy: Policy,
    data: st.DataObject,
) -> None:
    held, origins = row
    shuffled = data.draw(st.permutations(offers))
    one = merge(held, origins, offers, locks=locks, policy=policy)
    other = merge(held, origins, shuffled, locks=locks, policy=policy)
    assert one.after(held) == other.after(held)
    assert one.origins == other.origins


@settings(max_examples=60)
@given(row=rows(), offers=OFFERS, locks=LOCKS, policy=POLICIES)
def test_one_source_alone_is_merged_as_among_others(
    row: tuple[dict[str, object], dict[str, str]],
    offers: list[Offer],
    locks: set[str],
    policy: Policy,
) -> None:
    held, origins = row
    for one in offers:
        alone = merge(held, origins, [one], locks=locks, policy=policy)
        among = merge(held, origins, [one, offer(FEED)], locks=locks, policy=policy)
        assert sorted(map(repr, alone.changes)) == sorted(map(repr, among.changes))
        assert sorted(map(repr, alone.refusals)) == sorted(map(repr, among.refusals))
        assert alone.origins == among.origins


@settings(max_examples=60)
@given(row=rows(), offers=OFFERS, locks=LOCKS, policy=POLICIES)
def test_nothing_is_erased_that_its_source_did_not_say_is_none(
    row: tuple[dict[str, object], dict[str, str]],
    offers: list[Offer],
    locks: set[str],
    policy: Policy,
) -> None:
    held, origins = row
    after = merge(held, origins, offers, locks=locks, policy=policy).after(held)
    for name in NAMES:
        if is_blank(name, after[name]) and not is_blank(name, held[name]):
            assert name not in ALWAYS_THERE
            assert any(
                each.source == origins.get(name, "tmdb")
                and name in each.values
                and is_blank(name, each.values[name])
                for each in offers
            )
