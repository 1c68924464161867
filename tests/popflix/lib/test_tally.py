"""Rows counted by their words."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.lib.models import QuarantinedRow
from popflix.lib.tally import counts, tally, told
from tests.sync.links.rows import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def rows() -> None:
    for source, reason in (("a", "x"), ("a", "x"), ("a", "100% y"), ("b", "x")):
        QuarantinedRow.objects.create(source=source, line=1, reason=reason, raw="", at=NOW)


def test_each_combination_is_counted_in_one_statement() -> None:
    with CaptureQueriesContext(connection) as asked:
        found = tally(QuarantinedRow.objects.order_by(), "source", "reason")
    assert found == {("a", "x"): 2, ("a", "100% y"): 1, ("b", "x"): 1}
    assert len(asked) == 1


def test_no_more_rows_are_counted_than_are_asked_for() -> None:
    assert tally(QuarantinedRow.objects.filter(reason="x")[:2], "reason") == {("x",): 2}


def test_of_no_rows_there_is_nothing() -> None:
    assert not tally(QuarantinedRow.objects.filter(source="c"), "source")
    assert not tally(QuarantinedRow.objects.filter(pk__in=[]), "source")


def test_several_counts_are_one_statement() -> None:
    rows = QuarantinedRow.objects.order_by()
    asked_for = [
        rows, rows.filter(source="a")[:2], rows.filter(pk__in=[]), rows.filter(reason="100% y"),
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        assert counts(asked_for) == [4, 2, 0, 1]
    assert len(asked) == 1
    assert counts([]) == []


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0"), (1000, "1,000"), (1001, "over 1,000"), (10**6, "over 1,000")]
)
def test_what_was_not_counted_is_told_as_more(count: int, words: str) -> None:
    assert told(count, 1000) == words
