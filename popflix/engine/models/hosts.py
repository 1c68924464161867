"""Who supervises workers, so that an operator sees whether anybody is there to work."""

from __future__ import annotations

from django.db import models


class Supervisor(models.Model):
    """One `manage.py work`, alive while it beats; its row goes when it ends."""

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    process_started_at = models.CharField(max_length=40, default="")  # as the kernel tells it
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    workers = models.PositiveSmallIntegerField()  # processes of its main cluster
    replaced_count = models.PositiveIntegerField(default=0)  # clusters it had to replace

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "pid"], name="supervisor_process")]

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"
