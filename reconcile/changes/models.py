"""Differences between staging and master, kept: explained, judged, applied, undone."""

from __future__ import annotations

from django.db import models

from reconcile.changes.types import ChangeKind

_KINDS = [(str(kind), str(kind)) for kind in ChangeKind]


class SetState(models.TextChoices):
    OPEN = "open"  # some of its changes wait for a person
    APPLYING = "applying"
    APPLIED = "applied"  # all that was approved is in master
    CLOSED = "closed"  # a newer change set of the source took its place


class Purpose(models.TextChoices):
    LOAD = "load"  # what judging a load came to
    UNDO = "undo"  # the reverse of another set
    ZONE = "zone"  # another time zone of a cinema; `details` name it


class ChangeSet(models.Model):
    """What reconciling one load of one source came to, or what a person wants of its master."""

    purpose = models.CharField(max_length=4, choices=Purpose, default=Purpose.LOAD)
    source = models.CharField(max_length=60)
    load_id = models.BigIntegerField()
    run_id = models.BigIntegerField(null=True)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")
    state = models.CharField(max_length=10, choices=SetState, default=SetState.OPEN)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    unchanged_count = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # by kind and state, of rows
    # Of what was left undone: the same differences again are no new change set.
    digest = models.CharField(max_length=64, default="", blank=True)
    details = models.JSONField(default=dict)  # of its purpose

    class Meta:
        indexes = [models.Index(fields=["source", "-id"], name="change_set_newest")]
        permissions = [("undo_changeset", "Can undo a change set")]

    def __str__(self) -> str:
        return f"change set {self.pk}"


class ChangeState(models.TextChoices):
    APPROVED = "approved"  # by policy or a person; to be applied
    HELD = "held"  # waits for a person: `reason` says what was normal and what came
    APPLIED = "applied"
    REJECTED = "rejected"  # by a person
    STALE = "stale"  # the master row was edited since: differences are taken anew
    LOCKED = "locked"  # every changed field is locked, or its place is
    UNDONE = "undone"  # was applied, and reversed by a later set


class Change(models.Model):
    """One difference; of a first load one row per slice, with `row_count` inserts in it.

    `before` and `after` hold the changed fields only (of an insert all fields in `after`).
    `fingerprint` is of the master row as it was seen. `locked` has what the feed says of fields
    that a lock keeps. Once applied, an insert of one row names it in `master_id`.
    """

    change_set = models.ForeignKey(ChangeSet, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=7, choices=_KINDS)
    state = models.CharField(max_length=8, choices=ChangeState)
    cinema_id = models.IntegerField()
    weekday = models.PositiveSmallIntegerField()
    day = models.DateField(null=True)
    master_id = models.IntegerField(null=True)
    sync_id = models.IntegerField(null=True)
    row_count = models.PositiveIntegerField(default=1)
    group = models.PositiveIntegerField(null=True)  # linked by a vacated key: approved as one
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    locked = models.JSONField(null=True)
    fields = models.CharField(max_length=200, default="", blank=True)  # names, by commas
    fingerprint = models.CharField(max_length=64, default="", blank=True)
    reason = models.TextField(default="", blank=True)  # why it is held, or why a move is one
    decided_by = models.CharField(max_length=150, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=200, default="", blank=True)
    undoes = models.BigIntegerField(null=True)  # the change that this one reverses
    applied_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["change_set", "state", "kind"], name="change_by_state"),
            models.Index(fields=["change_set", "cinema_id", "weekday"], name="change_by_slice"),
            models.Index(fields=["master_id"], name="change_of_master"),
        ]
        permissions = [("approve_change", "Can approve and reject changes")]

    def __str__(self) -> str:
        return f"{self.kind} {self.master_id or self.sync_id}"


class ProgrammeWarning(models.Model):
    """What of a staged programme cannot be, or hardly; it never holds anything by itself."""

    source = models.CharField(max_length=60)
    load_id = models.BigIntegerField()
    cinema_id = models.IntegerField()
    day = models.DateField()  # of the cinema's zone
    kind = models.CharField(max_length=10)
    words = models.TextField()
    sync_ids = models.JSONField(default=list)  # the staged rows that it is about
    found_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["cinema_id", "day"], name="warning_of_cinema"),
            models.Index(fields=["source", "-id"], name="warning_of_source"),
            models.Index(fields=["kind", "day"], name="warning_by_kind"),
        ]

    def __str__(self) -> str:
        return self.words
