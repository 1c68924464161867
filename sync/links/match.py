"""Whether what TMDB names is the title that IMDb means. Pure.

TMDB files several records under one IMDb id now and then, sometimes the wrong film: a match
needs the type to fit and our id in the answer, or title and year that agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOVIE, TV = "movie", "tv"
_SERIES = ("tvSeries", "tvMiniSeries")
_EITHER = ("tvSpecial", "tvPilot")  # TMDB files these as films or as series
_SIMILAR = 0.85  # of two titles whose years agree
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What IMDb says of a title."""

    tconst: str
    title_type: str
    primary_title: str
    original_title: str
    start_year: int | None

    @property
    def media_types(self) -> tuple[str, ...]:
        """TMDB's kinds of record that may stand for it, the likelier first."""
        if self.title_type in _SERIES:
            return (TV,)
        return (MOVIE, TV) if self.title_type in _EITHER else (MOVIE,)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of TMDB. `imdb_id` is "" where TMDB names none or was not asked."""

    media_type: str
    tmdb_id: int
    title: str
    original_title: str
    year: int | None
    imdb_id: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "media_type": self.media_type,
            "tmdb_id": self.tmdb_id,
            "title": self.title[:200],
            "year": self.year,
            "imdb_id": self.imdb_id[:20],
        }


@dataclass(frozen=True, slots=True)
class Match:
    """The one candidate that is the title, or none, and why in words."""

    candidate: Candidate | None
    reason: str


def agrees(wanted: Wanted, candidate: Candidate) -> bool:
    """Whether title and year tell of the same work.

    Years may differ by one (IMDb counts the first showing, TMDB often the release) or be
    unknown where the titles are equal; a title that is only similar needs the same year.
    """
    return _fit(wanted, candidate)[0]


def rank(wanted: Wanted, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates whose type fits, the likeliest first; ids break ties."""
    fitting = _of_fitting_type(wanted, candidates)
    if len(fitting) < 2:
        return fitting

    def unlikeliness(each: Candidate) -> tuple[bool, float, int, int]:
        fits, likeness = _fit(wanted, each)
        return not fits, -likeness, wanted.media_types.index(each.media_type), each.tmdb_id

    return sorted(fitting, key=unlikeliness)


def match(wanted: Wanted, candidates: Sequence[Candidate]) -> Match:
    """Decide among candidates whose IMDb ids are known as far as TMDB tells them."""
    fitting = _of_fitting_type(wanted, candidates)
    if not fitting:
        return Match(None, f"TMDB files {wanted.tconst} under another type: {_names(candidates)}.")
    for each in fitting:
        if each.imdb_id == wanted.tconst:
            return Match(each, "TMDB names our IMDb id.")
    agreeing = [each for each in fitting if agrees(wanted, each)]
    if len(agreeing) == 1:
        other = f" names {agreeing[0].imdb_id}, but" if agreeing[0].imdb_id else " names no id;"
        return Match(agreeing[0], f"TMDB{other} title and year agree.")
    if agreeing:
        return Match(None, f"Title and year fit several records: {_names(agreeing)}.")
    return Match(None, f"Neither IMDb id nor title and year agree: {_names(fitting)}.")


def _of_fitting_type(wanted: Wanted, candidates: Sequence[Candidate]) -> list[Candidate]:
    return [each for each in candidates if each.media_type in wanted.media_types]


def _fit(wanted: Wanted, candidate: Candidate) -> tuple[bool, float]:
    """Whether it agrees, and how alike the titles are, from 0 to 1 (equal)."""
    likeness = _likeness(wanted, candidate)
    if wanted.start_year is None or candidate.year is None:
        return likeness == 1.0, likeness
    apart = abs(wanted.start_year - candidate.year)
    fits = apart <= 1 if likeness == 1.0 else likeness >= _SIMILAR and apart == 0
    return fits, likeness


def _likeness(wanted: Wanted, candidate: Candidate) -> float:
    ours = {_plain(wanted.primary_title), _plain(wanted.original_title)} - {""}
    theirs = {_plain(candidate.title), _plain(candidate.original_title)} - {""}
    if ours & theirs:
        return 1.0
    ratios = [SequenceMatcher(None, a, b).ratio() for a in ours for b in theirs]
    # Never 1.0 for two different texts, which is reserved for equal titles.
    return min(max(ratios, default=0.0), 0.99)


def _plain(title: str) -> str:
    """Without case, accents and punctuation; "" stays where a script has no letters left."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return _NOT_LETTERS.sub(" ", bare).strip() or title.strip()


def _names(candidates: Sequence[Candidate]) -> str:
    return ", ".join(
        f'{each.media_type} {each.tmdb_id} "{each.title[:60]}" ({each.year or "year unknown"})'
        for each in candidates[:5]
    )
