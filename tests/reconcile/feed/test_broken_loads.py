"""Loads that are killed, and two that want the same feed: staging is never half of anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from reconcile.feed import staging
from reconcile.feed.emptying import empty
from reconcile.feed.feeds import Feed
from reconcile.feed.lease import LEASE_SECONDS, Lease, LeaseLost, held
from reconcile.feed.load import LoadResult, Reading, load_feed
from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow, LoadState, Source
from reconcile.feed.staging import finish_broken
from reconcile.shows.models import SyncShow
from tests.popflix.lib.clocks import FakeClock
from tests.reconcile.feed.made import row, rows, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class Killed(BaseException):
    """As SIGKILL: nobody's `except Exception` sees it."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shows.json"


def load(path: Path, clock: FakeClock, source: str = "city", **how: Any) -> LoadResult:
    with held(source, "a test", clock) as lease:
        feed = Feed(source, str(path))
        return load_feed(feed, str(path), lease, Reading(clock, **{"batch_size": 2, **how}))


def many(count: int) -> list[dict[str, Any]]:
    return [row(n % 3, cinema_id=n // 3) for n in range(count)]


def killing(after: int) -> Any:
    """A `commit` that dies in the middle of its n-th transaction."""
    left = iter(range(after, -1, -1))

    @contextmanager
    def commit() -> Iterator[None]:
        with transaction.atomic():
            yield
            if next(left) == 0:
                raise Killed

    return commit


def shown() -> list[tuple[Any, ...]]:
    names = ("cinema_id", "show_time", "movie_id", "title")
    return sorted(SyncShow.objects.values_list(*names))


@pytest.mark.parametrize("died", range(6))
def test_a_load_killed_while_staging_changes_is_finished_by_the_next(
    path: Path, clock: FakeClock, died: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROWS_A_SLICE", 3)
    load(write(path, many(9)), clock)
    before = shown()
    newer = [*many(7)[1:], *rows(2, cinema_id=5), row(movie_title="Other"), row(1), row(1)]
    with pytest.raises(Killed):
        load(write(path, newer), clock, commit=killing(died))
    if died == 0:  # the feed was not known to be whole: as if it had never been read
        assert shown() == before
        assert finish_broken("city", NOW) == []
        assert Load.objects.latest("pk").state == LoadState.FAILED
        load(path, clock)
    else:
        (finished,) = finish_broken("city", NOW)
        assert finished.state == LoadState.LOADED
        assert (finished.staged_count, finished.merged_count) == (8, 3)
    after = shown()
    SyncShow.objects.all().delete()
    load(path, clock)
    assert after == shown()
    assert not LoadRow.objects.exists()


def test_a_load_killed_while_reading_leaves_staging_and_is_given_up(
    path: Path, clock: FakeClock
) -> None:
    load(write(path, rows(2)), clock)

    def die(read: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        load(write(path, rows(5)), clock, progress=die)
    assert LoadRow.objects.exists()
    assert len(shown()) == 2
    load(path, clock)
    states = Load.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["loaded", "failed", "loaded"]
    assert len(shown()) == 5
    assert not LoadRow.objects.exists()


def test_finishing_what_is_whole_changes_nothing(path: Path, clock: FakeClock) -> None:
    load(write(path, rows(3)), clock)
    before = list(Load.objects.values_list())
    assert finish_broken("city", NOW) == []
    assert list(Load.objects.values_list()) == before


def test_asked_to_stop_it_leaves_staging(path: Path, clock: FakeClock) -> None:
    load(write(path, rows(2)), clock)
    result = load(write(path, rows(9)), clock, must_stop=lambda: True)
    assert result.is_stopped
    assert len(shown()) == 2
    assert Load.objects.latest("pk").state == LoadState.FAILED


def test_rows_of_another_load_stay_in_the_load_table(path: Path, clock: FakeClock) -> None:
    other = Load.objects.create(source="other", where="-", started_at=NOW)
    LoadRow.objects.create(
        id=other.pk * LINES_A_LOAD + 1, key_hash=1, day=NOW.date(), movie_id="M", cinema_id=99,
        screen_name="S", show_time=NOW, title="T",
    )  # fmt: skip
    load(write(path, rows(3)), clock)
    assert len(shown()) == 3
    assert LoadRow.objects.count() == 1
    empty(other)
    assert not LoadRow.objects.exists()


# --- rows that the database refuses ---------------------------------------------------------

_REFUSE = {
    "sqlite": """CREATE TRIGGER refuse BEFORE INSERT ON "SyncShow" WHEN NEW.title = 'Bad'
        BEGIN SELECT RAISE(ABORT, 'no Bad films here'); END""",
    "mysql": """CREATE TRIGGER refuse BEFORE INSERT ON SyncShow FOR EACH ROW
        IF NEW.title = 'Bad' THEN SIGNAL SQLSTATE '23000'
        SET MESSAGE_TEXT = 'no Bad films here', MYSQL_ERRNO = 1062; END IF""",
}


@contextmanager
def refusing() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE[connection.vendor])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse")


def test_rows_that_the_database_refuses_go_to_quarantine_and_the_others_are_staged(
    path: Path, clock: FakeClock
) -> None:
    shows = rows(9)
    shows[2]["movie_title"] = shows[7]["movie_title"] = "Bad"
    with refusing():
        result = load(write(path, shows), clock)
    assert (result.read, result.staged, result.quarantined) == (9, 7, 2)
    assert result.changes.inserted == len(shown()) == 7
    assert set(QuarantinedRow.objects.values_list("line", flat=True)) == {3, 8}
    assert all("no Bad films here" in row.reason for row in QuarantinedRow.objects.all())
    assert Load.objects.get().slices.get().rows == 7


# --- the lease ------------------------------------------------------------------------------


def test_two_never_have_one_source(clock: FakeClock) -> None:
    with (
        held("city", "load_shows, run 7", clock),
        pytest.raises(OperatorError, match="busy: load_shows, run 7 works on it"),
        held("city", "another", clock),
    ):
        pass
    with held("city", "another", clock):
        assert Source.objects.get().lease_token.startswith("another")
    assert Source.objects.get().lease_until is None


def test_sources_are_leased_one_by_one(clock: FakeClock) -> None:
    with held("city", "one", clock), held("other", "two", clock):
        assert Source.objects.exclude(lease_token="").count() == 2


def test_a_killed_holders_source_is_free_after_a_minute(clock: FakeClock) -> None:
    dead: AbstractContextManager[Lease] = held("city", "dead", clock)
    dead.__enter__()
    clock.sleep(LEASE_SECONDS + 1)
    with held("city", "alive", clock):
        pass


def test_a_lease_that_is_prolonged_stays(clock: FakeClock) -> None:
    with held("city", "one", clock) as lease:
        for _ in range(5):
            clock.sleep(LEASE_SECONDS / 2)
            lease.prolong()
        with pytest.raises(OperatorError, match="busy"), held("city", "two", clock):
            pass


def test_who_lost_the_lease_writes_nothing_more(path: Path, clock: FakeClock) -> None:
    thief = held("city", "thief", clock)

    def sleep_too_long(read: int) -> None:
        clock.sleep(LEASE_SECONDS + 1)
        thief.__enter__()

    with pytest.raises(LeaseLost):
        load(write(path, rows(4)), clock, progress=sleep_too_long)
    assert shown() == []
    assert Source.objects.get().lease_token.startswith("thief")
