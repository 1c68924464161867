"""Between two rounds of controls an answer is a fact; where they disagree nothing is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from unittest import mock

import pytest
from django.db import OperationalError

from popflix.engine import runs
from popflix.engine.context import RunContext
from popflix.engine.models import Lane, Run
from popflix.engine.pauses import StopsUnit
from popflix.engine.source import Counts
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.http import UpstreamError
from popflix.lib.limiter import Parked
from sync.availability import controls, source
from sync.availability.asking import Answered, Asking
from sync.availability.controls import ControlDesk
from sync.availability.figures import Figures
from sync.availability.held import imdb_ids
from sync.availability.models import Availability, Provider, ProviderHour
from sync.availability.source import AvailabilitySource, Scope
from sync.availability.store import Rules, apply_heard
from sync.availability.types import Found, ProviderConfig
from sync.availability.units import return_checks
from sync.movies.bodies import pack
from sync.movies.models import Movie, StoredPayload
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop
from tests.sync.availability.fakes import (
    ENTRY,
    NOT_THERE,
    THERE,
    FakeProvider,
    always,
    configured,
    due_row,
    faulty,
    for_titles,
    judged,
    limited,
    provider_row,
    row,
    running_run,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CONTROLS = {*THERE, *NOT_THERE}
YES, NO, UNKNOWN = Found.AVAILABLE, Found.UNAVAILABLE, Found.UNKNOWN


class Desk:
    """A source of a running run over three due movies, of which the provider has the first."""

    def __init__(self, config: ProviderConfig, *, spares: bool = False, count: int = 3) -> None:
        self.config, self.clock = config, FakeClock()
        self.provider = FakeProvider([1], self.clock)
        for number in range(1, count + 1):
            due_row(number, config, due_at=NOON - dt.timedelta(minutes=10 - number))
        self.run = running_run(config.unit)
        self.run.refresh_from_db()
        Run.objects.filter(pk=self.run.pk).update(pid=1, lease_until=NOON)
        self.ctx = RunContext(self.run, clock=self.clock, stop=FakeStop(self.clock))
        self.desk = ControlDesk(config, self.provider, imdb_ids=imdb_ids, pause=self.ctx.pause)
        self.asking = Asking(self.provider, self.desk)
        self.source = AvailabilitySource(
            self.ctx,
            config,
            provider_row(config),
            self.desk,
            self.asking,
            Rules(provider_row(config).pk, 6, 24, max_attempts=3),
            Scope({"provider_id": provider_row(config).pk}, spares=spares),
            lease_seconds=60,
            figures=Figures(),
        )

    def work(self, count: int = 3) -> Counts:
        """Claim, fetch and settle so many rows, as the pipeline does it."""
        results: list[tuple[object, Answered | UpstreamError]] = []
        for item in self.source.claim(count):
            try:
                results.append((item, self.source.fetch(item)))
            except UpstreamError as error:
                results.append((item, error))
        return self.source.settle(self.ctx, results)  # type: ignore[arg-type]

    def asked_controls(self) -> int:
        return sum(self.provider.asked[number] for number in CONTROLS)


@pytest.fixture
def config() -> Iterator[ProviderConfig]:
    with configured() as made:
        yield made


@pytest.fixture
def desk(config: ProviderConfig) -> Desk:
    return Desk(config)


def statuses() -> list[str]:
    rows = Availability.objects.filter(region="").order_by("pk")
    return list(rows.values_list("status", flat=True))


def test_answers_between_two_agreeing_rounds_are_facts(desk: Desk) -> None:
    assert desk.work() == Counts(done=3, ok=3)
    assert statuses() == ["available", "unavailable", "unavailable"]
    assert desk.source.figures == Figures(3, 1, 2)
    assert desk.provider.order[:2] == [THERE[0], NOT_THERE[0]]  # before the first
    assert set(desk.provider.order[-2:]) == {THERE[1], NOT_THERE[1]}  # after the last, others
    provider = Provider.objects.get()
    assert (provider.controls_agree, provider.controls_told) == (True, "")
    assert provider.controls_at == NOON
    hour = ProviderHour.objects.get()
    assert (hour.control_count, hour.answer_ms) == (4, 3 * 250)


def test_rows_are_asked_for_by_lane_then_by_how_long_they_are_due(
    config: ProviderConfig,
) -> None:
    desk = Desk(config)
    Availability.objects.filter(movie__tmdb_id=3).update(lane=Lane.ON_SALE)
    assert [item.target.tmdb_id for item in desk.source.claim(3)] == [3, 1, 2]


def test_operators_rows_can_be_claimed_beside_all_others(desk: Desk) -> None:
    Availability.objects.filter(movie__tmdb_id=3).update(lane=Lane.OPERATOR)
    assert [each.target.tmdb_id for each in desk.source.claim_urgent(9)] == [3]
    assert desk.source.claim_urgent(9) == []
    assert len(desk.source.claim(9)) == 2


@pytest.mark.parametrize("found", list(Found))
def test_nothing_is_asked_where_the_first_round_disagrees(desk: Desk, found: Found) -> None:
    """404 for all, 200 for all, a login page for all."""
    desk.provider.says.append(always(found))
    with pytest.raises(StopsUnit) as stopped:
        desk.work()
    assert stopped.value.condition == "provider-controls"
    assert stopped.value.memory == {"provider": "player", "turn": 0}
    assert desk.provider.checks() == {}
    assert {row.lease_token for row in Availability.objects.all()} == {""}
    assert {row.attempts for row in Availability.objects.all()} == {0}
    provider = Provider.objects.get()
    assert provider.controls_agree is False
    assert str({YES: NOT_THERE, NO: THERE, UNKNOWN: THERE}[found][0]) in provider.controls_told
    assert ProviderHour.objects.get().control_wrong_count == (2 if found is UNKNOWN else 1)


@pytest.mark.parametrize("found", list(Found))
def test_a_batch_whose_last_round_disagrees_tells_nothing(desk: Desk, found: Found) -> None:
    first_asked = desk.source.claim(3)
    results = [(item, desk.source.fetch(item)) for item in first_asked]
    desk.provider.says.append(always(found))
    with pytest.raises(StopsUnit):
        desk.source.settle(desk.ctx, results)
    assert statuses() == ["", "", ""]
    stored = row(1)
    assert (stored.last_outcome, stored.rule, stored.failure_kind) == (
        "unknown", "controls", "controls",
    )  # fmt: skip
    assert (stored.attempts, stored.lease_token, stored.due_at) == (0, "", NOON)
    assert desk.source.figures == Figures(checked=3, unknown=3)
    desk.run.refresh_from_db()
    assert desk.run.done_count == 0


def test_what_comes_home_after_a_disagreement_is_no_fact_either(desk: Desk) -> None:
    items = desk.source.claim(3)
    results = [(item, desk.source.fetch(item)) for item in items]
    desk.provider.says.append(always(YES))
    with pytest.raises(StopsUnit):
        desk.source.settle(desk.ctx, results[:1])
    desk.provider.says.clear()  # it behaves again: too late for this run
    asked = desk.asked_controls()
    with pytest.raises(StopsUnit):
        desk.source.settle(desk.ctx, results[1:])
    assert statuses() == ["", "", ""]
    assert desk.asked_controls() == asked


def test_a_deadlock_asks_no_control_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    items = desk.source.claim(3)
    results = [(item, desk.source.fetch(item)) for item in items]
    true_one = apply_heard
    tries = []

    def lose_once(*args: object, **more: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError(1213, "Deadlock found")
        return true_one(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(source, "apply_heard", lose_once)
    with pytest.raises(OperationalError):
        desk.source.settle(desk.ctx, results)
    asked = desk.asked_controls()
    assert desk.source.settle(desk.ctx, results) == Counts(done=3, ok=3)
    assert desk.asked_controls() == asked == 4
    hour = ProviderHour.objects.get()
    assert (hour.control_count, hour.available_count, hour.unavailable_count) == (4, 1, 2)
    assert desk.source.figures.checked == 3


def test_a_pause_says_what_disagreed_also_after_a_deadlock(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [(item, desk.source.fetch(item)) for item in desk.source.claim(3)]
    desk.provider.says.append(always(YES))
    with monkeypatch.context() as patched:
        patched.setattr(source, "apply_heard", mock.Mock(side_effect=OperationalError(1213)))
        with pytest.raises(OperationalError):
            desk.source.settle(desk.ctx, results)
    with pytest.raises(StopsUnit, match="ought to be unavailable") as stopped:
        desk.source.settle(desk.ctx, results)
    assert stopped.value.memory == {"provider": "player", "turn": 1}
    assert statuses() == ["", "", ""]


def test_each_batch_has_a_round_of_its_own(desk: Desk) -> None:
    for _ in range(3):
        desk.work(1)
    assert desk.asked_controls() == 2 * (1 + 3)


def test_controls_that_cannot_be_asked_first_park_the_run(desk: Desk) -> None:
    desk.provider.says.append(for_titles(limited, *CONTROLS))
    (item,) = desk.source.claim(1)
    with pytest.raises(Parked) as parked:
        desk.source.fetch(item)
    assert parked.value.wait_seconds == controls.SHUT_SECONDS
    assert desk.provider.checks() == {}
    assert desk.asked_controls() == controls.TRIES * 2


def test_controls_that_cannot_be_asked_afterwards_leave_the_batch_unknown(desk: Desk) -> None:
    results = [(item, desk.source.fetch(item)) for item in desk.source.claim(3)]
    desk.provider.says.append(faulty)
    assert desk.source.settle(desk.ctx, results) == Counts(done=3, failed=3)
    stored = row(1)
    assert (stored.status, stored.rule, stored.failure_kind) == ("", "controls", "controls")
    assert stored.attempts == 1
    assert stored.due_at is not None
    assert stored.due_at > desk.clock.now()
    assert Provider.objects.get().controls_agree is None


def test_what_fails_for_good_is_unknown_with_its_kind(desk: Desk) -> None:
    desk.provider.says += [for_titles(limited, 1), for_titles(faulty, 2)]
    desk.provider.says.append(for_titles(always(UNKNOWN), 3))
    assert desk.work() == Counts(done=3, failed=3)
    assert [row(number).failure_kind for number in (1, 2, 3)] == ["limited", "fault", "refused"]
    assert statuses() == ["", "", ""]
    hour = ProviderHour.objects.get()
    assert (hour.limited_count, hour.fault_count, hour.refused_count) == (1, 1, 1)
    assert hour.unknown_count == 3
    assert (hour.answer_ms, hour.slowest_ms) == (0, 250)  # the mean is of what said something


def test_what_was_said_before_any_round_agreed_at_a_mirror_is_no_fact() -> None:
    mirrors = ["https://a.example", "https://b.example"]
    with configured(mirrors=mirrors, hosts=["a.example", "b.example"]) as config:
        desk = Desk(config)

        def b_is_limited(target: object, mirror: str) -> None:
            if mirror == "b.example":
                limited(target, mirror)  # type: ignore[arg-type]

        desk.provider.says.append(b_is_limited)
        items = desk.source.claim(2)
        desk.provider.says.clear()
        results = []
        for item, mirror in zip(items, ("a.example", "b.example"), strict=True):
            desk.provider.mirror = mirror
            results.append((item, desk.source.fetch(item)))
        desk.source.settle(desk.ctx, results)
        assert row(1).status == "available"
        assert (row(2).status, row(2).failure_kind) == ("", "controls")


def test_one_mirror_that_lies_disavows_the_whole_batch() -> None:
    mirrors = ["https://a.example", "https://b.example"]
    with configured(mirrors=mirrors, hosts=["a.example", "b.example"]) as config:
        desk = Desk(config)
        items = desk.source.claim(2)
        results = []
        for item, mirror in zip(items, ("a.example", "b.example"), strict=True):
            desk.provider.mirror = mirror
            results.append((item, desk.source.fetch(item)))
        desk.provider.says.append(
            lambda target, mirror: judged(YES) if mirror == "b.example" else None
        )
        with pytest.raises(StopsUnit, match=r"b\.example"):
            desk.source.settle(desk.ctx, results)
        assert statuses() == ["", "", ""]


def test_without_controls_answers_count_by_themselves() -> None:
    entry = {"name": "tmdb", "kind": "tmdb", "regions": ["DE", "US"]}
    with configured(entry) as config:
        desk = Desk(config)
        assert desk.work() == Counts(done=3, ok=3)
        assert desk.asked_controls() == 0
        assert Provider.objects.get(name="tmdb").controls_at is None


def held(number: int, fetched_at: dt.datetime) -> None:
    body = pack(b'{"id": %d}' % number)
    StoredPayload.objects.create(
        sha256=body.sha256, body=body.packed, size=body.size, kind="movie", first_seen_at=NOON
    )
    Movie.objects.filter(tmdb_id=number).update(payload=body.sha256, fetched_at=fetched_at)


def test_a_record_that_is_fresh_and_newer_than_the_last_check_spares_the_request() -> None:
    with configured({"name": "tmdb", "kind": "tmdb"}) as config:
        desk = Desk(config, spares=True, count=4)
        desk.provider.spares_stored = True
        hour = dt.timedelta(hours=1)
        held(1, NOON - hour)
        held(2, NOON - 25 * hour)  # too old
        held(3, NOON - 2 * hour)
        Availability.objects.filter(movie__tmdb_id=3).update(last_checked=NOON - hour)
        held(4, NOON - hour)
        Availability.objects.filter(movie__tmdb_id=4).update(lane=Lane.OPERATOR)
        desk.work(4)
        assert [stored.body for stored in desk.provider.stored] == [b'{"id": 1}']
        assert set(desk.provider.checks()) == {2, 3, 4}
        assert row(1, "tmdb").last_checked == NOON - hour


def test_movies_that_are_hidden_or_gone_are_passed_over(desk: Desk) -> None:
    Movie.objects.filter(tmdb_id=1).update(excluded_at=NOON)
    Movie.objects.filter(tmdb_id=2).update(upstream_state="gone")
    assert [item.target.tmdb_id for item in desk.source.claim(2)] == [3]
    assert (row(1).lease_token, row(1).attempts) == ("", 0)
    assert row(1).due_at == NOON + dt.timedelta(hours=24)
    assert desk.source.claim(5) == []


def test_one_provider_never_takes_anothers_rows(config: ProviderConfig) -> None:
    with configured({**ENTRY, "name": "other"}) as other:
        due_row(7, other)
        desk = Desk(config)
        assert [item.target.tmdb_id for item in desk.source.claim(9)] == [1, 2, 3]


def test_given_back_rows_keep_their_attempt(desk: Desk) -> None:
    items = desk.source.claim(3)
    desk.source.give_back(desk.ctx, items, due_in_seconds=0, why="stopped")
    assert {row.attempts for row in Availability.objects.all()} == {0}
    assert {row.lease_token for row in Availability.objects.all()} == {""}


def test_renewed_leases_end_later(desk: Desk) -> None:
    items = desk.source.claim(1)
    desk.clock(40)
    desk.source.renew(items)
    assert row(1).due_at == NOON + dt.timedelta(seconds=100)
    assert row(2).due_at == NOON - dt.timedelta(minutes=8)


def test_a_lost_run_gives_its_rows_back_at_once(desk: Desk) -> None:
    desk.source.claim(2)
    Run.objects.filter(pk=desk.run.pk).update(heartbeat_at=NOON)
    desk.run.refresh_from_db()
    Availability.objects.exclude(lease_token="").update(
        due_at=SYSTEM_CLOCK.now() + dt.timedelta(seconds=30)
    )
    runs.mark_lost(desk.run, "its process is gone", clock=desk.clock)
    assert {row.lease_token for row in Availability.objects.all()} == {""}
    assert {row.attempts for row in Availability.objects.all()} == {0}


def test_rows_of_another_run_stay_leased(desk: Desk) -> None:
    desk.source.claim(2)
    return_checks(desk.run, f"{desk.run.pk + 1}-1-")
    assert Availability.objects.exclude(lease_token="").count() == 2
