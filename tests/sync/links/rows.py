"""Rows for the tests of enrichment, in one line each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from popflix.engine.models import Run, RunStatus
from sync.links.models import Enrichment, MediaLinks, Title

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
POSTER = "https://image.tmdb.org/t/p/w500/old.jpg"
TRAILER = "https://www.youtube.com/embed/oldoldoldol"


def tconst(number: int) -> str:
    return f"tt99{number:06d}"


def title(number: int = 1, **facts: Any) -> Title:
    given = {"title_type": "movie", "primary_title": f"Film {number}", "start_year": 2019}
    given["original_title"] = facts.get("primary_title", given["primary_title"])
    return Title.objects.create(tconst=tconst(number), **{**given, **facts})


def link(number: int = 1, *, work: dict[str, Any] | None = None, **facts: Any) -> MediaLinks:
    """A title with its link and its work row, PENDING and due at NOW unless told otherwise."""
    title_facts = {
        name: facts.pop(name)
        for name in ("title_type", "primary_title", "original_title", "start_year")
        if name in facts
    }
    made = MediaLinks.objects.create(
        title=title(number, **title_facts), **{"last_updated": LONG_AGO, **facts}
    )
    Enrichment.objects.create(link=made, **{"due_at": NOW, **(work or {})})
    return made


def answered(number: int = 1, **work: Any) -> MediaLinks:
    """A link that TMDB answered long ago."""
    facts = {"fetched_at": LONG_AGO, "media_type": "movie", **work}
    return link(
        number,
        tmdb_id=9_000_000 + number,
        poster_url=POSTER,
        trailer_embed_url=TRAILER,
        processed_status="SUCCESS",
        work=facts,
    )


def stored_link(number: int = 1) -> MediaLinks:
    return MediaLinks.objects.get(pk=tconst(number))


def stored_work(number: int = 1) -> Enrichment:
    return Enrichment.objects.get(pk=tconst(number))


def running_run() -> Run:
    return Run.objects.create(
        unit="sync-media-links", trigger="command", status=RunStatus.RUNNING, queued_at=NOW
    )
