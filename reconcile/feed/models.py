"""What is remembered of feeds: cinemas, loads, and how many rows each slice of a load had."""

from __future__ import annotations

from django.db import models

from reconcile.shows.fields import ExactText
from reconcile.shows.models import TEXT_LENGTH


class Source(models.Model):
    """One feed by name. Loading and reconciling it share one lease: never both at once."""

    name = ExactText(max_length=60, primary_key=True)
    # As a command gave them; what POPFLIX_FEEDS says of the feed goes before.
    zone = models.CharField(max_length=64, default="", blank=True)
    times = models.CharField(max_length=5, default="", blank=True)
    lease_token = models.CharField(max_length=60, default="", blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.name)


class Cinema(models.Model):
    """Learnt from feeds; `id` is the feed's number. The source that named it first has it."""

    id = models.IntegerField(primary_key=True)
    name = ExactText(max_length=TEXT_LENGTH, default="", blank=True)
    zone = models.CharField(max_length=64, default="", blank=True)  # beats its source's
    source = ExactText(max_length=60)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.name) or f"cinema {self.id}"


class LoadState(models.TextChoices):
    LOADING = "loading"  # staging still shows the load before
    LOADED = "loaded"  # staging shows it
    HELD = "held"  # an empty feed: kept for a person, staging untouched
    FAILED = "failed"  # broken off or no feed: staging untouched


class Load(models.Model):
    """One reading of one source's feed, whole. Reconciling pins the newest one that is loaded."""

    source = ExactText(max_length=60)
    where = models.CharField(max_length=500)  # redacted address or path
    state = models.CharField(max_length=10, choices=LoadState, default=LoadState.LOADING)
    started_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)  # whole: from here on staging can be finished
    finished_at = models.DateTimeField(null=True)
    run_id = models.BigIntegerField(null=True)
    # How its times were read: changing either is a change of every show.
    zone = models.CharField(max_length=64, default="", blank=True)
    times = models.CharField(max_length=5, default="", blank=True)
    read_count = models.PositiveIntegerField(default=0)
    staged_count = models.PositiveIntegerField(default=0)  # distinct keys
    merged_count = models.PositiveIntegerField(default=0)  # duplicates of a key
    quarantined_count = models.PositiveIntegerField(default=0)
    first_show_at = models.DateTimeField(null=True)  # days between first and last are covered
    last_show_at = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)
    checked_at = models.DateTimeField(null=True)  # its programme was looked through for oddities

    class Meta:
        indexes = [models.Index(fields=["source", "state", "-id"], name="load_newest")]

    def __str__(self) -> str:
        return f"{self.source} load {self.pk}"


class LoadSlice(models.Model):
    """How many shows a load has of one cinema on one day: what coverage and guards count by."""

    load = models.ForeignKey(Load, models.CASCADE, related_name="slices")
    cinema_id = models.IntegerField()
    day = models.DateField()  # of the cinema's own zone
    rows = models.PositiveIntegerField()
    active_rows = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["load", "cinema_id", "day"], name="load_slice")
        ]

    def __str__(self) -> str:
        return f"{self.cinema_id} {self.day}: {self.rows}"


LINES_A_LOAD = 2**32


class LoadRow(models.Model):
    """A row of a load on its way into staging, with the columns of `SyncShow`.

    `id` is the load's number times 2^32 plus the row's line: one load is one stretch of the key.
    Rows live for as long as their load is `loading`.
    """

    id = models.BigIntegerField(primary_key=True)
    key_hash = models.BigIntegerField()  # equal for equal keys
    day = models.DateField()  # of the cinema's zone
    movie_id = ExactText(max_length=TEXT_LENGTH, db_column="movieID")
    cinema_id = models.IntegerField(db_column="cinemaId")
    screen_name = ExactText(max_length=TEXT_LENGTH, db_column="screenName")
    show_time = models.DateTimeField(db_column="showTime")
    title = ExactText(max_length=TEXT_LENGTH)
    rating = ExactText(max_length=TEXT_LENGTH, null=True)
    length = models.IntegerField(null=True)
    format = ExactText(max_length=TEXT_LENGTH, null=True)
    genere = ExactText(max_length=TEXT_LENGTH, null=True)
    is_active = ExactText(max_length=TEXT_LENGTH, null=True, db_column="isActive")
    image_url = ExactText(max_length=TEXT_LENGTH, null=True, db_column="imageUrl")

    class Meta:
        indexes = [models.Index(fields=["cinema_id", "show_time"], name="load_row_of_cinema")]

    def __str__(self) -> str:
        return f"{self.title} {self.screen_name}"
