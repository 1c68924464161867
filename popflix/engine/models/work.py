"""Rows that workers claim: the columns that every domain's work shares."""

from __future__ import annotations

from django.db import models


class Lane(models.IntegerChoices):
    """Claims go lane by lane, so an operator's row never waits behind a backfill."""

    OPERATOR = 0
    ON_SALE = 1
    SCHEDULE = 2
    BACKFILL = 3


class WorkRow(models.Model):
    """Columns of a row that workers claim.

    Concrete models add `indexes = [Index(fields=["lane", "due_at"])]` under a name of their own,
    and where many rows are expected `Index(fields=["failure_kind", "error_group",
    "given_up_at"])`, by which dead letters are found.
    """

    # NULL = only when an operator asks. A claim sets it to the lease's end, a failure to its
    # back-off, success to the refresh date: one column, one index, no OR in the claim.
    due_at = models.DateTimeField(null=True)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.BACKFILL)
    lease_token = models.CharField(max_length=60, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # counted at claim, before the work
    failure_kind = models.CharField(max_length=20, default="", blank=True)
    # `last_error` without its figures: the group under which dead letters are shown.
    error_group = models.CharField(max_length=120, default="", db_default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    # When it was given up, with due_at NULL: a dead letter until somebody retries or discards it.
    # Every settling writes it: the instant, or NULL.
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
