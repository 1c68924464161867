"""Ask TMDB about one title: which requests, in which order. Runs in the pool, without the ORM.

Movies: `GET /movie/{tconst}` answers in one request; where it misses, /find names the record.
Series: /find, then /tv/{id}. A row that is refreshed is asked for by the id it holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from msgspec import UNSET

from popflix.lib.http import NotFound
from sync.links.choose import Choice, choose_poster, choose_trailer
from sync.links.decide import Answer, Failure, Kind
from sync.links.match import MOVIE, TV, Candidate, Wanted, match, rank
from sync.tmdb.client import TmdbClient
from sync.tmdb.payloads import Details, FindResults, FoundMovie, FoundTv, Movie, Tv, year_of

DIRECT_MISSES = 20  # in a row, where /find then names a movie
_MOST_CANDIDATES = 3  # records under one id that are looked into
Found = TypeVar("Found")


class DirectLookUps:
    """Whether /movie/{tconst} is asked first; shared by the threads of a run."""

    def __init__(self, most: int = DIRECT_MISSES) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._in_a_row = 0
        self.on = True

    def hit(self) -> None:
        self._in_a_row = 0

    def missed(self) -> None:
        with self._lock:
            self._in_a_row += 1
            self.on = self.on and self._in_a_row < self._most

    @property
    def note(self) -> str:
        """What the run says once it has given them up, "" before."""
        if self.on:
            return ""
        return (
            f"{self._most} direct look-ups in a row missed movies that /find names: "
            "going on with /find, two requests a movie."
        )


@dataclass(slots=True)
class Question:
    """One claimed title. `learned` lets a retry repeat only the request that failed.

    `known_id` is the record the row holds, of `known_type`; where an operator locked it
    (`is_pinned`), it is asked for without a doubt about the match.
    """

    wanted: Wanted
    lane: int
    attempts: int
    token: str = ""
    known_type: str = ""
    known_id: int | None = None
    is_pinned: bool = False
    learned: dict[str, object] = field(default_factory=dict)

    @property
    def tconst(self) -> str:
        return self.wanted.tconst

    def once(self, key: str, ask: Callable[[], Found]) -> Found | None:
        """The answer of `ask`, None for a 404; asked at most once per claim."""
        if key not in self.learned:
            try:
                self.learned[key] = ask()
            except NotFound:
                self.learned[key] = None
        return self.learned[key]  # type: ignore[return-value]  # one key, one type


class LookUp:
    """`languages` is the operator's chain, `poster_prefix` image host plus size."""

    def __init__(
        self,
        client: TmdbClient,
        direct: DirectLookUps,
        languages: Sequence[str],
        poster_prefix: str,
    ) -> None:
        self._client = client
        self._direct = direct
        self._languages = languages
        self._prefix = poster_prefix

    def ask(self, question: Question) -> Answer | Failure:
        """Raises UpstreamError and Parked; what TMDB said so far stays in the question."""
        if question.is_pinned:
            return self._pinned(question)
        known = self._known(question)
        if known is not None:
            return known
        if MOVIE in question.wanted.media_types and self._direct.on:
            movie = question.once(
                "direct", lambda: self._client.movie(question.tconst, question.lane)
            )
            if movie is not None:
                self._direct.hit()
                return self._judge(question.wanted, [movie], [])
        return self._find(question)

    def _pinned(self, question: Question) -> Answer | Failure:
        kind = question.known_type or question.wanted.media_types[0]
        record = self._details(question, kind, question.known_id or 0)
        if record is not None:
            return self._answer(record)
        words = f"TMDB has no {kind} {question.known_id}, the id that an operator locked."
        return Failure(Kind.NOT_FOUND, words)

    def _known(self, question: Question) -> Answer | None:
        """The record held so far, if TMDB still has it and it still is this title."""
        if not question.known_id or question.known_type not in question.wanted.media_types:
            return None
        record = self._details(question, question.known_type, question.known_id)
        if record is None:
            return None
        judged = self._judge(question.wanted, [record], [])
        return judged if isinstance(judged, Answer) else None

    def _find(self, question: Question) -> Answer | Failure:
        found = question.once("find", lambda: self._client.find(question.tconst, question.lane))
        if found is None:
            words = "/find answered 404, which TMDB's never does: see TMDB_BASE_URL."
            return Failure(Kind.REJECTED, words)
        self._note_miss(question, found)
        named = [*map(_candidate, found.movies), *map(_candidate, found.series)]
        if not named:
            episode = ", which it knows as an episode only" if found.episodes else ""
            return Failure(Kind.NOT_FOUND, f"TMDB names nothing for {question.tconst}{episode}.")
        likely = rank(question.wanted, named)[:_MOST_CANDIDATES]
        records = self._look_into(question, likely)
        if likely and not records:
            ids = ", ".join(f"{each.media_type} {each.tmdb_id}" for each in likely)
            return Failure(Kind.NOT_FOUND, f"TMDB names {ids} but has no such record any more.")
        return self._judge(question.wanted, records, named)

    def _look_into(self, question: Question, likely: Sequence[Candidate]) -> list[Movie | Tv]:
        records = []
        for candidate in likely:
            record = self._details(question, candidate.media_type, candidate.tmdb_id)
            if record is not None:
                records.append(record)
                if record.claimed_imdb_id == question.tconst:
                    break
        return records

    def _note_miss(self, question: Question, found: FindResults) -> None:
        if "direct" in question.learned and found.movies and "missed" not in question.learned:
            question.learned["missed"] = True
            self._direct.missed()

    def _details(self, question: Question, kind: str, tmdb_id: int) -> Movie | Tv | None:
        key, lane = f"{kind} {tmdb_id}", question.lane
        if kind == TV:
            return question.once(key, lambda: self._client.tv(tmdb_id, lane))
        return question.once(key, lambda: self._client.movie(tmdb_id, lane))

    def _judge(
        self, wanted: Wanted, records: Sequence[Movie | Tv], named: Sequence[Candidate]
    ) -> Answer | Failure:
        """Match the records looked into; what /find named besides is kept as candidates."""
        looked_into = [_candidate(record) for record in records]
        seen = {(each.media_type, each.tmdb_id) for each in looked_into}
        others = [each for each in named if (each.media_type, each.tmdb_id) not in seen]
        verdict = match(wanted, looked_into or others)
        for record, candidate in zip(records, looked_into, strict=True):
            if candidate is verdict.candidate:
                by_id = candidate.imdb_id == wanted.tconst
                return self._answer(record, "" if by_id else verdict.reason)
        kept = [each.as_json() for each in (*looked_into, *others)]
        return Failure(Kind.AMBIGUOUS, verdict.reason, kept)

    def _answer(self, record: Movie | Tv, why_matched: str = "") -> Answer:
        """`why_matched` is told with the poster, where a wrong match shows first."""
        videos = None if record.videos is UNSET else record.videos.results
        poster = self._poster(record)
        if why_matched:
            poster = replace(poster, reason=f"{poster.reason} {why_matched}")
        return Answer(
            media_type=_kind(record),
            tmdb_id=record.id,
            poster=poster,
            trailer=choose_trailer(videos, self._languages),
        )

    def _poster(self, record: Movie | Tv) -> Choice:
        posters = [] if record.images is UNSET else record.images.posters
        if record.poster_path is UNSET and not posters:
            return Choice(None, "TMDB's answer carried no poster field.")
        offered = None if record.poster_path is UNSET else record.poster_path
        return choose_poster(offered, posters, self._languages, self._prefix)


def _kind(record: Movie | Tv | FoundMovie | FoundTv) -> str:
    return MOVIE if isinstance(record, Movie | FoundMovie) else TV


def _candidate(record: Movie | Tv | FoundMovie | FoundTv) -> Candidate:
    return Candidate(
        media_type=_kind(record),
        tmdb_id=record.id,
        title=record.title or "",
        original_title=record.original_title or "",
        year=year_of(record),
        imdb_id=record.claimed_imdb_id if isinstance(record, Details) else "",
    )
