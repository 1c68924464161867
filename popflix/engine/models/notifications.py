"""The outbox of notifications: one row per cause and channel."""

from __future__ import annotations

from django.db import models

from popflix.engine.models.work import WorkRow


class Channel(models.TextChoices):
    EMAIL = "email"
    WEBHOOK = "webhook"


class Notification(WorkRow):
    """Stored in the transaction of what it tells; sent later, tried again until given up."""

    # What it is about, such as "failing:import-imdb:17"; never told twice on one channel.
    cause = models.CharField(max_length=190)
    channel = models.CharField(max_length=10, choices=Channel)
    kind = models.CharField(max_length=20)  # failure, recovery, held
    subject = models.CharField(max_length=200)
    body = models.TextField()
    payload = models.JSONField(default=dict)  # what the webhook's JSON carries beside the text
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause", "channel"], name="notification_cause")
        ]
        indexes = [models.Index(fields=["lane", "due_at"], name="notification_claim")]

    def __str__(self) -> str:
        return self.subject
