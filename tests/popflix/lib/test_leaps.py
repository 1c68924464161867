"""What stands in an index, without reading the rows between."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.lib import leaps
from popflix.lib.models import AuditEntry
from tests.sync.links.rows import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ROWS = AuditEntry.objects.all()


def act(name: str, action: str, minutes: int = 0) -> None:
    at = NOW + dt.timedelta(minutes=minutes)
    AuditEntry.objects.create(at=at, actor_name=name, action=action)


def test_each_pair_is_told_once_and_of_the_named_values_alone() -> None:
    for name, action in (("a", "x"), ("a", "x"), ("a", "100% y"), ("b", ""), ("c", "x")):
        act(name, action)
    with CaptureQueriesContext(connection) as asked:
        found = leaps.pairs(ROWS, "actor_name", ["a", "b", "nobody"], "action")
    assert sorted(found) == [("a", "100% y"), ("a", "x"), ("b", "")]
    assert len(asked) == 1


def test_rows_are_counted_to_the_cap_with_the_first_and_the_last_instant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leaps, "_AT_ONCE", 2)
    for minutes in (3, 1, 2):
        act("a", "x", minutes)
    act("b", "100% y")
    columns = ("actor_name", "action", "at")
    known = [("a", "x"), ("b", "100% y"), ("a", "nothing")]
    first, last = NOW + dt.timedelta(minutes=1), NOW + dt.timedelta(minutes=3)
    assert leaps.extents(ROWS, columns, known, most=2) == [
        (2, first, last), (1, NOW, NOW), (0, None, None),
    ]  # fmt: skip
    assert leaps.extents(ROWS, columns, known, most=9)[0][0] == 3
    assert leaps.extents(ROWS, columns, [], most=9) == []


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_no_statement_reads_the_rows_between() -> None:
    act("a", "x")
    with CaptureQueriesContext(connection) as asked:
        known = leaps.pairs(ROWS, "actor_name", ["a"], "action")
        leaps.extents(ROWS, ("actor_name", "action", "at"), known, most=9)
    for each in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}")
            plan = [str(row[3]) for row in cursor.fetchall()]
        assert not [line for line in plan if line.startswith("SCAN lib_")], plan
