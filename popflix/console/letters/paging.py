"""The letters of one group, page by page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from popflix.console.letters.reading import LONGEST_KEY, ShownGroup
from popflix.engine import deadletters
from popflix.engine.deadletters.letters import Letter
from popflix.engine.views.words import cut

LETTERS_A_PAGE = 50
_ERROR_LENGTH = 200  # characters that are shown before the rest is folded


@dataclass(frozen=True)
class ShownLetter:
    """`short` is the first line of the error; `whole` all of it, where that is more."""

    key: str
    at: dt.datetime
    url: str
    short: str
    whole: str


@dataclass(frozen=True)
class LetterPage:
    letters: list[ShownLetter]
    is_first: bool
    next: str = ""  # the query of the page behind this one


def letters_of(shown: ShownGroup, after: str, at: str) -> LetterPage:
    """Fifty letters, those that were given up first at the beginning, behind the one named."""
    behind = _behind(after, at)
    found = _read(shown, behind)
    letters = [_letter(shown.source, each) for each in found[:LETTERS_A_PAGE]]
    following = ""
    if len(found) > LETTERS_A_PAGE:
        last = letters[-1]
        following = "?" + urlencode({"after": last.key, "at": last.at.isoformat()})
    return LetterPage(letters, is_first=behind is None, next=following)


def _behind(key: str, at: str) -> Letter | None:
    """Nonsense in the address leads to the first page."""
    try:
        instant = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    if not key or len(key) > LONGEST_KEY or instant.tzinfo is None:
        return None
    return Letter(key, instant, "", "")


def _read(shown: ShownGroup, behind: Letter | None) -> list[Letter]:
    try:
        return shown.source.letters(shown.group, limit=LETTERS_A_PAGE + 1, after=behind)
    except (ValueError, OverflowError):  # no key of such rows
        return shown.source.letters(shown.group, limit=LETTERS_A_PAGE + 1)


def _letter(source: deadletters.Source, letter: Letter) -> ShownLetter:
    first = (letter.error.strip().splitlines() or ["It said nothing."])[0]
    short = cut(first, _ERROR_LENGTH)
    whole = "" if short == letter.error.strip() else letter.error
    return ShownLetter(letter.key, letter.at, source.url_of(letter.key), short, whole)
