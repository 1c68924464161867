"""Titles and their media links, in the very tables and columns of the seed's users.

`Title` and `MediaLinks` are adopted where they exist (docs/adr/0002-adopt-existing-tables.md);
what popflix itself needs to remember about a link lives in `Enrichment`, its 1:1 companion, so
that a claim never stamps `last_updated`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler

from popflix.engine.models import WorkRow

if TYPE_CHECKING:  # the stubs' fields are generic, Django's own are not
    TextColumn = models.CharField[str, str]
    InstantColumn = models.DateTimeField[Any, Any]
else:
    TextColumn = models.CharField
    InstantColumn = models.DateTimeField

TCONST_LENGTH = 16  # IMDb's ids have at most 10 characters in 2026; the seed's VARCHAR(10) is full


class ProcessedStatus(models.TextChoices):
    """The seed's three states."""

    PENDING = "PENDING"  # never answered, or a transient fault to be tried again
    SUCCESS = "SUCCESS"  # TMDB answered; a missing poster or trailer is a stored reason
    FAILED = "FAILED"  # not found, ambiguous, unreadable, refused or given up


class FailureKind(models.TextChoices):
    NOT_FOUND = "not_found", "Not on TMDB"  # asked again after 30 days
    AMBIGUOUS = "ambiguous", "Several candidates"  # kept for an operator
    BAD_PAYLOAD = "bad_payload", "Unreadable answer"  # TMDB's answer breaks its own form
    REJECTED = "rejected", "Request refused"  # TMDB calls the request malformed: our bug
    GAVE_UP = "gave_up", "Gave up"  # transient faults until the attempts ran out


# Asked no more until somebody says so; a title that TMDB does not know is asked again by itself.
GIVEN_UP_KINDS = tuple(kind.value for kind in FailureKind if kind != FailureKind.NOT_FOUND)


class StatusField(TextColumn):
    """The seed's ENUM on MySQL and MariaDB, text elsewhere."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "mysql":
            return "ENUM('PENDING', 'SUCCESS', 'FAILED')"
        return super().db_type(connection)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "sync.links.models.StatusField", args, kwargs


class CurrentTimestamp(Now):
    """Now, on MySQL and MariaDB in whole seconds as the seed's TIMESTAMP keeps them."""

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="CURRENT_TIMESTAMP", **context)


class LastUpdatedField(InstantColumn):
    """The seed's TIMESTAMP … ON UPDATE CURRENT_TIMESTAMP on MySQL and MariaDB.

    `sync.links.store` writes it explicitly, so that it moves exactly when a link changes, on
    SQLite and PostgreSQL too.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "mysql":
            return "TIMESTAMP"
        return super().db_type(connection)

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "mysql":
            return "ON UPDATE CURRENT_TIMESTAMP"
        return super().db_type_suffix(connection)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "sync.links.models.LastUpdatedField", args, kwargs


class Title(models.Model):
    """One row of IMDb's title.basics, under IMDb's own nine column names."""

    tconst = models.CharField(max_length=TCONST_LENGTH, primary_key=True)
    title_type = models.CharField(max_length=20, null=True, db_column="titleType")  # noqa: DJ001
    primary_title = models.TextField(null=True, db_column="primaryTitle")  # noqa: DJ001
    original_title = models.TextField(null=True, db_column="originalTitle")  # noqa: DJ001
    is_adult = models.BooleanField(null=True, db_column="isAdult")
    start_year = models.SmallIntegerField(null=True, db_column="startYear")
    end_year = models.SmallIntegerField(null=True, db_column="endYear")
    runtime_minutes = models.IntegerField(null=True, db_column="runtimeMinutes")
    genres = models.CharField(max_length=255, null=True)  # noqa: DJ001

    class Meta:
        db_table = "TitleBasics"
        # For ranges of primaryTitle there is one more, in each database's own words: 0016.
        indexes = [models.Index(fields=["title_type", "tconst"], name="titles_of_a_type")]

    def __str__(self) -> str:
        return f"{self.primary_title} ({self.tconst})"


class MediaLinks(models.Model):
    """The output: poster and trailer of one title, in the seed's columns."""

    title = models.OneToOneField(
        Title, models.CASCADE, primary_key=True, db_column="imdb_id", related_name="media_links"
    )
    tmdb_id = models.IntegerField(null=True, blank=True)
    poster_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    trailer_embed_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    processed_status = StatusField(
        max_length=7,
        choices=ProcessedStatus,
        default=ProcessedStatus.PENDING,
        db_default=ProcessedStatus.PENDING,
    )
    last_updated = LastUpdatedField(null=True, blank=True, db_default=CurrentTimestamp())

    class Meta:
        db_table = "MediaLinks"
        verbose_name = verbose_name_plural = "media links"
        permissions = [("retry_medialinks", "Can have TMDB asked about a title again")]
        indexes = [
            models.Index(fields=["processed_status", "title"], name="links_of_a_status"),
            models.Index(fields=["tmdb_id"], name="links_by_tmdb_id"),
        ]

    def __str__(self) -> str:
        return self.title_id


class Enrichment(WorkRow):
    """The work of keeping one MediaLinks row true, and why it holds what it holds."""

    link = models.OneToOneField(
        MediaLinks,
        models.CASCADE,
        primary_key=True,
        db_column="imdb_id",
        db_constraint=False,
        related_name="enrichment",
    )
    media_type = models.CharField(max_length=5, default="", blank=True)  # movie, tv
    fetched_at = models.DateTimeField(null=True)  # of the last answer that settled the row
    poster_reason = models.TextField(default="", blank=True)
    trailer_reason = models.TextField(default="", blank=True)
    candidates = models.JSONField(default=list, blank=True)  # of an ambiguous match
    locked_fields = models.JSONField(default=list, blank=True)  # columns an operator chose
    last_run = models.ForeignKey(
        "engine.Run",
        models.SET_NULL,
        null=True,
        db_constraint=False,
        db_index=False,  # enrichment_of_a_run begins with it
        related_name="+",
    )

    class Meta:
        indexes = [
            models.Index(fields=["lane", "due_at"], name="enrichment_claim"),
            models.Index(  # dead letters
                fields=["failure_kind", "error_group", "given_up_at"], name="enrichment_letters"
            ),
            models.Index(fields=["failure_kind", "link"], name="enrichment_of_a_kind"),
            models.Index(fields=["last_run", "link"], name="enrichment_of_a_run"),
        ]

    def __str__(self) -> str:
        return str(self.link_id)


class TitleRating(models.Model):
    """One row of IMDb's title.ratings; popular titles are enriched first."""

    title = models.OneToOneField(
        Title,
        models.CASCADE,
        primary_key=True,
        db_column="tconst",
        db_constraint=False,
        related_name="rating",
    )
    average_rating = models.DecimalField(max_digits=3, decimal_places=1)
    num_votes = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.average_rating} ({self.num_votes})"


class Coverage(models.Model):
    """How much of the titles of the wanted types had its links at one instant (`coverage`)."""

    measured_at = models.DateTimeField(unique=True)
    title_count = models.PositiveIntegerField()
    answered_count = models.PositiveIntegerField()  # SUCCESS
    poster_count = models.PositiveIntegerField()
    trailer_count = models.PositiveIntegerField()
    failed_count = models.PositiveIntegerField()
    pending_count = models.PositiveIntegerField()  # PENDING, or without a links row yet

    class Meta:
        verbose_name_plural = "coverage"

    def __str__(self) -> str:
        return f"{self.answered_count} of {self.title_count} titles answered"
