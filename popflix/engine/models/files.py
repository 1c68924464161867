"""Files that runs attach: in the database, so that every host can hand them out."""

from __future__ import annotations

from django.db import models

from popflix.engine.models.runs import Run


class RunFile(models.Model):
    """One file of a run, written once."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="files")
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    size = models.PositiveIntegerField()  # bytes
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="run_file_name")]

    def __str__(self) -> str:
        return self.name
