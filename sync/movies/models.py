"""Movies and series as TMDB knows them, the work of fetching them, and where values come from."""

from __future__ import annotations

from django.db import models

from popflix.engine.models import WorkRow
from sync.links.models import TCONST_LENGTH, Title

PATH_LENGTH = 255
STATUS_LENGTH = 40
LANGUAGE_LENGTH = 10


class MediaType(models.TextChoices):
    """TMDB numbers films and series apart: an id means something only with its type."""

    MOVIE = "movie", "Movie"
    TV = "tv", "Series"


class UpstreamState(models.TextChoices):
    LIVE = "live", "On TMDB"
    GONE = "gone", "Gone from TMDB"  # answered 404; the row is kept
    MERGED = "merged", "Merged into another"  # `merged_into` names it


class StoredPayload(models.Model):
    """One body as it was received, compressed, under the SHA-256 of its bytes.

    Equal bodies are one row: what comes again unchanged costs nothing.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    body = models.BinaryField()  # zlib
    size = models.PositiveIntegerField()  # of the body as received
    kind = models.CharField(max_length=5)  # movie, tv
    first_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Movie(models.Model):
    """A film or series. `updated_at` moves exactly when a field of the first block changes."""

    # What it is
    media_type = models.CharField(max_length=5, choices=MediaType, default=MediaType.MOVIE)
    tmdb_id = models.PositiveIntegerField()
    imdb_id = models.CharField(
        max_length=TCONST_LENGTH, default="", blank=True
    )  # see ImdbConflict
    title = models.TextField(default="", blank=True)
    original_title = models.TextField(default="", blank=True)
    original_language = models.CharField(max_length=LANGUAGE_LENGTH, default="", blank=True)
    year = models.SmallIntegerField(null=True, blank=True)
    release_date = models.DateField(null=True, blank=True)  # of a series: its first air date
    release_date_known = models.BooleanField(default=False)
    runtime = models.PositiveIntegerField(null=True, blank=True)  # minutes
    status = models.CharField(max_length=STATUS_LENGTH, default="", blank=True)
    adult = models.BooleanField(null=True, blank=True)
    popularity = models.FloatField(null=True, blank=True)
    poster_path = models.CharField(max_length=PATH_LENGTH, default="", blank=True)
    main_poster = models.CharField(max_length=2048, default="", blank=True)  # the whole address
    backdrop_path = models.CharField(max_length=PATH_LENGTH, default="", blank=True)
    main_backdrop = models.CharField(max_length=2048, default="", blank=True)
    genres = models.JSONField(default=list, blank=True)  # [{id, name}]
    genre_ids = models.JSONField(default=list, blank=True)
    cast_ids = models.JSONField(default=list, blank=True)  # in TMDB's order, each once
    crew_ids = models.JSONField(default=list, blank=True)

    # Why it holds that: {field: source}; a field that is not named has TMDB's value.
    origins = models.JSONField(default=dict, blank=True)
    payload = models.ForeignKey(
        StoredPayload, models.SET_NULL, null=True, blank=True, related_name="movies"
    )
    fetched_at = models.DateTimeField(null=True, blank=True)  # of the last answer, changed or not

    # Upstream and here
    upstream_state = models.CharField(
        max_length=6, choices=UpstreamState, default=UpstreamState.LIVE
    )
    merged_into = models.PositiveIntegerField(null=True, blank=True)  # TMDB's id of the other
    excluded_at = models.DateTimeField(
        null=True, blank=True
    )  # hidden, and no crawl brings it back
    excluded_by = models.CharField(max_length=150, default="", blank=True)
    excluded_why = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["media_type", "tmdb_id"], name="movie_key"),
        ]
        indexes = [
            models.Index(fields=["imdb_id"], name="movie_by_imdb_id"),
            # The filters of the admin's list
            models.Index(fields=["year"], name="movie_of_a_year"),
            models.Index(fields=["upstream_state"], name="movie_of_a_state"),
            models.Index(fields=["popularity"], name="movie_by_popularity"),
            models.Index(fields=["fetched_at"], name="movie_by_age"),
            models.Index(fields=["excluded_at"], name="movie_by_exclusion"),
            models.Index(fields=["poster_path"], name="movie_by_poster"),
        ]  # and by the title's beginning: migration 0030

    def __str__(self) -> str:
        return f"{self.title or 'Untitled'} ({self.media_type} {self.tmdb_id})"


class AskedBy(models.TextChoices):
    """Why an id is fetched."""

    EXPORT = "export", "The daily id export"
    DISCOVER = "discover", "The discover list"
    CHANGES = "changes", "The changes feed"
    OPERATOR = "operator", "An operator"
    AGE = "age", "Its age"


class MovieFetch(WorkRow):
    """The work of fetching one id, which is known before anything else of its movie is."""

    media_type = models.CharField(max_length=5, choices=MediaType, default=MediaType.MOVIE)
    tmdb_id = models.PositiveIntegerField()
    movie = models.ForeignKey(
        Movie, models.SET_NULL, null=True, blank=True, related_name="fetches"
    )
    asked_by = models.CharField(max_length=8, choices=AskedBy)  # first
    first_seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "movie fetches"
        constraints = [
            models.UniqueConstraint(fields=["media_type", "tmdb_id"], name="movie_fetch_key"),
        ]
        indexes = [
            models.Index(fields=["lane", "due_at"], name="movie_fetch_claim"),
            models.Index(  # dead letters
                fields=["failure_kind", "error_group", "given_up_at"], name="movie_fetch_letters"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.tmdb_id}"


class RatingSource(models.TextChoices):
    """Who rates; the values of `sync.movies.ratings.RatingSource`."""

    TMDB = "tmdb", "TMDB"
    IMDB = "imdb", "IMDb"
    METACRITIC = "metacritic", "Metacritic"
    ROTTEN_TOMATOES = "rotten_tomatoes", "Rotten Tomatoes"
    LETTERBOXD = "letterboxd", "Letterboxd"


class MovieRating(models.Model):
    """What one source says of a movie; no source ever touches another's row."""

    movie = models.ForeignKey(  # the key begins with it
        Movie, models.CASCADE, db_index=False, related_name="ratings"
    )
    source = models.CharField(max_length=15, choices=RatingSource)
    value = models.DecimalField(max_digits=6, decimal_places=3)
    scale = models.PositiveSmallIntegerField()  # the best possible: 5, 10, 100
    votes = models.PositiveIntegerField(null=True, blank=True)  # None: the source tells none
    rated_at = models.DateTimeField()  # when the source said so
    from_what = models.CharField(max_length=100, default="", blank=True)  # answer or file

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["movie", "source"], name="movie_rating_key"),
        ]
        indexes = [models.Index(fields=["source", "movie"], name="movie_rating_of_source")]

    def __str__(self) -> str:
        return f"{self.source} {self.value:g}/{self.scale}"


class ConflictKind(models.TextChoices):
    SHARED = "shared", "Another movie has this IMDb id"
    CHANGED = "changed", "The movie has another IMDb id"  # which it keeps
    LINKS = "links", "The title's media links lead to another TMDB record"


class ImdbConflict(models.Model):
    """An IMDb id that TMDB names and that does not agree with what is held; for an operator."""

    imdb_id = models.CharField(max_length=TCONST_LENGTH)
    movie = models.ForeignKey(  # the key begins with it
        Movie, models.CASCADE, db_index=False, related_name="imdb_conflicts"
    )
    other_movie = models.ForeignKey(Movie, models.CASCADE, null=True, blank=True, related_name="+")
    other_title = models.ForeignKey(
        Title, models.SET_NULL, null=True, blank=True, db_constraint=False, related_name="+"
    )
    kind = models.CharField(max_length=7, choices=ConflictKind)
    found_at = models.DateTimeField()

    class Meta:
        verbose_name = "conflict of IMDb ids"
        verbose_name_plural = "conflicts of IMDb ids"
        constraints = [
            models.UniqueConstraint(fields=["movie", "kind", "imdb_id"], name="imdb_conflict_key"),
        ]
        indexes = [models.Index(fields=["found_at"], name="imdb_conflict_newest")]

    def __str__(self) -> str:
        return f"{self.imdb_id} of {self.movie_id}: {self.kind}"
