"""Big tables are paged without being counted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from popflix.lib import admin
from popflix.lib.admin import CappedPaginator, estimated_rows, key_prefix
from popflix.lib.models import AuditEntry, QuarantinedRow
from tests.sync.links.rows import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Twelve rows where five can be paged to."""
    monkeypatch.setattr(admin, "MOST_ROWS", 5)
    QuarantinedRow.objects.bulk_create(
        QuarantinedRow(source="a" if line % 4 else "b", line=line, reason="r", raw="", at=NOW)
        for line in range(12)
    )
    return QuarantinedRow.objects.order_by("line")


def test_a_small_table_is_counted_exactly(rows: Any) -> None:
    paginator = CappedPaginator(rows.filter(source="b"), 2)
    assert (paginator.count, paginator.num_pages) == (3, 2)


def test_a_filtered_list_counts_up_to_the_cap(rows: Any) -> None:
    paginator = CappedPaginator(rows.filter(source="a"), 2)
    assert (paginator.count, paginator.num_pages) == (5, 3)


def test_a_whole_table_is_estimated_beyond_the_cap(rows: Any) -> None:
    paginator = CappedPaginator(rows, 2)
    assert paginator.count >= 5
    assert paginator.num_pages == 3


def test_no_statement_counts_the_whole_table(rows: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        paginator = CappedPaginator(rows, 2)
        assert paginator.count == paginator.count
    counted = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counted) == 1
    assert "LIMIT 6" in counted[0]


def test_an_empty_table_has_one_page_and_no_estimate() -> None:
    assert CappedPaginator(QuarantinedRow.objects.order_by("pk"), 2).num_pages == 1
    assert estimated_rows(QuarantinedRow.objects.all()) >= 0


def test_a_deep_page_holds_the_rows_that_it_would_and_reads_no_others(
    monkeypatch: pytest.MonkeyPatch, rows: Any
) -> None:
    monkeypatch.setattr(admin, "_DEEP", 4)
    paginator = CappedPaginator(rows, 2)
    with CaptureQueriesContext(connection) as queries:
        page = paginator.page(3)
        assert [row.line for row in page.object_list] == [4, 5]
    skipping = [query["sql"] for query in queries if "OFFSET" in query["sql"]]
    assert not any("raw" in sql for sql in skipping)
    filtered = CappedPaginator(rows.filter(source="a"), 2)
    with CaptureQueriesContext(connection) as queries:
        assert [row.line for row in filtered.page(3).object_list] == [6, 7]
    of_rows = queries.captured_queries[-1]["sql"].partition("WHERE")[2]
    assert "source" not in of_rows, "a filter that is asked again is read again, all of it"
    assert page.has_next() is False


def test_a_plain_list_is_paged_too() -> None:
    assert CappedPaginator([1, 2, 3], 2).count == 3


def test_a_prefix_is_a_range() -> None:
    assert dict(key_prefix("pk", "tt99").children) == {"pk__gte": "tt99", "pk__lt": "tt9:"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sign", "lines"), [("", [0, 1, 2]), ("-", [2, 1, 0])], ids=["up", "down"]
)
def test_what_settles_ties_goes_the_way_of_the_column_sorted_by(
    operator: Client, sign: str, lines: list[int]
) -> None:
    """The other way round no index would serve, and a million rows were sorted for fifty."""
    for line in range(3):
        AuditEntry.objects.create(at=NOW, actor_name="ada", action="act", target=f"row {line}")
    with CaptureQueriesContext(connection) as queries:
        shown = operator.get("/admin/lib/auditentry/", {"o": f"{sign}0"}).content.decode()
    assert re.findall(r"row (\d)", shown) == [str(line) for line in lines]
    listing = [
        each["sql"] for each in queries if "target" in each["sql"] and "ORDER" in each["sql"]
    ]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {listing[-1]}")
            assert "TEMP B-TREE" not in str(cursor.fetchall())
