"""Unsafe settings of queue, database and cache are refused; the site's own pass in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from django.conf import settings as of_the_site
from django.core.checks import CheckMessage
from pytest_django.fixtures import Settings

from popflix.engine import checks
from popflix.lib.databases import cache_settings, database_settings
from popflix.lib.errors import ConfigurationError

GOOD: Mapping[str, Any] = of_the_site.Q_CLUSTER
MYSQL = database_settings({"ENGINE": "django.db.backends.mysql", "NAME": "popflix"})


def numbers(found: Iterable[CheckMessage]) -> list[str]:
    return [str(each.id).removeprefix("popflix.engine.") for each in found]


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


def test_the_sites_own_settings_pass() -> None:
    assert checks.check_settings() == []


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"orm": "other"}, "E001"),
        ({"timeout": None}, "E002"),
        ({"timeout": 2.5}, "E002"),
        ({"ack_failures": False}, "E004"),
        ({"max_attempts": 0}, "E004"),
        ({"save_limit": 250}, "E005"),
        ({"catch_up": True}, "E006"),
        ({"sync": True}, "E009"),
        ({"cached": 60}, "E009"),
        ({"guard_cycle": 0.3}, "E010"),
        ({"guard_cycle": 2}, "E010"),
    ],
)
def test_an_unsafe_setting_of_the_queue_is_refused(change: dict[str, Any], number: str) -> None:
    assert numbers(checks.check_queue({**GOOD, **change})) == [number]


def test_what_is_not_set_counts_as_what_django_q2_makes_of_it() -> None:
    needed = {"E001", "E002", "E004", "E005", "E006"}
    assert set(numbers(checks.check_queue({}))) == needed


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"queue_limit": 50}, "E008"),
        ({"queue_limit": None}, "E008"),
        ({"bulk": 10}, "E008"),
        ({"workers": None}, "E008"),
        ({"retry": 300}, "E003"),
    ],
)
def test_an_unsafe_setting_of_a_cluster_is_refused(change: dict[str, Any], number: str) -> None:
    operator = {"ALT_CLUSTERS": {"operator": {"workers": 1, "queue_limit": 1, **change}}}
    assert numbers(checks.check_clusters({**GOOD, **operator})) == [number]
    assert number in numbers(checks.check_clusters({**GOOD, **change}))


def test_the_time_until_a_delivery_comes_again_counts_what_is_fetched_ahead() -> None:
    # Two workers, two deliveries ahead: two turns of waiting and one of working.
    queue = {**GOOD, "workers": 2, "queue_limit": 2, "timeout": 120}
    assert numbers(checks.check_clusters({**queue, "retry": 362})) == ["E003", "E003"]
    assert numbers(checks.check_clusters({**queue, "retry": 363})) == []


def test_without_a_time_out_only_that_is_told() -> None:
    assert numbers(checks.check_clusters(without("timeout"))) == []


def test_the_operators_cluster_is_needed() -> None:
    without_it: list[dict[str, Any] | None] = [{}, {"long": {}}, None]
    for others in without_it:
        assert "E007" in numbers(checks.check_clusters({**GOOD, "ALT_CLUSTERS": others}))


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "dummy.DummyCache", ""])
def test_a_cache_of_one_process_hides_the_clusters(backend: str) -> None:
    caches = {"queue": {"BACKEND": backend and f"django.core.cache.backends.{backend}"}}
    assert numbers(checks.check_cache(GOOD, caches)) == ["E011"]


def test_a_cache_of_files_or_redis_is_fine() -> None:
    for redis in ("", "redis://127.0.0.1/0"):
        caches = cache_settings(redis, of_the_site.POPFLIX_VAR)
        assert numbers(checks.check_cache(GOOD, caches)) == []


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        (MYSQL, []),
        ({**MYSQL, "OPTIONS": {}}, ["E013"]),
        ({**MYSQL, "CONN_HEALTH_CHECKS": False}, ["E014"]),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}, ["E014"]),
        ({"ENGINE": "django.db.backends.postgresql"}, []),
        ({"ENGINE": "django.db.backends.sqlite3"}, ["E012"]),
        ({"ENGINE": "django.db.backends.sqlite3",
          "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": ""}}, ["E012"]),
        ({"ENGINE": "django.db.backends.sqlite3",
          "OPTIONS": {"transaction_mode": "IMMEDIATE",
                      "init_command": "PRAGMA journal_mode = WAL"}}, []),
    ],
)  # fmt: skip
def test_an_unsafe_database_is_refused(database: dict[str, Any], expected: list[str]) -> None:
    assert numbers(checks.check_database(database)) == expected


def test_sqlite_beside_redis_is_hinted_at() -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3"}
    caches = cache_settings("redis://127.0.0.1/0", of_the_site.POPFLIX_VAR)
    assert numbers(checks.check_hosts(sqlite, caches)) == ["W001"]
    assert numbers(checks.check_hosts(MYSQL, caches)) == []


def test_the_worker_does_not_start_on_unsafe_settings(settings: Settings) -> None:
    settings.Q_CLUSTER = {**GOOD, "timeout": None}
    with pytest.raises(ConfigurationError, match=r"no usable time-out\. \(popflix.engine.E002\)"):
        checks.refuse_unsafe_settings()
    settings.SILENCED_SYSTEM_CHECKS = ["popflix.engine.E002"]
    checks.refuse_unsafe_settings()


def test_every_finding_has_a_hint() -> None:
    found = [*checks.check_queue({}), *checks.check_clusters({}), *checks.check_cache({}, {})]
    assert all(each.hint for each in found)
