"""Schedules: when the watcher starts a unit by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models

from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.schedules.cadence import Cadence, fires_at, next_slot
from popflix.lib.clock import SYSTEM_CLOCK, Clock

DECLARED = "code"  # the origin of what a unit declares
GONE = "Its unit declares no timetable any more."


class Overlap(models.TextChoices):
    """What becomes of a firing while an earlier run of the same schedule is active."""

    SKIP = "skip"  # recorded as skipped, with the run that is in the way
    QUEUE = "queue"  # one run waits behind the active one; further firings are skipped


class Schedule(models.Model):
    """Fires at most once per slot: firing is a compare-and-set on `next_at`."""

    unit = models.CharField(max_length=100)
    # Exactly one of the two says when.
    cron = models.CharField(max_length=100, default="", blank=True, help_text="0 4 * * 1-5")
    every_seconds = models.PositiveIntegerField(null=True, blank=True)
    time_zone = models.CharField(
        max_length=60, default="UTC", help_text="in which cron is meant, such as Europe/Berlin"
    )
    overlap = models.CharField(max_length=5, choices=Overlap, default=Overlap.SKIP)
    jitter_seconds = models.PositiveIntegerField(default=0)  # a firing comes up to so much later
    params = models.JSONField(default=dict, blank=True)
    is_enabled = models.BooleanField(default=True)
    # "code" for what a unit declares (one per unit, made by itself), else "".
    origin = models.CharField(max_length=10, default="", blank=True, editable=False)
    # Of a declared one: its unit, so that two watchers make one row; and what it was made from,
    # so that a changed declaration reaches the row unless an operator has changed it.
    declared_unit = models.CharField(  # noqa: DJ001 - NULL is what unique leaves alone
        max_length=100, null=True, unique=True, editable=False
    )
    declared_as = models.CharField(max_length=250, default="", blank=True, editable=False)

    # What the watcher keeps
    slot_at = models.DateTimeField(null=True, editable=False)  # the slot of next_at, no jitter
    next_at = models.DateTimeField(null=True, editable=False)  # NULL: to be computed
    error = models.TextField(default="", blank=True, editable=False)  # why it cannot fire

    class Meta:
        indexes = [models.Index(fields=["is_enabled", "next_at"], name="schedule_due")]

    def __str__(self) -> str:
        return f"{self.unit}: {self.cadence}"

    def save(
        self,
        *args: Any,
        clock: Clock = SYSTEM_CLOCK,
        registry: Registry = all_units,
        **kwargs: Any,
    ) -> None:
        """Store a schedule that can fire, by whatever door. Raises ValidationError.

        A new or changed cadence fires next at its first slot from now on. Any other change leaves
        what the watcher keeps alone: it may have moved on since this row was read.
        """
        from popflix.engine.schedules.checking import require_valid

        now = clock.now()
        self.clean_fields()
        require_valid(self, registry, now)
        chosen = kwargs.pop("update_fields", None)
        fields = None if chosen is None else set(chosen)
        is_new = self._state.adding
        if is_new or self._is_changed():
            self._begin(now)
            fields = fields and fields | {*_KEPT, *_DECLARED}
        elif fields is None:
            kept = {*_KEPT, *_DECLARED, "id"}
            fields = {each.name for each in self._meta.concrete_fields} - kept
        super().save(*args, update_fields=fields, **kwargs)
        if is_new and self.jitter_seconds and self.slot_at:  # drawn by its number, known now
            self.plan(self.slot_at)
            Schedule.objects.filter(pk=self.pk).update(next_at=self.next_at)

    @property
    def cadence(self) -> Cadence:
        return Cadence(self.cron, self.every_seconds, self.time_zone)

    def clean(self) -> None:
        """Raises ValidationError, by field, for what the watcher could not start."""
        from popflix.engine.schedules.checking import require_valid

        require_valid(self, all_units, SYSTEM_CLOCK.now())

    def _is_changed(self) -> bool:
        stored = Schedule.objects.filter(pk=self.pk).values(*_CADENCE, "error").first()
        if stored is None or stored.pop("error"):
            return True
        return any(getattr(self, name) != value for name, value in stored.items())

    def _begin(self, now: dt.datetime) -> None:
        if self.error == GONE and self.is_enabled:  # whoever enables it wants it as their own
            self.origin, self.declared_unit, self.declared_as = "", None, ""
        self.error = ""
        self.plan(next_slot(self.cadence, now))

    def plan(self, slot: dt.datetime) -> None:
        """Fire next for this slot."""
        self.slot_at = slot
        self.next_at = fires_at(slot, key=self.pk or 0, jitter_seconds=self.jitter_seconds)


_CADENCE = ("cron", "every_seconds", "time_zone", "jitter_seconds", "is_enabled")
_KEPT = ("slot_at", "next_at", "error")
_DECLARED = ("origin", "declared_unit", "declared_as")
