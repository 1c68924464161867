"""Pauses: the only thing that is stored about a unit; its status is derived."""

from __future__ import annotations

from django.db import models


class Holder(models.TextChoices):
    """Who keeps a unit paused; each holder has at most one pause of a unit."""

    OPERATOR = "operator"  # only an operator ends it
    ALL = "all"  # of stop_all; start_all ends it
    MACHINE = "machine"  # the watcher ends it when its condition holds


class Pause(models.Model):
    """A unit is paused while one of these rows names it. Names are not checked: a pause outlives
    the release of its unit."""

    unit = models.CharField(max_length=100)
    holder = models.CharField(max_length=10, choices=Holder)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    why = models.TextField()
    # Of a machine's pause: the name of its release condition, and what that condition remembers.
    condition = models.CharField(max_length=100, default="")
    memory = models.JSONField(default=dict)
    check_at = models.DateTimeField(null=True)  # when the watcher asks the condition next

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "holder"], name="pause_holder")]
        permissions = [("pause_unit", "Can pause and resume a unit")]

    def __str__(self) -> str:
        return f"{self.unit} paused by {self.by}: {self.why}"
