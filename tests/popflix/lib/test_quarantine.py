"""Rows in quarantine are kept whole, once per source and line."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.lib.models import QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)


def stored() -> list[tuple[str, int, str, str]]:
    rows = QuarantinedRow.objects.order_by("source", "line")
    return list(rows.values_list("source", "line", "reason", "raw"))


def test_a_row_is_kept_whole_with_its_reason() -> None:
    quarantine("feed", [BadRow(7, "no price", "a\tb 🎬")], now=NOW, run_id=3)
    row = QuarantinedRow.objects.get()
    assert (row.source, row.line, row.reason, row.raw) == ("feed", 7, "no price", "a\tb 🎬")
    assert (row.at, row.run_id) == (NOW, 3)


def test_the_same_line_of_the_same_source_is_kept_once_with_its_latest_reason() -> None:
    quarantine("feed", [BadRow(7, "no price", "a"), BadRow(8, "no name", "b")], now=NOW)
    quarantine("other", [BadRow(7, "elsewhere", "c")], now=NOW)
    quarantine("feed", [BadRow(7, "no date", "d")], now=LATER)
    assert stored() == [
        ("feed", 7, "no date", "d"),
        ("feed", 8, "no name", "b"),
        ("other", 7, "elsewhere", "c"),
    ]


def test_many_rows_are_kept_in_several_statements() -> None:
    rows = [BadRow(line, "why", "raw") for line in range(1, 1202)]
    quarantine("feed", rows, now=NOW)
    quarantine("feed", rows, now=NOW)
    assert QuarantinedRow.objects.count() == 1201


def test_no_rows_need_no_statement() -> None:
    quarantine("feed", [], now=NOW)
    assert stored() == []


def test_damage_is_kept_up_to_a_length() -> None:
    quarantine("s" * 300, [BadRow(1, "why", "\0x" + "é" * 20_000)], now=NOW)
    ((source, _, _, raw),) = stored()
    assert source == "s" * 200
    assert raw.startswith("\\0xé")
    assert raw.endswith("é… (20003 characters in all)")
    assert len(raw) < 10_100
