"""What is kept of a run beside its row, for whoever looks at it: both go with it."""

from __future__ import annotations

from django.db import models

from popflix.engine.models.runs import Run


class RunSample(models.Model):
    """How far a run was at an instant; the more seldom the longer it lasts (`recording`)."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    done_count = models.PositiveIntegerField()
    failed_count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.run_id}: {self.done_count} at {self.at:%H:%M:%S}"


class RunLog(models.Model):
    """The last lines that a run's body logged or noted, without secrets."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="log")
    text = models.TextField()
    at = models.DateTimeField()  # when it was stored last

    def __str__(self) -> str:
        return f"log of run {self.run_id}"
