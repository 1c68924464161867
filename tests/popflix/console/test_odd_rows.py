"""Pages of rows that no code of today would write: each is shown all the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from popflix.engine.deadletters import sources
from popflix.engine.deadletters.order import UNIT
from popflix.engine.models import Event, Pause, Run, RunLog, Schedule
from popflix.lib.models import AuditEntry, QuarantinedRow
from sync.links.models import Enrichment, MediaLinks, Title
from tests.popflix.console.walking import list_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LONG = "The disk is full. " * 600  # over 10,000 characters
ARABIC = "\u0627\u0644\u0631\u0633\u0627\u0644\u0629 \u202e<b>&\u2066\u001b[31m"
DEEP = json.loads("[" * 25 + "]" * 25)
NESTED = json.loads('{"a":' * 25 + "1" + "}" * 25)
HALF = "half \ud800 a letter"  # JSON can say it; SQLite keeps it
ODD_JSON: list[object] = [
    [1, "two", None], "text", 7, True, DEEP, NESTED, {"deep": DEEP, "nested": NESTED},
    {"many": 10**400}, {"at": "2026-99-99T99:99Z"}, {"": ""},
    {"at": "0001-01-01T00:00+14:00"}, {"waits": "TMDB"}, {"groups": []},
    {"groups": {"g": {"letters": "many", "left": "some", "stage": 7, "why": ["x"]}}},
]  # fmt: skip


def run(**columns: object) -> Run:
    given = {
        "unit": "gone/unit", "slot": None, "status": "error", "trigger": "by nobody",
        "error": LONG, "error_group": ARABIC, "queued_at": NOW, **columns,
    }  # fmt: skip
    return Run.objects.create(**given)


def odd_json() -> list[object]:
    return [*ODD_JSON, *([{"x": HALF, HALF: 1}] if connection.vendor == "sqlite" else [])]


def pages_of(rows: Iterable[Model]) -> list[str]:
    """Of each row, and their list."""
    of_one = [f"{list_of(type(row))}{row.pk}/change/" for row in rows]
    return [*of_one, *{list_of(type(row)) for row in rows}]


def overviews() -> list[str]:
    """Where rows of many kinds are told; a panel that fails says so in its card."""
    names = ("admin:index", "console_units", "console_letters")
    return [*map(reverse, names), reverse("console_unit", args=[UNIT])]


def assert_shown(client: Client, *paths: str) -> None:
    for path in (*paths, *overviews()):
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = answer.content.decode()
        assert "cannot be shown" not in text, path
        assert "cannot be asked" not in text, path
        assert "<b>&" not in text, path


def test_runs_with_odd_parameters_and_results(operator: Client) -> None:
    made = [
        run(unit=unit, params=each, result=each) for each in odd_json() for unit in (UNIT, "x")
    ]
    live = [reverse("admin:engine_run_live", args=[each.pk]) for each in made]
    groups = [group for source in sources.registered() for group in source.groups()]
    letters = {reverse("console_letter_group", args=[each.source, each.id]) for each in groups}
    assert len(letters) == 2
    assert_shown(operator, *pages_of(made), *live, *letters)


@pytest.mark.parametrize("unit", ["gone/unit", "", UNIT])
def test_runs_without_any_instant_in_odd_states(operator: Client, unit: str) -> None:
    statuses = ("queued", "running", "waiting", "completed", "error", "lost", "odd")
    made = [
        run(unit=unit, status=each, wait_reason=ARABIC, total_count=0, mode="odd")
        for each in statuses
    ]
    for each in made:
        RunLog.objects.create(run=each, text=LONG + ARABIC, at=NOW)
        Event.objects.create(run=each, unit=unit, kind="odd", at=NOW, payload={"why": LONG})
    Event.objects.create(unit=unit, kind="queued", at=NOW, payload={"deep": DEEP, "by": ARABIC})
    assert_shown(operator, *pages_of(made), list_of(Event))


def test_audit_entries_with_odd_details(operator: Client) -> None:
    for each in odd_json():
        AuditEntry.objects.create(
            at=NOW, actor_name=ARABIC, action="=odd", target=f"{ARABIC} run 1", why=LONG,
            details=each,
        )  # fmt: skip
    assert_shown(operator, *pages_of(AuditEntry.objects.all()))
    answer: Any = operator.get(reverse("admin:lib_auditentry_export"))
    file = b"".join(answer).decode()
    assert file.count("'=odd") == len(odd_json())


def test_schedules_that_cannot_be(operator: Client) -> None:
    odd: list[dict[str, Any]] = [
        {"unit": "gone/unit"}, {"unit": ""}, {"cron": "every day"}, {"cron": ""},
        {"time_zone": "Mars/Base"}, {"every_seconds": 0, "cron": ""}, {"params": [1]},
        {"params": "text"}, {"overlap": "odd"}, {"error": LONG}, {"jitter_seconds": 10**9},
    ]  # fmt: skip
    given = {"unit": UNIT, "cron": "0 4 * * *"}
    Schedule.objects.bulk_create([Schedule(**{**given, **each}) for each in odd])
    assert_shown(operator, *pages_of(Schedule.objects.all()))


def test_pauses_of_a_unit_that_is_gone_and_for_an_odd_reason(operator: Client) -> None:
    Pause.objects.create(unit="gone", holder="operator", at=NOW, by=ARABIC, why=LONG)
    Pause.objects.create(unit=UNIT, holder="machine", at=NOW, by=ARABIC, why=LONG, condition="odd")
    assert_shown(operator, *pages_of(Pause.objects.all()))


def test_rows_in_quarantine(operator: Client) -> None:
    for reader in ("", "odd", "title.basics"):
        for raw in ("", "\t" * 200, LONG, ARABIC):
            QuarantinedRow.objects.create(
                source=f"title.basics{ARABIC}", line=1, reason=LONG, raw=raw, at=NOW,
                reader=reader, run_id=9,
            )  # fmt: skip
    assert_shown(operator, *pages_of(QuarantinedRow.objects.all()))


def test_a_title_with_an_odd_name_and_links_that_lead_astray(operator: Client) -> None:
    title = Title.objects.create(
        tconst="tt0000001", primary_title=ARABIC + LONG[:200], title_type="movie"
    )
    link = MediaLinks.objects.create(
        title=title, poster_url="javascript:alert(1)", tmdb_id=-1,
        trailer_embed_url="data:text/html,<b>&", last_updated=NOW,
    )  # fmt: skip
    assert_shown(operator, *pages_of([link]), *pages_of([title]))
    Enrichment.objects.create(
        link=link, failure_kind="odd", last_error=LONG, locked_fields=["odd"], given_up_at=NOW,
        candidates=[{}, {"media_type": "javascript:", "tmdb_id": "7", "title": ARABIC}],
    )  # fmt: skip
    assert_shown(operator, *pages_of([link]))
    text = operator.get(pages_of([link])[0]).content.decode()
    assert 'href="javascript:' not in text
    assert 'href="data:' not in text


def test_empty_tables(operator: Client) -> None:
    assert_shown(operator, *(list_of(model) for model in admin.site._registry))
