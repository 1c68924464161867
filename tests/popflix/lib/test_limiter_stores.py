"""Every store keeps the same promises."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections, transaction
from pytest_django import DjangoDbBlocker

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import ConfigurationError, OperatorError
from popflix.lib.limiter import PacedLimiter, Parked, policy
from popflix.lib.limiter.policy import US, BucketState
from popflix.lib.limiter.sqlite import SqliteStore
from tests.popflix.lib.buckets import BACKENDS, SHARED_BACKENDS, MakeStore, stores
from tests.services.servers import Server, free_port

FAR = 100 * US


@pytest.fixture(params=BACKENDS)
def make_store(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[MakeStore]:
    with django_db_blocker.unblock(), stores(request.param, tmp_path) as make:
        yield make


@pytest.fixture(params=SHARED_BACKENDS)
def make_shared_store(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[MakeStore]:
    with django_db_blocker.unblock(), stores(request.param, tmp_path) as make:
        yield make


def together(count: int, body: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_first_question_creates_the_bucket_at_the_configured_rate(
    make_store: MakeStore,
) -> None:
    reply = make_store("tmdb", 38.25).reserve(0)
    assert (reply.granted, reply.wait_us, reply.rate, reply.cuts) == (True, 0, 38.25, 0)


def test_reading_a_new_bucket_creates_it_too(make_store: MakeStore) -> None:
    bucket, now_us = make_store("tmdb", 20).read()
    assert bucket == policy.fresh(20)
    assert now_us > 0


def test_every_field_survives_the_store(make_store: MakeStore) -> None:
    store = make_store("tmdb", 38)
    written = BucketState(1, 2.5, 38.0, 3, 4, 5, 6, 7, "429 ü")
    assert store.change(lambda bucket, now_us: written)[0] == written
    assert make_store("tmdb", 38).read()[0] == written


def test_slots_follow_each_other_a_gap_apart(make_store: MakeStore) -> None:
    store = make_store("tmdb", 10)
    waits = [store.reserve(FAR).wait for _ in range(4)]
    assert waits[0] == 0
    assert waits == pytest.approx([0, 0.101, 0.202, 0.303], abs=0.09)


def test_a_slot_beyond_the_horizon_is_refused_with_the_wait(make_store: MakeStore) -> None:
    store = make_store("tmdb", 1)
    store.reserve(0)
    before = store.read()[0]
    reply = store.reserve(150_000)
    assert not reply.granted
    assert 150_000 < reply.wait_us <= policy.gap_us(1)
    assert store.read()[0] == before


def test_a_slot_from_a_clock_that_was_set_back_is_ignored(make_store: MakeStore) -> None:
    store = make_store("tmdb", 38)
    store.change(lambda bucket, now_us: replace(bucket, next_slot_us=now_us + 3600 * US))
    assert store.reserve(0).granted


def test_the_count_of_cuts_and_the_cut_rate_come_with_each_slot(make_store: MakeStore) -> None:
    store = make_store("tmdb", 38)
    cuts = policy.CUTS_MODULUS + 7
    store.change(lambda bucket, now_us: replace(bucket, cuts=cuts, rate=9.5))
    reply = store.reserve(FAR)
    assert (reply.cuts, reply.rate) == (7, 9.5)


def test_buckets_do_not_touch_each_other(make_store: MakeStore) -> None:
    make_store("tmdb", 1).reserve(FAR)
    assert make_store("other", 1).reserve(0).granted


def test_a_change_that_fails_changes_nothing(make_store: MakeStore) -> None:
    store = make_store("tmdb", 38)
    before = store.read()[0]

    def fail(bucket: BucketState, now_us: int) -> BucketState:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        store.change(fail)
    assert store.read()[0] == before
    assert store.reserve(FAR).granted


def test_no_reservation_of_many_threads_is_lost_or_doubled(make_store: MakeStore) -> None:
    store = make_store("tmdb", 40)
    before, _ = store.change(lambda b, now_us: replace(b, next_slot_us=now_us + 5 * US))
    together(6, lambda: [store.reserve(FAR) for _ in range(10)])
    assert store.read()[0].next_slot_us == before.next_slot_us + 60 * policy.gap_us(40)


def test_no_change_of_many_threads_is_lost(make_store: MakeStore) -> None:
    store = make_store("tmdb", 40)

    def count() -> None:
        for _ in range(5):
            store.change(lambda bucket, now_us: replace(bucket, strikes=bucket.strikes + 1))
            store.reserve(FAR)

    together(6, count)
    assert store.read()[0].strikes == 30


def test_threads_that_meet_a_missing_bucket_create_one(make_store: MakeStore) -> None:
    store = make_store("new", 0.5)
    together(6, lambda: store.reserve(FAR))
    bucket, now_us = store.read()
    assert bucket.next_slot_us - now_us > 3 * policy.gap_us(0.5), "two of them would leave less"


def test_48_concurrent_429s_of_one_incident_halve_the_rate_once(make_store: MakeStore) -> None:
    limiter = PacedLimiter("tmdb", 1000, make_store("tmdb", 1000), SYSTEM_CLOCK)
    answered = threading.Barrier(48)

    def be_refused() -> None:
        limiter.acquire(longest_wait=30)
        answered.wait(30)
        limiter.penalize(0.2, "429")

    together(48, be_refused)
    assert limiter.state().rate == 500


def test_a_429_stops_the_limiters_of_everybody(make_shared_store: MakeStore) -> None:
    one, other = (
        PacedLimiter("tmdb", 38, make_shared_store("tmdb", 38), SYSTEM_CLOCK) for _ in range(2)
    )
    one.acquire()
    one.penalize(60, "429, Retry-After 60 s")
    with pytest.raises(Parked, match="Retry-After 60 s") as parked:
        other.acquire()
    assert 50 < parked.value.wait_seconds <= 60


def test_stores_of_one_bucket_share_it(make_shared_store: MakeStore) -> None:
    make_shared_store("tmdb", 1).reserve(0)
    assert not make_shared_store("tmdb", 1).reserve(0).granted


def test_a_closed_store_opens_again(make_shared_store: MakeStore) -> None:
    store = make_shared_store("tmdb", 1)
    store.reserve(0)
    store.close()
    assert not store.reserve(0).granted


@pytest.mark.mariadb
def test_a_connection_that_the_server_closed_is_replaced(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), stores("mariadb", tmp_path) as make:
        store = make("tmdb", 38)
        store.reserve(0)
        with connections["limiter_mariadb"].cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist"
                           " WHERE db = DATABASE() AND id <> CONNECTION_ID()")  # fmt: skip
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
        assert store.reserve(FAR).granted


@pytest.mark.parametrize(
    "backend",
    [pytest.param("mariadb", marks=pytest.mark.mariadb),
     pytest.param("postgres", marks=pytest.mark.postgres)],
)  # fmt: skip
def test_a_reservation_is_no_part_of_the_callers_transaction(
    backend: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    alias = f"limiter_{backend}"
    with django_db_blocker.unblock(), stores(backend, tmp_path) as make:
        with transaction.atomic(using=alias):
            make("tmdb", 1).reserve(0)
            transaction.set_rollback(True, using=alias)
        assert not make("tmdb", 1).reserve(0).granted


def test_an_sqlite_file_of_another_version_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "limiter.sqlite3"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE bucket (name TEXT)")
    old.close()
    store = SqliteStore(path, "tmdb", 38, SYSTEM_CLOCK)
    assert store.reserve(0).granted
    store.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SqliteStore(tmp_path / "file" / "limiter.sqlite3", "tmdb", 38, SYSTEM_CLOCK)
    with pytest.raises(OperatorError, match="cannot be used"):
        store.reserve(0)


def test_an_sqlite_file_that_is_none_is_named_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "limiter.sqlite3"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(OperatorError) as caught:
        SqliteStore(path, "tmdb", 38, SYSTEM_CLOCK).reserve(0)
    assert str(path) in caught.value.cause
    assert "POPFLIX_VAR" in caught.value.cure


@pytest.mark.redis
def test_a_redis_that_is_down_is_named_without_its_password(redis_server: Server) -> None:
    from popflix.lib.limiter.redis import RedisStore

    url = f"redis://:geheim-geheim@127.0.0.1:{free_port()}"
    with pytest.raises(OperatorError) as caught:
        RedisStore(url, "tmdb", 38).reserve(0)
    assert "cannot reach Redis" in caught.value.cause
    assert "geheim" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_missing_redis_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from popflix.lib.limiter.redis import RedisStore

    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match="package redis is not installed"):
        RedisStore("redis://127.0.0.1", "tmdb", 38).reserve(0)
