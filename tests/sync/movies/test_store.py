"""A batch of answers is written in few statements; what is not news is only touched."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from msgspec import structs

from popflix.engine.models import Lane
from popflix.engine.work import claim_rows
from sync.links.models import Enrichment, MediaLinks, Title
from sync.movies.bodies import digest, unpack
from sync.movies.models import (
    AskedBy,
    ImdbConflict,
    Movie,
    MovieFetch,
    MovieRating,
    StoredPayload,
    UpstreamState,
)
from sync.movies.rating_rows import Rated, write_ratings
from sync.movies.ratings import RatingSource, RatingValue
from sync.movies.store import Fetched, Stored, plan_movies, rewrite_movies, store_movies
from sync.movies.work import Settled, ask_for, write_settled
from tests.sync.movies.invented import NOW, fetched, movie, tv

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
DAY = dt.timedelta(days=1)
FIRST = 9_000_001


def store(*records: dict[str, Any], at: dt.datetime = NOW, **options: Any) -> Stored:
    batch = [fetched(record, at=at, due_at=at + 30 * DAY) for record in records]
    return store_movies(batch, now=at, **options)


def held(number: int = FIRST) -> Movie:
    return Movie.objects.get(media_type="movie", tmdb_id=number)


def columns() -> dict[str, object]:
    (row,) = Movie.objects.values()
    return dict(row)


def counts(stored: Stored) -> tuple[int, int, int]:
    return stored.inserted, stored.updated, stored.unchanged


def test_a_new_movie_is_written_whole() -> None:
    assert counts(store(movie())) == (1, 0, 0)
    row = held()
    assert (row.title, row.year, row.release_date) == (
        "The Glass Harbour",
        2019,
        dt.date(2019, 7, 15),
    )
    assert row.release_date_known is True
    assert row.main_poster == "https://image.example/t/p/w500/glassharbour.jpg"
    assert row.genres == [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}]
    assert (row.cast_ids, row.crew_ids) == ([9_000_011, 9_000_012], [9_000_021, 9_000_022])
    assert (row.imdb_id, row.adult, row.popularity) == ("tt9000001", False, 1.5)
    assert (row.created_at, row.updated_at, row.fetched_at) == (NOW, NOW, NOW)
    assert (row.upstream_state, row.origins, row.excluded_at) == ("live", {}, None)


def test_its_body_is_kept_once_and_comes_back_byte_for_byte() -> None:
    answer = fetched(movie())
    store_movies([answer], now=NOW)
    payload = StoredPayload.objects.get()
    body = unpack(bytes(payload.body))
    assert (payload.sha256, payload.size) == (digest(body), len(body))
    assert payload.sha256 == answer.body.sha256 == held().payload_id
    assert payload.kind == "movie"


def test_a_movie_and_a_series_may_bear_one_number() -> None:
    batch = [fetched(movie(7)), fetched(tv(7), media_type="tv")]
    assert store_movies(batch, now=NOW).inserted == 2
    assert sorted(Movie.objects.values_list("media_type", "tmdb_id")) == [("movie", 7), ("tv", 7)]


def test_the_same_body_again_is_one_touch() -> None:
    store(movie())
    assert counts(store(movie(), at=NOW + DAY)) == (0, 0, 1)
    row = held()
    assert (row.fetched_at, row.updated_at) == (NOW + DAY, NOW)
    assert StoredPayload.objects.count() == 1


def test_a_changed_body_moves_the_fields_that_differ() -> None:
    store(movie())
    stored = store(movie(title="Harbour", runtime=None), at=NOW + DAY)
    assert counts(stored) == (0, 1, 0)
    row = held()
    assert (row.title, row.runtime) == ("Harbour", None)
    assert (row.created_at, row.updated_at, row.fetched_at) == (NOW, NOW + DAY, NOW + DAY)
    changes = stored.merged["movie", FIRST].changes
    assert {(each.field, each.before, each.after) for each in changes} == {
        ("title", "The Glass Harbour", "Harbour"),
        ("runtime", 101, None),
    }
    assert [each.pk for each in StoredPayload.objects.all()] == [row.payload_id]


def test_a_body_that_another_movie_needs_outlives_this_ones_change() -> None:
    other = FIRST + 1
    store(movie(), movie(other))
    Movie.objects.filter(tmdb_id=other).update(payload=held().payload_id)
    store(movie(title="Harbour"), at=NOW + DAY)
    needed = set(Movie.objects.values_list("payload_id", flat=True))
    assert len(needed) == 2
    assert needed <= set(StoredPayload.objects.values_list("pk", flat=True))


def test_a_body_that_differs_in_nothing_we_keep_moves_no_updated_at() -> None:
    store(movie())
    assert counts(store(movie(budget=5), at=NOW + DAY)) == (0, 0, 1)
    row = held()
    assert (row.updated_at, row.fetched_at) == (NOW, NOW + DAY)
    assert row.payload_id == fetched(movie(budget=5)).body.sha256


def test_a_poorer_answer_erases_nothing() -> None:
    store(movie())
    poor = {"id": FIRST, "title": None, "genres": None, "popularity": None}
    before = columns()
    store(poor, at=NOW + DAY)
    after = columns()
    assert {name for name in after if after[name] != before[name]} == {"payload_id", "fetched_at"}


def test_an_answer_older_than_what_is_held_changes_nothing() -> None:
    store(movie(title="New"), at=NOW)
    stored = store(movie(title="Old"), at=NOW - DAY)
    assert (stored.older, stored.updated) == (1, 0)
    row = held()
    assert (row.title, row.fetched_at) == ("New", NOW)
    assert MovieFetch.objects.get().due_at == NOW + 30 * DAY


def test_what_was_gone_lives_again_when_it_answers() -> None:
    store(movie())
    Movie.objects.update(upstream_state=UpstreamState.GONE)
    store(movie(), at=NOW + DAY)
    row = held()
    assert (row.upstream_state, row.updated_at) == ("live", NOW)


def test_locked_fields_and_an_operators_values_stay() -> None:
    store(movie())
    row = held()
    Movie.objects.filter(pk=row.pk).update(title="Mine", origins={"title": "operator"})
    stored = store(
        movie(title="Other", runtime=5, status="Gone"),
        at=NOW + DAY,
        locks_of=lambda ids: {str(row.pk): {"runtime": "kept"}} if row.pk in ids else {},
    )
    after = held()
    assert (after.title, after.runtime, after.status) == ("Mine", 101, "Gone")
    assert after.origins == {"title": "operator"}
    refused = {each.field for each in stored.merged["movie", FIRST].refusals}
    assert refused == {"title", "runtime"}


def test_the_later_of_two_answers_in_a_batch_counts() -> None:
    batch = [fetched(movie(title="New"), at=NOW), fetched(movie(title="Old"), at=NOW - DAY)]
    stored = store_movies(batch, now=NOW)
    assert (held().title, stored.inserted, stored.lost) == ("New", 1, 0)


def test_the_plan_of_a_batch_writes_nothing() -> None:
    store(movie())
    plan = plan_movies([fetched(movie(title="Harbour")), fetched(movie(2))])
    assert [each.field for each in plan["movie", FIRST].changes] == ["title"]
    assert len(plan["movie", 2].changes) > 10
    assert held().title == "The Glass Harbour"
    assert Movie.objects.count() == 1


class TestReadingHeldBodiesAnew:
    def rewrite(self, *batch: Fetched, now: dt.datetime = NOW + DAY) -> Stored:
        with transaction.atomic():
            return rewrite_movies(batch, now=now)

    def test_only_the_values_that_differ_move(self) -> None:
        store(movie())
        Movie.objects.update(title="As it was read before", upstream_state="gone")
        MovieFetch.objects.update(due_at=None)
        stored = self.rewrite(fetched(movie()))
        row = held()
        assert counts(stored) == (0, 1, 0)
        assert [each.field for each in stored.merged["movie", FIRST].changes] == ["title"]
        assert (row.title, row.updated_at) == ("The Glass Harbour", NOW + DAY)
        assert (row.fetched_at, row.upstream_state) == (NOW, "gone")
        assert MovieFetch.objects.get().due_at is None
        assert counts(self.rewrite(fetched(movie()))) == (0, 0, 1)

    def test_a_movie_that_has_another_body_by_now_is_left_alone(self) -> None:
        store(movie(title="New"))
        stored = self.rewrite(fetched(movie(title="Old")), fetched(movie(2)))
        assert (stored.older, counts(stored)) == (2, (0, 0, 0))
        assert held().title == "New"
        assert Movie.objects.count() == 1

    def test_a_rating_that_was_not_read_before_is_written(self) -> None:
        store(movie())
        MovieRating.objects.all().delete()
        self.rewrite(fetched(movie()))
        assert MovieRating.objects.get().rated_at == NOW


class TestRatings:
    def test_tmdbs_is_written_with_the_movie_and_no_other_is_touched(self) -> None:
        store(movie())
        row = held()
        letterboxd = RatingValue(RatingSource.LETTERBOXD, Decimal("3.9"), None)
        assert write_ratings([Rated(row.pk, letterboxd, NOW, "ratings.csv")]) == 1
        store(movie(vote_average=8, vote_count=200), at=NOW + DAY)
        found = {each.source: each for each in MovieRating.objects.all()}
        assert set(found) == {"tmdb", "letterboxd"}
        tmdb = found["tmdb"]
        assert (tmdb.value, tmdb.scale, tmdb.votes) == (Decimal("8.000"), 10, 200)
        assert (tmdb.rated_at, tmdb.from_what) == (NOW + DAY, "TMDB's record")
        assert (found["letterboxd"].value, found["letterboxd"].votes) == (Decimal("3.9"), None)

    def test_without_votes_the_earlier_rating_stays(self) -> None:
        store(movie())
        store(movie(vote_average=0, vote_count=0), at=NOW + DAY)
        assert MovieRating.objects.get().value == Decimal("7.438")

    def test_the_same_or_an_older_rating_writes_nothing(self) -> None:
        store(movie())
        row = held()
        same = RatingValue(RatingSource.TMDB, Decimal("7.438"), 120)
        other = RatingValue(RatingSource.TMDB, Decimal("5"), 1)
        rated = [Rated(row.pk, same, NOW + DAY, "x"), Rated(row.pk, other, NOW - DAY, "x")]
        assert write_ratings(rated) == 0
        assert MovieRating.objects.get().rated_at == NOW


class TestImdbIds:
    def test_two_movies_of_one_id_are_both_kept_and_told(self) -> None:
        store(movie(1, imdb_id="tt0000005"))
        store(movie(2, imdb_id="tt0000005"), at=NOW + DAY)
        conflict = ImdbConflict.objects.get()
        assert (conflict.kind, conflict.imdb_id, conflict.found_at) == (
            "shared",
            "tt0000005",
            NOW + DAY,
        )
        assert (conflict.movie, conflict.other_movie) == (held(2), held(1))
        assert held(1).imdb_id == held(2).imdb_id == "tt0000005"

    def test_two_of_one_batch_are_told_as_well(self) -> None:
        stored = store(movie(1, imdb_id="tt0000005"), movie(2, imdb_id="tt0000005"))
        assert stored.conflicts == 2
        pairs = {(each.movie_id, each.other_movie_id) for each in ImdbConflict.objects.all()}
        one, two = held(1).pk, held(2).pk
        assert pairs == {(one, two), (two, one)}

    def test_another_id_than_the_held_one_is_told_once_and_never_taken(self) -> None:
        store(movie(imdb_id="tt0000005"))
        for day in (1, 2):
            store(movie(imdb_id="tt0000006", budget=day), at=NOW + day * DAY)
        assert held().imdb_id == "tt0000005"
        conflict = ImdbConflict.objects.get()
        assert (conflict.kind, conflict.imdb_id, conflict.found_at) == (
            "changed",
            "tt0000006",
            NOW + DAY,
        )

    def test_media_links_that_lead_elsewhere_are_told(self) -> None:
        for number, tmdb_id in ((5, 77), (6, 2)):
            title = Title.objects.create(tconst=f"tt000000{number}")
            link = MediaLinks.objects.create(title=title, tmdb_id=tmdb_id)
            Enrichment.objects.create(link=link, media_type="movie")
        store(movie(1, imdb_id="tt0000005"), movie(2, imdb_id="tt0000006"))
        conflict = ImdbConflict.objects.get()
        assert (conflict.kind, conflict.movie, conflict.other_title_id) == (
            "links",
            held(1),
            "tt0000005",
        )


class TestWorkRows:
    def test_an_answer_settles_the_row_that_was_claimed(self) -> None:
        ask_for("movie", [FIRST], asked_by=AskedBy.EXPORT, lane=Lane.OPERATOR, due_at=NOW, now=NOW)
        self._claim("1-1-1")
        later = NOW + 30 * DAY
        stored = store_movies([fetched(due_at=later, token="1-1-1")], now=NOW)
        work = MovieFetch.objects.get()
        assert (stored.inserted, stored.lost) == (1, 0)
        assert (work.movie, work.due_at, work.lane) == (held(), later, Lane.BACKFILL)
        assert (work.lease_token, work.attempts, work.asked_by) == ("", 0, "export")

    def test_an_answer_for_a_row_that_somebody_else_holds_is_dropped(self) -> None:
        ask_for("movie", [FIRST], asked_by=AskedBy.EXPORT, lane=3, due_at=NOW, now=NOW)
        self._claim("2-1-1")
        stored = store_movies([fetched(token="1-1-1")], now=NOW)
        assert (stored.inserted, stored.lost) == (0, 1)
        assert MovieFetch.objects.get().lease_token == "2-1-1"
        assert not Movie.objects.exists()

    def test_a_movie_that_nobody_asked_for_gets_a_row_for_its_refresh(self) -> None:
        store(movie())
        work = MovieFetch.objects.get()
        assert (work.tmdb_id, work.due_at, work.asked_by) == (FIRST, NOW + 30 * DAY, "operator")
        assert (work.lane, work.first_seen_at, work.movie) == (Lane.BACKFILL, NOW, held())

    def test_asking_again_keeps_the_row_and_wakes_it_where_wanted(self) -> None:
        def ask(**options: Any) -> None:
            ask_for("movie", [1, 2], now=NOW, due_at=NOW, **options)

        ask(asked_by=AskedBy.EXPORT, lane=Lane.BACKFILL)
        given_up = Settled(("movie", 1), None, failure_kind="not_found", last_error="No movie 1.")
        write_settled([given_up], asked_by=AskedBy.EXPORT, now=NOW)
        letter = MovieFetch.objects.get(tmdb_id=1)
        assert (letter.given_up_at, letter.error_group) == (NOW, "No movie <n>.")
        ask(asked_by=AskedBy.DISCOVER, lane=Lane.BACKFILL)
        assert MovieFetch.objects.get(tmdb_id=1).due_at is None
        ask(asked_by=AskedBy.OPERATOR, lane=Lane.OPERATOR, wake=True)
        woken = MovieFetch.objects.get(tmdb_id=1)
        assert (woken.due_at, woken.lane, woken.given_up_at) == (NOW, Lane.OPERATOR, None)
        assert woken.asked_by == "export"
        assert MovieFetch.objects.count() == 2

    def _claim(self, token: str) -> None:
        assert claim_rows(MovieFetch, token=token, limit=9, lease_seconds=60, now=NOW)


def test_a_batch_costs_as_many_statements_as_one_movie() -> None:
    def statements(*numbers: int) -> int:
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            store(*(movie(number) for number in numbers))
        return sum("SAVEPOINT" not in each["sql"] for each in queries)

    alone = statements(1)
    assert statements(*range(2, 32)) == alone
    assert alone <= 12


def test_a_failing_batch_leaves_nothing_behind() -> None:
    whole = fetched(movie(2))
    broken = replace(whole, values=structs.replace(whole.values, runtime=-1))
    with pytest.raises((IntegrityError, DataError)):
        store_movies([fetched(movie(1)), broken], now=NOW)
    assert not Movie.objects.exists()
    assert not StoredPayload.objects.exists()
