"""TMDB's side of the invented titles: the films and series it would hold for them."""

from __future__ import annotations

from dataclasses import dataclass

from popflix.sandbox.catalogue import MOST_TITLES, Known, Media, Title


@dataclass(frozen=True, slots=True)
class Entry:
    """One film (`media_type` "movie") or series ("tv"); the number spaces of both overlap."""

    media_type: str
    tmdb_id: int
    imdb_id: str | None
    name: str
    own_name: str
    year: int | None
    media: Media
    title: Title  # the one this entry was invented for
    day: str = ""  # where it is not the fifteenth of July

    @property
    def code(self) -> str:
        """Nine characters that name this entry alone; pictures and videos are named by it."""
        return f"{self.media_type[0]}{self.tmdb_id:08d}"

    @property
    def date(self) -> str:
        """TMDB's word for an unknown date is the empty string."""
        return self.day or (f"{self.year}-07-15" if self.year else "")

    @property
    def poster_path(self) -> str | None:
        bare = self.media in (Media.NO_POSTER, Media.BARE)
        return None if bare else f"/sandbox{self.code}poster.jpg"

    @property
    def backdrop_path(self) -> str | None:
        return None if self.media is Media.BARE else f"/sandbox{self.code}backdrop.jpg"


def entries(title: Title) -> tuple[Entry, ...]:
    """What TMDB holds: nothing, one entry, or two candidates of which neither is surely ours."""
    if title.known is Known.UNKNOWN:
        return ()
    if title.known is Known.AMBIGUOUS:
        return _twins(title) if title.rivals_are_twins else _strangers(title)
    media_type = "tv" if title.is_series else "movie"
    # half of what only /find names carries no IMDb id: its name and year have to do
    nameless = title.known is Known.FIND and title.index % 2
    return (_entry(title, media_type, title.tmdb_id, None if nameless else title.tconst),)


def _twins(title: Title) -> tuple[Entry, ...]:
    """Two films of the very name and year."""
    return tuple(
        _entry(title, "movie", number, None) for number in (title.tmdb_id, title.rival_id)
    )


def _strangers(title: Title) -> tuple[Entry, ...]:
    """A film and a series of other names, years and IMDb ids."""
    film = _stranger(title, "movie", title.tmdb_id, "A Stranger's Holiday", 17)
    return film, _stranger(title, "tv", title.rival_id, "Somebody Else", 23)


def _stranger(title: Title, media_type: str, number: int, name: str, years: int) -> Entry:
    year = (title.year or 2000) - years
    theirs = MOST_TITLES + 1 + (title.index * 2 + (media_type == "tv")) % 99_999
    return Entry(media_type, number, f"tt99{theirs:06d}", name, name, year, title.media, title)


def _entry(title: Title, media_type: str, number: int, imdb_id: str | None) -> Entry:
    return Entry(
        media_type, number, imdb_id, title.name, title.own_name, title.year, title.media, title
    )
