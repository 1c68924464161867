"""Run and Event: what happened; the queue is only a wake-up hint."""

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
    # NULL while it waits for a slot of its unit to become free.
    slot = models.PositiveSmallIntegerField(default=0, null=True)
    # While active "unit:slot", or "unit:queue:…" without a slot; NULL when ended: unique on every
    # database, MariaDB has no partial indexes. Terminal state and NULL are one UPDATE.
    active_key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    step = models.PositiveSmallIntegerField(null=True)  # its place among the parent's workers
    # How it works through children: parallel, sequential, spread; empty for a run with a body.
    mode = models.CharField(max_length=10, default="", blank=True)
    # Plain number: a schedule may be deleted, what it started stays as it was.
    schedule_id = models.BigIntegerField(null=True)
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")
    trigger = models.CharField(max_length=20)  # command, admin, schedule, retry, parent, manager
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
    error_group = models.CharField(max_length=120, default="")  # `error` without its figures
    dismissed_at = models.DateTimeField(null=True)  # a failure that was retried or discarded
    result = models.JSONField(default=dict)

    # Delivery: NULL and 0 for a run that lives and dies with the process that made it
    dispatched_at = models.DateTimeField(null=True)
    dispatch_count = models.PositiveIntegerField(default=0)  # since it was last taken
    crash_count = models.PositiveSmallIntegerField(default=0)  # in a row, without progress
    crashed_at_done = models.PositiveIntegerField(default=0)  # done_count at the last crash

    # Progress
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(null=True)
    ok_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)

    # Lifecycle
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    progressed_at = models.DateTimeField(null=True)  # when it was taken or last moved
    finished_at = models.DateTimeField(null=True)

    # Process: tells which leases belong to dead processes of this host
    host = models.CharField(max_length=255, default="")
    pid = models.PositiveIntegerField(null=True)
    process_started_at = models.CharField(max_length=40, default="")  # as the kernel tells it

    class Meta:
        indexes = [
            models.Index(fields=["unit", "-id"], name="run_unit_newest"),  # a unit's history
            # Lists of a state; runs of the last days, which the index alone counts.
            models.Index(fields=["status", "-id", "parent"], name="run_status_newest"),
            models.Index(fields=["status", "lease_until"], name="run_status_lease"),  # watcher
            models.Index(  # dead letters, which the index alone counts by unit and error
                fields=["status", "dismissed_at", "parent", "unit", "error_group", "finished_at"],
                name="run_failures",
            ),
        ]
        permissions = [
            ("run_unit", "Can run a unit"),
            ("retry_run", "Can retry a run or a dead letter"),
            ("cancel_run", "Can cancel a run"),
            ("discard_run", "Can discard dead letters"),
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
        indexes = [
            models.Index(fields=["unit", "id"], name="event_unit"),  # tail of one unit
            models.Index(fields=["at"], name="event_at"),  # pruning, --since
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit}"
