"""Pages as the tests of the screens look at them, and a row in each kind of list."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.urls import reverse

from popflix.engine.models import Event, Run, Schedule
from popflix.lib.models import AuditEntry
from sync.links.models import MediaLinks, Title

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def rows() -> dict[str, str]:
    """A row in each kind of list, as pages by name."""
    run = Run.objects.create(
        unit="greet", status="error", error="ValueError: <b>\nTraceback", queued_at=NOW,
        started_at=NOW, finished_at=NOW, trigger="command", done_count=3, total_count=4,
    )  # fmt: skip
    for kind, payload in (("start", {"title": "<i>"}), ("error", {"error": "It <u>broke</u>."})):
        Event.objects.create(run=run, unit="greet", at=NOW, kind=kind, payload=payload)
    Schedule.objects.bulk_create([Schedule(unit="greet", cron="0 4 * * *", error="No unit.")])
    AuditEntry.objects.create(at=NOW, actor_name="ada", action="retry")
    Title.objects.create(tconst="tt99000001", primary_title="<u>قصة</u>")
    MediaLinks.objects.create(title_id="tt99000001")
    return {
        "run": reverse("admin:engine_run_change", args=[run.pk]),
        "schedule": reverse("admin:engine_schedule_change", args=[Schedule.objects.get().pk]),
        "link": reverse("admin:sync_medialinks_change", args=["tt99000001"]),
        "delete": reverse("admin:engine_schedule_delete", args=[Schedule.objects.get().pk]),
    }
