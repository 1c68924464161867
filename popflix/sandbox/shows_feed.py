"""`GET /shows.json?edition=N&faults=…`: the feed of the programme, as its provider would give it.

Edition and faults that the address does not name are those that are set: when the sandbox is
started, or at run time by POST /__sandbox__/shows?edition=N&faults=….
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from popflix.sandbox.answers import HTML, Answer, encode
from popflix.sandbox.faults import FaultSpecError
from popflix.sandbox.shows import Programme
from popflix.sandbox.shows_faults import parse_show_faults, spoilt

PATH = b"/shows.json"
_MOST_EDITIONS = 50
_PAGE = Answer(
    200,
    b"<!doctype html><html><head><title>One moment</title></head>"
    b"<body><h1>We are making things better</h1></body></html>",
    content_type=HTML,
)


@dataclass(frozen=True)
class Setting:
    """What is given where the address does not say otherwise; `first` None: from today on."""

    edition: int = 1
    faults: frozenset[str] = frozenset()
    first: dt.date | None = None


@dataclass(frozen=True)
class FeedAnswer:
    answer: Answer
    is_cut: bool = False
    is_gzip: bool = False


class ShowFeed:
    """Answers for the feed; `today` is asked at each request."""

    def __init__(
        self,
        programme: Programme,
        setting: Setting = Setting(),
        today: Callable[[], dt.date] = dt.date.today,
    ) -> None:
        self._programme = programme
        self._setting = setting
        self._today = today

    def answer(self, target: bytes, *, gzipped: bool) -> FeedAnswer:
        """`gzipped`: the client takes it."""
        try:
            setting = self._asked(target)
        except FaultSpecError as error:
            return FeedAnswer(_refusal(str(error)))
        if "html" in setting.faults:
            return FeedAnswer(_PAGE)
        body = self._body(setting)
        is_cut = "cut" in setting.faults
        if gzipped:
            body = gzip.compress(body, 5, mtime=0)
        return FeedAnswer(Answer(200, body), is_cut, gzipped)

    def set(self, target: bytes) -> Answer:
        """What holds from now on; what the address does not name stays."""
        try:
            self._setting = self._asked(target)
        except FaultSpecError as error:
            return _refusal(str(error))
        told = {"edition": self._setting.edition, "faults": sorted(self._setting.faults)}
        return Answer(200, encode(told))

    def _asked(self, target: bytes) -> Setting:
        query = target.decode("latin-1").partition("?")[2]
        params = dict(parse_qsl(query, keep_blank_values=True))
        asked = self._setting
        if "edition" in params:
            asked = replace(asked, edition=_edition(params["edition"]))
        if "faults" in params:
            asked = replace(asked, faults=parse_show_faults(params["faults"]))
        if "first" in params:
            asked = replace(asked, first=_day(params["first"]))
        return asked

    def _body(self, setting: Setting) -> bytes:
        first = setting.first or self._today()
        rows = spoilt(self._programme.rows(setting.edition, first), setting.faults, first)
        told = {
            "status": True, "apiVersion": "No Version", "statusCode": 200, "type": "OK",
            "message": "Success", "data": {"allShows": rows},
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":")).encode()


def _edition(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= _MOST_EDITIONS):
        raise FaultSpecError(f"edition {text[:20]!r}: a number from 1 to {_MOST_EDITIONS}")
    return int(text)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise FaultSpecError(f"first {text[:20]!r}: a date like 2026-01-28") from None


def _refusal(why: str) -> Answer:
    told = {"status": False, "statusCode": 400, "type": "BAD_REQUEST", "message": why}
    return Answer(400, encode(told))
