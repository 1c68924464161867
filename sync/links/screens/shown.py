"""One title's media links as its row and its page show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from popflix.lib.addresses import is_http
from sync.links import pictures
from sync.links.models import Enrichment, FailureKind, MediaLinks, ProcessedStatus
from sync.links.screens.pictured import Pictured


@dataclass(frozen=True)
class Record:
    """A record of TMDB that the title could be."""

    media_type: str
    tmdb_id: int
    title: str
    year: str
    imdb_id: str
    is_chosen: bool

    @property
    def name(self) -> str:
        return f"{self.media_type} {self.tmdb_id}"

    @property
    def page(self) -> str:
        return pictures.tmdb_page(self.media_type, self.tmdb_id)


class Shown(Pictured):
    """What templates ask for; `link` comes with its title and its work."""

    def __init__(self, link: MediaLinks) -> None:
        self.link, self.title = link, link.title
        self.tconst = str(link.pk)

    @cached_property
    def work(self) -> Enrichment:
        """An adopted link may have none yet."""
        found: Enrichment | None = getattr(self.link, "enrichment", None)
        return found or Enrichment(link=self.link)

    @property
    def name(self) -> str:
        return self.title.primary_title or "Without a title"

    @property
    def full_name(self) -> str:
        return f"{self.name} ({self.title.start_year})" if self.title.start_year else self.name

    # --- pictures and addresses -----------------------------------------------------------

    @property
    def picture(self) -> str | None:
        return self.link.poster_url

    @property
    def poster_link(self) -> str:
        """Of a poster that the page may not load."""
        return _linked(self.link.poster_url)

    @property
    def trailer(self) -> str:
        return pictures.to_watch(_linked(self.link.trailer_embed_url))

    @property
    def imdb_page(self) -> str:
        return pictures.imdb_page(self.tconst)

    @property
    def tmdb_page(self) -> str:
        found = self.link.tmdb_id
        return pictures.tmdb_page(self.work.media_type, found) if found else ""

    # --- how it stands --------------------------------------------------------------------

    @property
    def is_success(self) -> bool:
        return self.link.processed_status == ProcessedStatus.SUCCESS

    @property
    def asked(self) -> str:
        """What its button says."""
        return "Sync now" if self.is_success else "Retry"

    @property
    def failure(self) -> str:
        kind = self.work.failure_kind
        return str(FailureKind(kind).label) if kind in FailureKind.values else kind

    @property
    def why(self) -> str:
        """What went wrong, else what is missing and why, else why it holds what it holds."""
        work, link = self.work, self.link
        if work.last_error:
            return work.last_error
        reasons = (
            (link.trailer_embed_url, work.trailer_reason),
            (link.poster_url, work.poster_reason),
        )
        missing = [why for url, why in reasons if not url and why]
        named = [("", work.trailer_reason), ("Poster: ", work.poster_reason)]
        chosen = [name + why.partition("; ")[0].rstrip(".") + "." for name, why in named if why]
        told = " ".join(missing or chosen)
        return told or ("Poster and trailer." if work.fetched_at else "Not asked yet.")

    @property
    def tried_at(self) -> dt.datetime | None:
        known = (self.work.fetched_at, self.work.given_up_at)
        return max((each for each in known if each is not None), default=None)

    @property
    def locks(self) -> list[str]:
        names = {"tmdb_id": "TMDB id", "poster_url": "poster", "trailer_embed_url": "trailer"}
        return [names.get(each, each) for each in self.work.locked_fields]

    @property
    def candidates(self) -> list[Record]:
        return [_record(each, self.link.tmdb_id) for each in self.work.candidates]


def _linked(url: str | None) -> str:
    """Adopted rows may hold anything; only http and https become links."""
    return url if url and is_http(url) else ""


def _record(candidate: Mapping[str, object], held: int | None) -> Record:
    tmdb_id = int(str(candidate.get("tmdb_id") or 0))
    return Record(
        media_type="tv" if candidate.get("media_type") == "tv" else "movie",
        tmdb_id=tmdb_id,
        title=str(candidate.get("title") or ""),
        year=str(candidate.get("year") or ""),
        imdb_id=str(candidate.get("imdb_id") or ""),
        is_chosen=tmdb_id == held,
    )
