"""A work row of no domain, for the tests of claims; they make its table themselves."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import connection, models

from popflix.engine.models import Lane, WorkRow


class Job(WorkRow):
    name = models.CharField(max_length=40, primary_key=True)

    objects: ClassVar[models.Manager[Job]] = models.Manager()

    class Meta:
        app_label = "engine_tests"
        indexes = [models.Index(fields=["lane", "due_at"], name="job_claim")]

    def __str__(self) -> str:
        return self.name


def create_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Job)


def add_jobs(count: int, due_at: dt.datetime | None, *, lane: int = Lane.BACKFILL) -> None:
    """Jobs job-<lane>-0000 …, each due a second after the one before."""
    Job.objects.bulk_create(
        Job(
            name=f"job-{lane}-{n:04}",
            lane=lane,
            due_at=due_at and due_at + dt.timedelta(seconds=n),
        )
        for n in range(count)
    )
