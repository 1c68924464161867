"""Where a movie can be watched: the last known answers, the checks behind them, their history."""

from __future__ import annotations

from django.db import models

from popflix.engine.models import WorkRow
from sync.movies.models import Movie, StoredPayload

NAME_LENGTH, HOST_LENGTH, RULE_LENGTH = 30, 100, 40


class ProviderKind(models.TextChoices):
    """The values of `sync.availability.types.Kind`."""

    TMDB = "tmdb", "TMDB's watch providers"
    URL = "url", "An address per title"
    LIST = "list", "A list of ids"


class Provider(models.Model):
    """A provider that POPFLIX_PROVIDERS names, or named once. How it is asked stands there."""

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    kind = models.CharField(max_length=4, choices=ProviderKind)
    first_seen_at = models.DateTimeField()
    # Its controls, as they were probed last
    controls_at = models.DateTimeField(null=True, blank=True)
    controls_agree = models.BooleanField(null=True, blank=True)  # None: they could not be asked
    controls_told = models.CharField(max_length=300, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class Answer(models.TextChoices):
    """What is known; nothing is the empty string."""

    AVAILABLE = "available", "Available"
    UNAVAILABLE = "unavailable", "Unavailable"


class Outcome(models.TextChoices):
    """What the last check found; the values of `sync.availability.types.Found`."""

    AVAILABLE = "available", "Available"
    UNAVAILABLE = "unavailable", "Unavailable"
    UNKNOWN = "unknown", "Unknown"


class Availability(WorkRow):
    """One movie at one provider, in one region or (region "") as a whole.

    The row without a region is the one that is checked: it alone ever has a `due_at`. Where the
    provider tells regions apart, each configured one has a row beside it, written by the same
    check. No row at all means: never checked.
    """

    movie = models.ForeignKey(  # the key begins with it
        Movie, models.CASCADE, db_index=False, related_name="availabilities"
    )
    provider = models.ForeignKey(
        Provider, models.CASCADE, db_index=False, related_name="availabilities"
    )
    region = models.CharField(max_length=2, default="", blank=True)  # ISO 3166-1
    season = models.PositiveSmallIntegerField(default=0)  # 0, 0: the film, the whole series
    episode = models.PositiveSmallIntegerField(default=0)

    status = models.CharField(max_length=11, choices=Answer, default="", blank=True)
    status_since = models.DateTimeField(null=True, blank=True)  # when it became that
    confirmed_at = models.DateTimeField(null=True, blank=True)  # last check that found the same
    last_outcome = models.CharField(max_length=11, choices=Outcome, default="", blank=True)
    last_checked = models.DateTimeField(null=True, blank=True)
    # Checks in a row that found the opposite of `status`, and the first of them.
    agreement_count = models.PositiveSmallIntegerField(default=0)
    differs_since = models.DateTimeField(null=True, blank=True)

    # What the last check rests on
    code = models.PositiveSmallIntegerField(null=True, blank=True)  # of HTTP
    final_host = models.CharField(max_length=HOST_LENGTH, default="", blank=True)
    rule = models.CharField(max_length=RULE_LENGTH, default="", blank=True)
    excerpt_sha256 = models.CharField(max_length=64, default="", blank=True)
    offers = models.JSONField(null=True, blank=True)  # of a region; see `types.Judged`
    document = models.ForeignKey(  # the whole answer, of the row without a region
        StoredPayload, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "availabilities"
        permissions = [("recheck_availability", "Can have availability checked again")]
        constraints = [
            models.UniqueConstraint(
                fields=["movie", "provider", "region", "season", "episode"],
                name="availability_key",
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "lane", "due_at"], name="availability_claim"),
            models.Index(fields=["provider", "region", "status"], name="availability_of_status"),
            models.Index(
                fields=["provider", "last_outcome", "last_checked"], name="availability_by_check"
            ),
            models.Index(  # dead letters
                fields=["failure_kind", "error_group", "given_up_at"],
                name="availability_letters",
            ),
            models.Index(fields=["provider", "differs_since"], name="availability_in_doubt"),
        ]

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"{self.movie_id} at {self.provider_id}{where}: {self.status or 'not known'}"

    @property
    def is_available(self) -> bool | None:
        """The seed's boolean; None where nothing is known."""
        return None if not self.status else self.status == Answer.AVAILABLE


class AvailabilityFlip(models.Model):
    """A change of `status`, with what it rested on; the first answer is one from nothing."""

    availability = models.ForeignKey(  # the index begins with it
        Availability, models.CASCADE, db_index=False, related_name="flips"
    )
    at = models.DateTimeField()
    before = models.CharField(max_length=11, choices=Answer, default="", blank=True)
    after = models.CharField(max_length=11, choices=Answer)
    code = models.PositiveSmallIntegerField(null=True, blank=True)
    final_host = models.CharField(max_length=HOST_LENGTH, default="", blank=True)
    rule = models.CharField(max_length=RULE_LENGTH, default="", blank=True)
    run = models.ForeignKey(
        "engine.Run", models.SET_NULL, null=True, db_constraint=False, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["availability", "at"], name="availability_history")]

    def __str__(self) -> str:
        return f"{self.before or 'nothing'} → {self.after}"


class ProviderHour(models.Model):
    """What one provider's mirror answered within one hour (UTC), added up with each batch."""

    provider = models.ForeignKey(  # the key begins with it
        Provider, models.CASCADE, db_index=False, related_name="hours"
    )
    mirror = models.CharField(max_length=HOST_LENGTH, default="", blank=True)
    hour = models.DateTimeField()
    available_count = models.PositiveIntegerField(default=0)
    unavailable_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0)
    control_count = models.PositiveIntegerField(default=0)
    control_wrong_count = models.PositiveIntegerField(default=0)
    limited_count = models.PositiveIntegerField(default=0)  # 429
    refused_count = models.PositiveIntegerField(default=0)  # 401, 403, foreign redirects
    fault_count = models.PositiveIntegerField(default=0)  # 5xx, time-outs, network
    answer_ms = models.PositiveBigIntegerField(
        default=0
    )  # the sum over answers that said something
    slowest_ms = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "mirror", "hour"], name="provider_hour_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.mirror} {self.hour:%Y-%m-%d %H}h"
