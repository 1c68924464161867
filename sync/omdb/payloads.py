"""OMDb's wire format → ratings; the only module that knows its keys. Pure.

Values are texts, "N/A" where OMDb has none. A source may be missing and stands at no certain
place, so each is found by its name; each has a scale of its own.
"""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct, field
from msgspec.json import Decoder

from popflix.lib.http.decode import decode_json
from popflix.lib.http.errors import BadPayload, NotFound, Unavailable
from sync.movies.ratings import RatingSource, RatingValue

UPSTREAM = "OMDb"
NONE = "N/A"
_FORMS = {
    "Internet Movie Database": (RatingSource.IMDB, re.compile(r"(\d{1,2}(?:\.\d)?)/10", re.ASCII)),
    "Rotten Tomatoes": (RatingSource.ROTTEN_TOMATOES, re.compile(r"(\d{1,3})%", re.ASCII)),
    "Metacritic": (RatingSource.METACRITIC, re.compile(r"(\d{1,3})/100", re.ASCII)),
}
_VOTES = re.compile(r"\d{1,3}(?:,\d{3})*|\d+", re.ASCII)
_UNKNOWN = ("not found", "incorrect imdb id")


class Score(Struct, frozen=True, gc=False):
    source: str = field(name="Source")
    value: str = field(name="Value")


class Answer(Struct, frozen=True):
    """`GET /?i={tconst}`."""

    response: str = field(name="Response")
    error: str = field(default="", name="Error")
    imdb_id: str = field(default="", name="imdbID")
    votes: str = field(default=NONE, name="imdbVotes")
    scores: list[Score] = field(default_factory=list, name="Ratings")


_DECODER = Decoder(Answer)


def read_ratings(body: bytes, tconst: str) -> dict[RatingSource, RatingValue]:
    """What each source says of the title; those that OMDb does not name are not in it.

    Raises NotFound where OMDb knows no such title, BadPayload naming the field, and Unavailable
    for any other complaint of its own, which it sends with status 200 too.
    """
    answer = decode_json(body, _DECODER, UPSTREAM)
    if answer.response != "True":
        raise _complaint(answer.error)
    if answer.imdb_id != tconst:
        what = f"answered about {answer.imdb_id[:20]!r} instead of {tconst}"
        raise BadPayload(UPSTREAM, what, field="imdbID")
    found: dict[RatingSource, RatingValue] = {}
    for at, score in enumerate(answer.scores):
        if score.source in _FORMS and score.value != NONE:
            source, value = _value(score, at)
            votes = _votes(answer.votes) if source is RatingSource.IMDB else None
            found.setdefault(source, RatingValue(source, value, votes))
    return found


def _complaint(words: str) -> NotFound | Unavailable:
    said = f"says: {words[:200]}"
    if any(unknown in words.lower() for unknown in _UNKNOWN):
        return NotFound(UPSTREAM, said, status=200)
    return Unavailable(UPSTREAM, said, status=200)


def _value(score: Score, at: int) -> tuple[RatingSource, Decimal]:
    source, form = _FORMS[score.source]
    found = form.fullmatch(score.value)
    if found and (value := Decimal(found[1])) <= source.scale:
        return source, value
    what = f"sent {score.value[:20]!r} as a rating of {score.source}"
    raise BadPayload(UPSTREAM, what, field=f"Ratings[{at}].Value")


def _votes(text: str) -> int | None:
    if text == NONE:
        return None
    if _VOTES.fullmatch(text) and len(text) <= 13:
        return int(text.replace(",", ""))
    raise BadPayload(UPSTREAM, f"sent {text[:20]!r} as a number of votes", field="imdbVotes")
