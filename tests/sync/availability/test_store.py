"""A batch of checks becomes rows, flips and documents, in one transaction and once."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from popflix.engine.models import Lane
from sync.availability.asking import Asked
from sync.availability.heard import Heard
from sync.availability.models import Availability, AvailabilityFlip
from sync.availability.store import Rules, Stored, apply_heard
from sync.availability.types import Found, Judged, ProviderConfig, Target
from sync.availability.verdict import unknown
from sync.movies.bodies import pack
from sync.movies.models import MovieFetch, StoredPayload
from tests.popflix.engine.fakes import NOON
from tests.sync.availability.fakes import configured, due_row, judged, provider_row, row

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HOUR = dt.timedelta(hours=1)
YES, NO, UNKNOWN = Found.AVAILABLE, Found.UNAVAILABLE, Found.UNKNOWN


@pytest.fixture
def config() -> Iterator[ProviderConfig]:
    with configured() as made:
        yield made


def leased(number: int, config: ProviderConfig, **facts: object) -> Availability:
    return due_row(number, config, **{"lease_token": "7-1-1", "attempts": 1, **facts})


def heard(made: Availability, found: Found, at: dt.datetime = NOON, **facts: object) -> Heard:
    made.refresh_from_db()
    target = Target("movie", made.movie.tmdb_id)
    asked = Asked(made.pk, made.movie_id, target, made.lane, made.attempts, "7-1-1")
    kind = "refused" if found is UNKNOWN else ""
    return Heard(asked, judged(found), at, **{"kind": kind, **facts})  # type: ignore[arg-type]


def store(config: ProviderConfig, *batch: Heard, now: dt.datetime = NOON) -> Stored:
    rules = Rules(provider_row(config).pk, 6, 24, max_attempts=3)
    with transaction.atomic():
        return apply_heard(batch, rules, now=now, run_id=None, random01=lambda: 1.0)


def lease_again(made: Availability, attempts: int = 1) -> None:
    Availability.objects.filter(pk=made.pk).update(lease_token="7-1-1", attempts=attempts)


def test_a_first_answer_is_stored_with_what_it_rests_on(config: ProviderConfig) -> None:
    made = leased(1, config)
    assert store(config, heard(made, YES)) == Stored(flipped=0, first=1)
    stored = row(1)
    assert (stored.status, stored.last_outcome, stored.is_available) == (
        "available", "available", True,
    )  # fmt: skip
    assert (stored.code, stored.final_host, stored.rule) == (200, "player.example", "200")
    assert (stored.lease_token, stored.attempts, stored.lane) == ("", 0, Lane.BACKFILL)
    assert stored.due_at is not None
    assert 22.7 * HOUR < stored.due_at - NOON < 25.3 * HOUR
    flip = AvailabilityFlip.objects.get()
    assert (flip.before, flip.after, flip.at) == ("", "available", NOON)


def test_the_opposite_waits_for_its_second_look(config: ProviderConfig) -> None:
    made = leased(1, config, status="available", status_since=NOON - 9 * HOUR)
    store(config, heard(made, NO))
    stored = row(1)
    assert (stored.status, stored.last_outcome) == ("available", "unavailable")
    assert stored.due_at == NOON + 6 * HOUR
    lease_again(made)
    assert store(config, heard(made, NO, NOON + 6 * HOUR)).flipped == 1
    assert row(1).status == "unavailable"
    assert AvailabilityFlip.objects.get().before == "available"


def test_an_unknown_waits_by_back_off_and_is_given_up_in_the_end(config: ProviderConfig) -> None:
    made = leased(1, config, status="available", confirmed_at=NOON - HOUR)
    store(config, heard(made, UNKNOWN))
    stored = row(1)
    assert (stored.status, stored.last_outcome) == ("available", "unknown")
    assert stored.confirmed_at == NOON - HOUR
    assert stored.due_at == NOON + dt.timedelta(seconds=300)
    assert (stored.failure_kind, stored.given_up_at, stored.attempts) == ("refused", None, 1)
    lease_again(made, attempts=3)
    store(config, heard(made, UNKNOWN))
    stored = row(1)
    assert (stored.due_at, stored.given_up_at) == (None, NOON)
    assert stored.error_group != ""
    assert stored.status == "available"


def test_an_answer_ends_what_failed_before(config: ProviderConfig) -> None:
    made = leased(1, config, failure_kind="fault", last_error="x", attempts=2)
    store(config, heard(made, YES))
    stored = row(1)
    assert (stored.failure_kind, stored.last_error, stored.attempts) == ("", "", 0)


def test_what_controls_disavow_is_due_again_and_counts_for_no_try(config: ProviderConfig) -> None:
    made = leased(1, config, lane=Lane.OPERATOR)
    store(config, heard(made, UNKNOWN, kind="controls", is_returned=True))
    stored = row(1)
    assert (stored.attempts, stored.due_at, stored.lease_token) == (0, NOON, "")
    assert (stored.lane, stored.last_outcome) == (Lane.OPERATOR, "unknown")


def test_a_batch_that_is_stored_twice_is_stored_once(config: ProviderConfig) -> None:
    made = leased(1, config)
    batch = heard(made, YES)
    store(config, batch)
    before = Availability.objects.values().get(pk=made.pk)
    assert store(config, batch, now=NOON + HOUR) == Stored(lost=1)
    assert Availability.objects.values().get(pk=made.pk) == before
    assert AvailabilityFlip.objects.count() == 1


def test_a_row_that_another_worker_holds_by_now_is_left_alone(config: ProviderConfig) -> None:
    made = leased(1, config)
    batch = heard(made, YES)
    Availability.objects.filter(pk=made.pk).update(lease_token="8-1-1")
    assert store(config, batch).lost == 1
    assert (row(1).status, row(1).lease_token) == ("", "8-1-1")


def offered(found: Found) -> Judged:
    offers = {"link": "https://w.example", "flatrate": [{"id": 8, "name": "Ünder"}]}
    return Judged(found, "offers", "offers", offers=offers)


def test_each_region_has_a_row_beside_it_that_is_never_due(config: ProviderConfig) -> None:
    made = leased(1, config)
    regions = {"DE": offered(YES), "US": judged(NO)}
    body = pack(b'{"results": {}}')
    assert store(config, heard(made, YES, regions=regions, document=body)).first == 3
    german, american = row(1, region="DE"), row(1, region="US")
    assert (german.status, american.status) == ("available", "unavailable")
    assert german.offers is not None
    assert german.offers["flatrate"] == [{"id": 8, "name": "Ünder"}]
    assert german.due_at is american.due_at is None
    assert row(1).document_id == StoredPayload.objects.get(kind="watch").pk
    assert AvailabilityFlip.objects.filter(availability=german).count() == 1


def test_an_answer_takes_the_place_of_the_stored_one_before(config: ProviderConfig) -> None:
    made = leased(1, config)
    store(config, heard(made, YES, document=pack(b'{"results": {}}')))
    lease_again(made)
    later = NOON + 24 * HOUR
    body = pack(b'{"results": {"DE": {}}}')
    store(config, heard(made, YES, later, document=body), now=later)
    assert StoredPayload.objects.get().pk == row(1).document_id == body.sha256
    lease_again(made)
    store(config, heard(made, YES, later + HOUR), now=later + HOUR)  # from a stored record
    assert StoredPayload.objects.get().pk == row(1).document_id


def test_the_same_answer_again_keeps_the_stored_one(config: ProviderConfig) -> None:
    made, body = leased(1, config), pack(b'{"results": {}}')
    for hours in range(2):
        at = NOON + hours * HOUR
        store(config, heard(made, YES, at, document=body), now=at)
        lease_again(made)
    assert StoredPayload.objects.get().pk == row(1).document_id == body.sha256


def test_an_answer_that_another_row_rests_on_outlives_this_ones_change(
    config: ProviderConfig,
) -> None:
    made, other, body = leased(1, config), leased(2, config), pack(b'{"results": {}}')
    store(config, heard(made, YES, document=body), heard(other, YES, document=body))
    lease_again(made)
    later = NOON + 24 * HOUR
    store(config, heard(made, YES, later, document=pack(b'{"results": {"DE": {}}}')), now=later)
    assert row(2).document_id == body.sha256
    assert StoredPayload.objects.count() == 2


def test_a_region_that_turned_has_the_movie_looked_at_again(config: ProviderConfig) -> None:
    made = leased(1, config)
    store(config, heard(made, YES, regions={"DE": offered(YES)}))
    lease_again(made)
    later = NOON + 24 * HOUR
    store(config, heard(made, YES, later, regions={"DE": judged(NO)}), now=later)
    assert row(1).due_at == later + 6 * HOUR
    assert row(1, region="DE").status == "available"
    lease_again(made)
    told = store(config, heard(made, YES, later + 6 * HOUR, regions={"DE": judged(NO)}))
    assert told.flipped == 1
    assert row(1, region="DE").status == "unavailable"


def test_an_unknown_keeps_a_regions_offers_and_the_last_document(config: ProviderConfig) -> None:
    made = leased(1, config)
    store(config, heard(made, YES, regions={"DE": offered(YES)}, document=pack(b"{}")))
    lease_again(made)
    later = NOON + HOUR
    store(config, heard(made, UNKNOWN, later, regions={"DE": judged(UNKNOWN)}))
    german = row(1, region="DE")
    assert (german.status, german.last_outcome) == ("available", "unknown")
    assert german.offers is not None
    assert german.offers["link"] == "https://w.example"
    assert row(1).document_id is not None


def test_a_second_look_that_found_nothing_does_not_come_back_at_once(
    config: ProviderConfig,
) -> None:
    """The overall answer stands, a region has waited for its second look too long already."""
    made = leased(1, config)
    store(config, heard(made, YES, regions={"DE": offered(YES)}))
    lease_again(made)
    store(config, heard(made, YES, NOON + HOUR, regions={"DE": judged(NO)}))
    lease_again(made)
    late = NOON + 20 * HOUR
    store(config, heard(made, YES, late, regions={"DE": judged(UNKNOWN)}), now=late)
    assert row(1).due_at == late + dt.timedelta(seconds=300)


def test_a_movie_without_an_imdb_id_is_looked_at_again_and_never_given_up(
    config: ProviderConfig,
) -> None:
    made = leased(1, config, attempts=3)
    nameless = replace(heard(made, UNKNOWN), overall=unknown("no imdb_id", "none named"))
    store(config, nameless)
    stored = row(1)
    assert (stored.status, stored.last_outcome, stored.given_up_at) == ("", "unknown", None)
    assert stored.attempts == 0
    assert stored.due_at is not None
    assert 22.7 * HOUR < stored.due_at - NOON < 25.3 * HOUR


def test_a_list_that_was_read_too_early_does_not_bring_its_rows_back_at_once(
    config: ProviderConfig,
) -> None:
    """The run has lasted longer than the second look may have to wait."""
    made = leased(1, config, status="available", last_outcome="available")
    store(config, heard(made, NO))
    lease_again(made)
    late = NOON + 7 * HOUR
    store(config, heard(made, NO), now=late)
    assert row(1).due_at == late + dt.timedelta(seconds=300)
    assert row(1).status == "available"


def test_a_movie_that_tmdb_knows_no_more_is_fetched(config: ProviderConfig) -> None:
    made = leased(1, config)
    store(config, heard(made, UNKNOWN, kind="gone", is_gone=True))
    work = MovieFetch.objects.get()
    assert (work.tmdb_id, work.movie_id, work.due_at) == (1, made.movie_id, NOON)


def test_late_answers_end_the_lease_and_change_nothing_else(config: ProviderConfig) -> None:
    made = leased(1, config, status="available", last_checked=NOON, rule="200")
    store(config, heard(made, NO, NOON - HOUR))
    stored = row(1)
    assert (stored.status, stored.rule, stored.differs_since) == ("available", "200", None)
    assert (stored.lease_token, stored.last_checked) == ("", NOON)


def test_statements_are_as_many_for_thirty_rows_as_for_three(config: ProviderConfig) -> None:
    counted = []
    numbers = itertools.count(1)
    for size in (3, 30):
        batch = []
        for number in itertools.islice(numbers, size):
            regions = {"DE": offered(YES), "US": judged(NO)}
            document = pack(b"{%d}" % number)
            batch.append(heard(leased(number, config), YES, regions=regions, document=document))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            store(config, *batch)
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert counted[0] <= 11
