"""SyncShow (staging) and MasterShow, in the very tables and columns of the seed's users.

Both are adopted where they exist (docs/adr/0002-adopt-existing-tables.md). What popflix itself
needs beside the seed's columns is nullable or has a database default.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from reconcile.shows.fields import ExactText

TEXT_LENGTH = 191  # of the seed's VARCHARs; adopted columns hold no more


class Show(models.Model):
    """The seed's columns. `show_time` is UTC; text is compared by letter, not by collation."""

    id = models.AutoField(primary_key=True)
    movie_id = ExactText(max_length=TEXT_LENGTH, db_column="movieID")
    cinema_id = models.IntegerField(db_column="cinemaId")
    screen_name = ExactText(max_length=TEXT_LENGTH, db_column="screenName")
    show_time = models.DateTimeField(db_column="showTime")
    title = ExactText(max_length=TEXT_LENGTH)
    rating = ExactText(max_length=TEXT_LENGTH, null=True)
    length = models.IntegerField(null=True)  # minutes
    format = ExactText(max_length=TEXT_LENGTH, null=True)
    genere = ExactText(max_length=TEXT_LENGTH, null=True)
    # The feed's own word ("Y", "N", "1"); which words mean active is the mapping's to know.
    is_active = ExactText(max_length=TEXT_LENGTH, null=True, db_column="isActive")
    image_url = ExactText(max_length=TEXT_LENGTH, null=True, db_column="imageUrl")
    created_at = models.DateTimeField(db_column="createdAt", db_default=Now())
    updated_at = models.DateTimeField(db_column="updatedAt", db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.title} {self.show_time:%Y-%m-%d %H:%M} {self.screen_name}"


class SyncShow(Show):
    """Staging: of each source's cinemas exactly what its newest load says."""

    class Meta:
        db_table = "SyncShow"
        # Cinema first: what is compared, replaced and listed together stands together.
        constraints = [
            models.UniqueConstraint(
                fields=["cinema_id", "show_time", "screen_name", "movie_id"], name="sync_show_key"
            )
        ]
        # The key's own index serves, but for an adopted table, whose key begins with movieID.
        indexes = [models.Index(fields=["cinema_id", "show_time"], name="sync_show_of_cinema")]


class MasterShow(Show):
    """The single source of truth that a site reads."""

    # Why a row is inactive where no feed says so: absent from loads that covered it, since then.
    missing_since = models.DateTimeField(null=True)
    # In how many loads in a row that covered it the show was absent.
    missing_loads = models.PositiveSmallIntegerField(null=True)
    # The newest of them, so that judging one load twice counts it once.
    missing_in_load = models.BigIntegerField(null=True)

    class Meta:
        db_table = "MasterShow"
        constraints = [
            models.UniqueConstraint(
                fields=["cinema_id", "show_time", "screen_name", "movie_id"],
                name="master_show_key",
            )
        ]
        indexes = [
            # With `missing_since`, so that counting who is there reads no row.
            models.Index(
                fields=["cinema_id", "show_time", "missing_since"], name="master_show_of_cinema"
            ),
            models.Index(fields=["movie_id", "show_time"], name="master_show_of_movie"),
            # For the list's filters, which look for few among very many.
            models.Index(fields=["missing_since"], name="master_show_missing"),
            models.Index(fields=["is_active"], name="master_show_by_word"),
        ]
