"""Rows of the platform itself: rate buckets, quarantined rows, the audit trail."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Bucket(models.Model):
    """One upstream's rate, shared by every thread, process and host.

    Instants are microseconds of the database's own clock since 1970 (integers, because
    LAST_INSERT_ID carries them); `rate` is requests per second now in force.
    """

    name = models.CharField(max_length=60, primary_key=True)
    next_slot_us = models.BigIntegerField(default=0)
    rate = models.FloatField()
    allowed_rate = models.FloatField()  # as configured; `rate` creeps back to it
    cut_at_us = models.BigIntegerField(default=0)  # of the last halving
    resume_at_us = models.BigIntegerField(default=0)  # end of the pause that the last 429 asked
    crept_at_us = models.BigIntegerField(default=0)  # of the last step back up
    cuts = models.BigIntegerField(default=0)  # counts incidents, so that each halves once
    strikes = models.IntegerField(default=0)  # incidents since the last success
    reason = models.CharField(max_length=200, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.rate:g}/s"


class QuarantinedRow(models.Model):
    """A row of an import or a feed that could not be taken, whole, with the reasons."""

    source = models.CharField(max_length=200)  # file name or feed
    line = models.PositiveBigIntegerField()  # 1-based line of the source, header included
    reason = models.TextField()
    raw = models.TextField()
    at = models.DateTimeField()
    run_id = models.BigIntegerField(null=True)  # a plain number: lib knows no engine
    reader = models.CharField(max_length=60, default="", blank=True)  # who can take it: replaying

    class Meta:
        indexes = [models.Index(fields=["source", "line"], name="quarantine_source")]
        permissions = [
            ("replay_quarantinedrow", "Can mend and replay a quarantined row"),
            ("discard_quarantinedrow", "Can discard a quarantined row"),
        ]
        verbose_name = "row in quarantine"
        verbose_name_plural = "rows in quarantine"

    def __str__(self) -> str:
        return f"{self.source}:{self.line} {self.reason}"


class AuditEntry(models.Model):
    """Who did what, when and why; append-only."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)  # survives the account; commands write theirs
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, default="", blank=True)
    count = models.PositiveIntegerField(default=1)
    why = models.TextField(default="", blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["action", "at"], name="audit_action"),
            models.Index(fields=["actor_name", "at"], name="audit_actor"),
            # Who never did such a thing is found to have not, without reading all that they did.
            models.Index(fields=["actor_name", "action", "at"], name="audit_actor_action"),
            models.Index(fields=["target"], name="audit_target"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"


class LockMode(models.TextChoices):
    FOREVER = "forever"
    DATE = "date"  # until `until`
    PASSED = "passed"  # until the show has passed: the row's own app knows when
    AGREES = "agrees"  # until the feed says what the row says


class FieldLock(models.Model):
    """A field of a row that an operator keeps from feeds, whatever they say."""

    table = models.CharField(max_length=60)  # "reconcile.mastershow"
    row = models.CharField(max_length=64)  # its key
    field = models.CharField(max_length=60)
    mode = models.CharField(max_length=7, choices=LockMode, default=LockMode.FOREVER)
    until = models.DateTimeField(null=True, blank=True)
    feed_value = models.JSONField(null=True, blank=True)  # what the feed said when it was locked
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    why = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "row", "field"], name="field_lock_key")
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.table} {self.row}"
