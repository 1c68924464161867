"""What a crawl has listed, how far it is, what it could not read, and what came of it."""

from __future__ import annotations

from django.db import models

from sync.movies.models import MediaType

REASON_LENGTH = 200


class CrawlSource(models.TextChoices):
    EXPORT = "export", "The daily id export"
    DISCOVER = "discover", "The discover list"
    CHANGES = "changes", "The changes feed"


class CrawlState(models.TextChoices):
    LISTING = "listing", "Listing ids"
    FETCHING = "fetching", "Fetching what was listed"
    DONE = "done", "Done"


class Crawl(models.Model):
    """One walk through a source of ids. `cursor` and windows move with the rows they stand for."""

    media_type = models.CharField(max_length=5, choices=MediaType, default=MediaType.MOVIE)
    source = models.CharField(max_length=8, choices=CrawlSource)
    params = models.JSONField(default=dict, blank=True)  # which ids: what else was asked is not
    state = models.CharField(max_length=8, choices=CrawlState, default=CrawlState.LISTING)
    run = models.ForeignKey(  # the one that lists, or did last
        "engine.Run", models.SET_NULL, null=True, db_constraint=False, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)  # of changes: the last day that was read

    export_name = models.CharField(max_length=60, default="", blank=True)
    export_sha256 = models.CharField(max_length=64, default="", blank=True)  # of the packed file
    cursor = models.PositiveIntegerField(default=0)  # lines of the export that are dealt with

    listed_count = models.PositiveIntegerField(default=0)  # ids that were read
    new_count = models.PositiveIntegerField(default=0)  # that nobody had asked for before
    # Titles without a date, which no window of dates reaches.
    undated_count = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["media_type", "source", "state"], name="crawl_open")]

    def __str__(self) -> str:
        return f"Crawl {self.pk}: {self.media_type} by {self.source}, {self.state}"


class WindowState(models.TextChoices):
    NEW = "new", "Not looked at"
    PAGES = "pages", "Its pages are read"
    DONE = "done", "Read whole"
    SPLIT = "split", "Split in two"
    SHORT = "short", "Read, and some are missing"


class CrawlWindow(models.Model):
    """A span of dates of a crawl; without dates: all titles, which are only counted."""

    crawl = models.ForeignKey(Crawl, models.CASCADE, db_index=False, related_name="windows")
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)
    order = models.CharField(max_length=40, default="", blank=True)  # as the upstream sorts
    total_pages = models.PositiveIntegerField(null=True, blank=True)
    total_results = models.PositiveIntegerField(null=True, blank=True)
    next_page = models.PositiveIntegerField(default=1)  # all before it are dealt with
    passes = models.PositiveSmallIntegerField(default=0)  # through all pages
    state = models.CharField(max_length=5, choices=WindowState, default=WindowState.NEW)

    class Meta:
        indexes = [models.Index(fields=["crawl", "state"], name="crawl_window_open")]

    def __str__(self) -> str:
        return f"{self.from_date} to {self.to_date}" if self.from_date else "all titles"


class CrawlGap(models.Model):
    """A part of a source that could not be read. A page is asked for again; a line is not."""

    crawl = models.ForeignKey(Crawl, models.CASCADE, db_index=False, related_name="gaps")
    window = models.ForeignKey(CrawlWindow, models.CASCADE, null=True, blank=True)
    page = models.PositiveIntegerField(null=True, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=REASON_LENGTH)
    attempts = models.PositiveSmallIntegerField(default=1)
    found_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)  # NULL: no further try by itself
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["crawl", "resolved_at"], name="crawl_gap_open")]

    def __str__(self) -> str:
        if self.line is not None:
            return f"line {self.line}"
        return f"page {self.page} of {self.window}" if self.page else str(self.window)


class Certificate(models.Model):
    """How much of an export is held, at one instant."""

    crawl = models.ForeignKey(
        Crawl, models.SET_NULL, null=True, blank=True, related_name="certificates"
    )
    media_type = models.CharField(max_length=5, choices=MediaType, default=MediaType.MOVIE)
    export_name = models.CharField(max_length=100)
    made_at = models.DateTimeField(db_index=True)
    in_export = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    merged = models.PositiveIntegerField()  # under another number
    gone = models.PositiveIntegerField()
    excluded = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()
    beyond = models.PositiveIntegerField()  # held, and not in the export
    percent = models.FloatField()  # of those that are neither gone nor excluded
    undated = models.PositiveIntegerField(null=True, blank=True)
    gaps = models.JSONField(default=list, blank=True)  # in words, the first of them
    gap_count = models.PositiveIntegerField(default=0)
    missing_ids = models.BinaryField(default=b"")  # all of them: `sync.movies.idset`
    beyond_ids = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"{self.percent:.2f} % of {self.export_name}"
