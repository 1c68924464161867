"""Run and Event: what the engine knows, in our own tables; the queue is only a wake-up hint."""

from __future__ import annotations

from django.db import models


class RunStatus(models.TextChoices):
    """Every transition is drawn in docs/engine.md; `states.py` decides which are legal."""

    QUEUED = "queued"  # wanted; a delivery, the watcher or a foreground command starts it
    RUNNING = "running"  # a process holds its lease and beats
    WAITING = "waiting"  # parked until resume_at for the reason in wait_reason
    COMPLETED = "completed"  # its work is done
    ERROR = "error"  # it ended with the reason in `error`
    CANCELLED = "cancelled"  # an operator ended it, or a signal stopped the foreground command
    LOST = "lost"  # its process died; its leases were given back


class Run(models.Model):
    """One execution of a unit."""

    # Identification
    unit = models.CharField(max_length=100)
    slot = models.PositiveSmallIntegerField(default=0)
    # "unit:slot" while active, NULL when ended: unique on every database, MariaDB has no
    # partial indexes. Terminal state and NULL are one UPDATE.
    active_key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    trigger = models.CharField(max_length=20)  # command, admin, schedule, retry, parent
    attempt = models.PositiveIntegerField(default=1)
    params = models.JSONField(default=dict)

    # State
    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.QUEUED)
    fence = models.PositiveIntegerField(default=0)  # grows with each claim; stale writers lose
    lease_until = models.DateTimeField(null=True)
    resume_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)  # its process ends it between chunks
    wait_reason = models.TextField(default="")
    error = models.TextField(default="")
    result = models.JSONField(default=dict)

    # Progress
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(null=True)
    ok_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)

    # Lifecycle
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # Process: tells which leases belong to dead processes of this host
    host = models.CharField(max_length=255, default="")
    pid = models.PositiveIntegerField(null=True)
    process_started_at = models.CharField(max_length=40, default="")  # as the kernel tells it

    class Meta:
        indexes = [
            models.Index(fields=["unit", "-id"], name="run_unit_newest"),  # a unit's history
            models.Index(fields=["status", "lease_until"], name="run_status_lease"),  # watcher
        ]

    def __str__(self) -> str:
        return f"{self.unit} #{self.pk}"


class Event(models.Model):
    """Append-only; written in the same transaction as what it tells."""

    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="events")
    unit = models.CharField(max_length=100)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    milestone_id = models.CharField(max_length=150, default="")
    payload = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["unit", "id"], name="event_unit")]  # tail of one unit

    def __str__(self) -> str:
        return f"{self.kind} {self.unit}"


class Lane(models.IntegerChoices):
    """Claims go lane by lane, so an operator's row never waits behind a backfill."""

    OPERATOR = 0
    ON_SALE = 1
    SCHEDULE = 2
    BACKFILL = 3


class WorkRow(models.Model):
    """Columns of a row that workers claim.

    Concrete models add `indexes = [Index(fields=["lane", "due_at"])]` under a name of their own.
    """

    # NULL = only when an operator asks. A claim sets it to the lease's end, a failure to its
    # back-off, success to the refresh date: one column, one index, no OR in the claim.
    due_at = models.DateTimeField(null=True)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.BACKFILL)
    lease_token = models.CharField(max_length=60, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # counted at claim, before the work
    failure_kind = models.CharField(max_length=20, default="", blank=True)
    last_error = models.TextField(default="", blank=True)

    class Meta:
        abstract = True
