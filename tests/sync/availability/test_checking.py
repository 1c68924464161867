"""A run of one provider from its first row to its figures, through the command."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from popflix.engine import starting
from popflix.engine.deadletters.sources import find as letters_find
from popflix.engine.models import Lane, Pause, Run, RunStatus
from popflix.engine.registry import registry as all_units
from popflix.engine.runner import execute, run_in_foreground
from popflix.engine.starting import enqueue
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError, UsageError
from sync.availability.controlled import agree_again
from sync.availability.models import Availability, Provider, ProviderHour, ProviderKind
from sync.availability.recheck import recheck
from sync.availability.types import Found, ProviderConfig, Target
from sync.availability.wish import Wish
from sync.movies.models import Movie
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop
from tests.sync.availability.fakes import (
    ENTRY,
    THERE,
    FakeProvider,
    always,
    asked_instead,
    configured,
    due_row,
    faulty,
    for_titles,
    movie,
    provider_row,
    row,
)

pytestmark = pytest.mark.django_db
YES, NO, UNKNOWN = Found.AVAILABLE, Found.UNAVAILABLE, Found.UNKNOWN
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def config() -> Iterator[ProviderConfig]:
    with configured() as made:
        yield made


@pytest.fixture
def provider(config: ProviderConfig) -> Iterator[FakeProvider]:
    with asked_instead(FakeProvider([1, 2], SYSTEM_CLOCK)) as fake:
        yield fake


def check(*arguments: object, expect: int = 0) -> dict[str, Any]:
    """The command's --json object."""
    out = io.StringIO()
    code = 0
    try:
        call_command(
            "check_availability", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO()
        )
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == expect, out.getvalue()
    told = json.loads(out.getvalue())
    assert isinstance(told, dict)
    return told


def run(
    clock: FakeClock, unit: str = "check-availability-player", **params: Any
) -> dict[str, Any]:
    outcome = run_in_foreground(unit, params, stop=FakeStop(clock), clock=clock)
    return dict(outcome.result)


def figures(told: dict[str, Any]) -> tuple[int, ...]:
    names = ("checked", "available", "unavailable", "unknown", "flipped", "pending")
    return tuple(told[name] for name in names)


@pytest.mark.both_databases
def test_movies_without_a_row_get_one_and_are_checked(provider: FakeProvider) -> None:
    for number in (1, 2, 3):
        movie(number)
    movie(4, excluded_at=NOON)
    movie(5, upstream_state="gone")
    movie(6, media_type="tv")
    told = check()
    assert figures(told) == (3, 2, 1, 0, 0, 0)
    assert provider.checks() == {1: 1, 2: 1, 3: 1}
    stored = Run.objects.get()
    assert (stored.done_count, stored.ok_count, stored.total_count) == (3, 3, 3)
    assert provider.closed == provider.began == 1


@pytest.mark.both_databases
def test_the_most_popular_are_checked_first(provider: FakeProvider) -> None:
    for number, points in ((1, None), (2, 3.25), (3, 800.5), (4, 0.6)):
        movie(number, popularity=points)
    check("--concurrency", 1)
    order = [number for number in provider.order if number < 100]
    assert order == [3, 2, 4, 1]


@pytest.mark.both_databases
def test_what_is_fresh_is_not_asked_again(provider: FakeProvider) -> None:
    movie(1)
    check()
    assert figures(check()) == (0, 0, 0, 0, 0, 0)
    assert provider.checks() == {1: 1}


def test_rows_are_made_in_slices(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.availability.rows.MOVIES_A_SLICE", 2)
    for number in range(1, 6):
        movie(number)
    assert check()["checked"] == 5


@pytest.mark.both_databases
def test_an_answer_that_turned_flips_after_its_second_look(provider: FakeProvider) -> None:
    movie(1)
    clock = FakeClock()
    provider.clock = clock
    run(clock)
    provider.there.discard(1)
    clock(26 * 3600)  # whatever the row's id spreads
    assert run(clock)["flipped"] == 0
    assert row(1).status == "available"
    clock(6 * 3600)
    assert run(clock)["flipped"] == 1
    assert row(1).status == "unavailable"


@pytest.mark.both_databases
def test_what_stays_unknown_becomes_a_dead_letter_that_can_be_revived(
    provider: FakeProvider,
) -> None:
    movie(1)
    provider.says.append(for_titles(always(UNKNOWN), 1))
    clock = FakeClock()
    provider.clock = clock
    for _ in range(5):
        assert run(clock)["unknown"] == 1
        clock(7 * 3600)
    assert row(1).given_up_at is not None
    assert run(clock)["checked"] == 0
    (group,) = letters_find("availability-player").groups()
    assert (group.kind, group.count, group.unit) == ("refused", 1, "check-availability-player")
    provider.says.clear()
    assert run(clock, retry_unknown=True)["available"] == 1
    assert (row(1).given_up_at, row(1).failure_kind) == (None, "")
    assert letters_find("availability-player").groups() == []


def test_what_waits_by_back_off_is_taken_up_by_retry_unknown(provider: FakeProvider) -> None:
    movie(1)
    provider.says.append(for_titles(always(UNKNOWN), 1))
    assert check()["unknown"] == 1
    provider.says.clear()
    assert check()["checked"] == 0
    assert check("--retry-unknown")["available"] == 1


@pytest.mark.both_databases
def test_other_hours_move_what_was_dated_by_the_usual_ones(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    clock = FakeClock()
    provider.clock = clock
    facts = {"status": "available", "last_outcome": "available"}
    due_row(1, config, last_checked=NOON - 7 * HOUR, due_at=NOON + 17 * HOUR, **facts)
    due_row(2, config, last_checked=NOON - 5 * HOUR, due_at=NOON + 19 * HOUR, **facts)
    assert run(clock, stale_hours=6)["checked"] == 1
    assert provider.checks() == {1: 1}
    assert row(2).due_at == NOON + HOUR
    assert run(clock, stale_hours=48)["checked"] == 0
    assert row(2).due_at == NOON + 43 * HOUR


def test_other_hours_leave_a_second_look_where_it_is(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    due_row(
        1, config, status="available", last_outcome="unavailable", agreement_count=1,
        last_checked=NOON, differs_since=NOON, due_at=NOON + 6 * HOUR,
    )  # fmt: skip
    provider.clock = FakeClock()
    run(FakeClock(), stale_hours=100)
    assert row(1).due_at == NOON + 6 * HOUR


@pytest.mark.both_databases
def test_a_region_that_is_new_has_fresh_movies_checked_for_it() -> None:
    entry = {"name": "tmdb", "kind": "tmdb", "regions": ["DE", "US"]}
    with configured(entry) as config, asked_instead(FakeProvider([1])) as fake:
        clock = FakeClock()
        fake.clock = clock
        fake.regions = {"DE": lambda target: always(YES)(target, "")}
        due_row(1, config)
        run(clock, config.unit)
        assert run(clock, config.unit)["checked"] == 0
        fake.regions = {**fake.regions, "US": lambda target: always(NO)(target, "")}
        assert run(clock, config.unit, region="US")["checked"] == 1
        assert row(1, "tmdb", "US").status == "unavailable"
        assert run(clock, config.unit, region="US")["checked"] == 0


def test_named_movies_are_checked_at_once_and_alone(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    due_row(1, config, due_at=NOON + HOUR, status="available", last_outcome="available")
    due_row(3, config)
    new = movie(2)
    clock = provider.clock = FakeClock()
    ids = [Movie.objects.get(tmdb_id=1).pk, new.pk]
    assert run(clock, movie_ids=ids)["checked"] == 2
    assert provider.checks() == {1: 1, 2: 1}
    assert row(3).last_checked is None


def test_what_is_clicked_while_named_movies_are_checked_is_checked_with_them(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    made = [due_row(number, config, due_at=NOON + HOUR) for number in (1, 2, 3)]
    clock = provider.clock = FakeClock()

    def click(target: Target) -> None:
        if target.tmdb_id in THERE and provider.checks() == {1: 1}:  # the first batch's controls
            recheck("ada", [made[1].pk], "it is there", clock)

    provider.before_check = click
    assert run(clock, movie_ids=[made[0].movie_id])["checked"] == 2
    assert provider.checks() == {1: 1, 2: 1}
    assert Run.objects.count() == 1


def test_a_run_that_is_tried_again_asks_nothing_fresh_anew(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    made = [due_row(number, config) for number in (1, 2)]
    clock = provider.clock = FakeClock()
    ids = [each.movie_id for each in made]

    def break_down(target: Target) -> None:
        if target.tmdb_id == 2:
            raise ZeroDivisionError

    provider.before_check = break_down
    with pytest.raises(ZeroDivisionError):
        run(clock, movie_ids=ids, batch_size=1, concurrency=1)
    provider.before_check = lambda target: None
    failed = Run.objects.get()
    assert (failed.status, row(1).status) == (RunStatus.ERROR, "available")
    again = starting.retry(failed.pk, by="ada", clock=clock)
    Run.objects.filter(pk=again.pk).update(attempt=2)
    execute(again.pk, stop=FakeStop(clock), clock=clock)
    assert provider.checks()[1] == 1


@pytest.mark.both_databases
def test_a_second_look_in_one_region_waits_through_a_check_for_another() -> None:
    entry = {"name": "tmdb", "kind": "tmdb", "regions": ["DE", "US"]}
    with configured(entry) as config, asked_instead(FakeProvider([1])) as fake:
        clock = fake.clock = FakeClock()
        fake.regions = {
            "DE": lambda target: always(YES)(target, ""),
            "US": lambda target: always(NO)(target, ""),
        }
        made = due_row(1, config, status="available", last_outcome="available")
        Availability.objects.create(
            movie=made.movie, provider=made.provider, region="US", status="available",
            agreement_count=1, last_outcome="unavailable", last_checked=NOON - HOUR,
            differs_since=NOON - HOUR,
        )  # fmt: skip
        assert run(clock, config.unit, region="DE")["checked"] == 1
        assert row(1, "tmdb", "DE").status == "available"
        assert (row(1, "tmdb").due_at, row(1, "tmdb", "US").status) == (
            NOON + 5 * HOUR, "available",
        )  # fmt: skip
        clock(5 * 3600)
        assert run(clock, config.unit)["flipped"] == 1
        assert row(1, "tmdb", "US").status == "unavailable"


def test_hours_that_nobody_looks_at_any_more_are_removed(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    for days in (59, 61):
        ProviderHour.objects.create(
            provider=provider_row(config), hour=NOON - dt.timedelta(days=days)
        )
    run(FakeClock())
    assert [each.hour for each in ProviderHour.objects.all()] == [NOON - dt.timedelta(days=59)]


def test_a_provider_has_one_run_at_a_time_with_its_whole_concurrency(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    assert all_units.get(config.unit).slots == 1
    assert Wish().threads(config) == config.concurrency
    first = enqueue(config.unit, {}, trigger="command")
    with pytest.raises(OperatorError, match=str(first.pk)):
        check()


def test_a_limit_ends_the_run(provider: FakeProvider) -> None:
    for number in (1, 2, 3):
        movie(number)
    told = check("--limit", 2)
    assert (told["checked"], told["pending"]) == (2, 1)


# --- controls -----------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_disagreeing_controls_pause_the_unit_until_they_agree(provider: FakeProvider) -> None:
    movie(1)
    provider.says.append(always(YES))
    with pytest.raises(OperatorError, match=r"80\d ought to be unavailable"):
        check()
    pause = Pause.objects.get()
    assert (pause.unit, pause.condition) == ("check-availability-player", "provider-controls")
    assert not agree_again(pause, NOON)
    with pytest.raises(OperatorError, match="is paused"):
        check()
    provider.says.clear()
    assert agree_again(pause, NOON)
    assert Provider.objects.get().controls_agree is True
    assert check()["available"] == 1
    assert not Pause.objects.exists()


def test_a_pause_ends_only_when_the_controls_that_disagreed_agree(provider: FakeProvider) -> None:
    """Others of them agree all the time."""
    movie(1)
    provider.says.append(for_titles(always(YES), 802))  # in the first round, or in the second
    with pytest.raises(OperatorError, match="802 ought to be unavailable"):
        check()
    pause = Pause.objects.get()
    for _ in range(2):
        assert not agree_again(pause, NOON)
    provider.says.clear()
    assert agree_again(pause, NOON)


def test_a_watcher_asks_each_control_once_and_no_mirror_after_one_that_is_silent() -> None:
    mirrors = ["https://a.example", "https://b.example"]
    with configured(mirrors=mirrors), asked_instead(FakeProvider()) as fake:
        fake.says.append(faulty)
        pause = Pause(memory={"provider": "player", "turn": 1})
        assert not agree_again(pause, NOON, FakeClock())
        assert (fake.order, fake.mirrors_asked) == ([902, 802], {"a.example": 2})


def test_a_list_too_long_to_be_read_by_the_watcher_is_left_to_the_next_run(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()

    def read(between: Callable[[], object] = lambda: None) -> None:
        between()
        clock(21)
        between()
        raise AssertionError("it was read on")

    monkeypatch.setattr(provider, "begin", read)
    pause = Pause(unit="check-availability-player", memory={"provider": "player", "turn": 0})
    assert agree_again(pause, NOON, clock)
    assert provider.asked == {}


def test_a_pause_ends_for_a_provider_that_is_configured_no_longer(config: ProviderConfig) -> None:
    pause = Pause(unit="check-availability-late", memory={"provider": "late"})
    assert agree_again(pause, NOON)


# --- the command --------------------------------------------------------------------------------


def test_a_dry_run_tells_each_provider_and_writes_nothing(config: ProviderConfig) -> None:
    other = {**ENTRY, "name": "other", "rate_per_second": 0.5}
    with configured(ENTRY, other):
        due_row(1, config)
        movie(2)
        before = list(Availability.objects.values())
        told = check("--dry-run")
        assert told["providers"]["player"] == {
            "checks": 2, "new": 1, "rate": 100.0, "eta_seconds": 0.0,
        }  # fmt: skip
        assert told["providers"]["other"]["eta_seconds"] == 4.0
        assert list(Availability.objects.values()) == before
        assert not Provider.objects.filter(name="other").exists()
        assert not Run.objects.exists()


def test_a_dry_run_counts_what_its_options_would_make_due(config: ProviderConfig) -> None:
    facts = {"due_at": NOON + 900 * HOUR * 24, "last_outcome": "available"}
    old = due_row(1, config, **{**facts, "last_checked": NOON - 900 * HOUR * 24})
    due_row(2, config, **{**facts, "last_outcome": "unknown", "due_at": None, "given_up_at": NOON})

    def told(*arguments: object) -> int:
        return int(check("--dry-run", *arguments)["providers"]["player"]["checks"])

    assert told() == 0
    assert told("--stale-hours", 24) == 1
    assert told("--retry-unknown") == 1
    assert told("--retry-unknown", "--stale-hours", 24, "--limit", 1) == 1
    old.refresh_from_db()
    assert old.due_at == facts["due_at"]


def test_one_provider_that_cannot_be_checked_does_not_keep_the_others_from_it(
    provider: FakeProvider,
) -> None:
    with configured({**ENTRY, "name": "bad"}, ENTRY):
        movie(1)
        Pause.objects.create(
            unit="check-availability-bad", holder="operator", at=NOON, by="ada", why="a look"
        )
        told = check(expect=1)
        assert "is paused" in told["providers"]["bad"]["error"]
        assert told["available"] == 1


def test_an_enqueued_run_is_left_to_the_workers(provider: FakeProvider) -> None:
    movie(1)
    told = check("--enqueue", "--limit", 5)
    stored = Run.objects.get(pk=told["providers"]["player"]["run"])
    assert (stored.status, stored.params["limit"]) == (RunStatus.QUEUED, 5)
    assert provider.checks() == {}


def test_the_figures_are_told_in_one_line(provider: FakeProvider) -> None:
    movie(1)
    out = io.StringIO()
    call_command("check_availability", stdout=out)
    expected = (
        "player: Checked: 1, Available: 1, Unavailable: 0, Unknown: 0, Flipped: 0, Pending: 0"
    )
    assert expected in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--provider", "nobody"), "no provider nobody"),
        (("--region", "DE"), "--region is DE"),
        (("--provider", "player", "--region", "DE"), "it knows no regions|knows no regions"),
        (("--limit", 0), "--limit is 0"),
        (("--stale-hours", -1), "--stale-hours is -1"),
        (("--concurrency", 65), "--concurrency is 65"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(
    config: ProviderConfig, arguments: tuple[object, ...], words: str
) -> None:
    with pytest.raises(OperatorError, match=f"(?i){words}"):
        check(*arguments)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"movie_ids": ["1"]}, "movie_ids"),
        ({"movie_ids": list(range(1, 10_002))}, "10,001"),
        ({"retry_unknown": "perhaps"}, "--retry-unknown"),
        ({"surprise": 1}, "no parameter surprise"),
    ],
)
def test_units_refuse_parameters_by_their_name(
    config: ProviderConfig, params: dict[str, object], words: str
) -> None:
    with pytest.raises(OperatorError, match=words):
        run_in_foreground(config.unit, params, stop=StopRequest())


def test_a_region_leaves_out_providers_that_are_not_asked_about_it(config: ProviderConfig) -> None:
    tmdb = {"name": "tmdb", "kind": "tmdb", "regions": ["DE"]}
    others = {"name": "tmdb-us", "kind": "tmdb", "regions": ["US"]}
    with configured(ENTRY, tmdb, others):
        told = check("--dry-run", "--region", "de")
        assert set(told["providers"]) == {"player", "tmdb"}
        with pytest.raises(UsageError, match="not asked about"):
            check("--dry-run", "--region", "US", "--provider", "tmdb")


def test_a_providers_kind_follows_the_setting(config: ProviderConfig) -> None:
    provider_row(config)
    Provider.objects.update(kind=ProviderKind.LIST)
    assert provider_row(config).kind == "url"


def test_a_click_is_checked_before_a_show_on_sale(
    config: ProviderConfig, provider: FakeProvider
) -> None:
    for number, lane in ((1, Lane.BACKFILL), (2, Lane.ON_SALE), (3, Lane.OPERATOR)):
        due_row(number, config, lane=lane)
    provider.clock = FakeClock()
    run(FakeClock(), concurrency=1)
    assert [number for number in provider.order if number < 100] == [3, 2, 1]
    assert {row(number).lane for number in (1, 2, 3)} == {Lane.BACKFILL}
