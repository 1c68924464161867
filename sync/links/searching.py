"""What an operator typed into the search of titles, and what it may mean. Pure."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from sync.links.tconst import parse_tconst

_TMDB = re.compile(
    r"(?:https?://)?(?:www\.)?themoviedb\.org/(?:[a-z]{2}(?:-[A-Za-z]{2})?/)?(movie|tv)/(\d{1,9})",
    re.IGNORECASE,
)
_WORDS_IN_EACH_CASE = 4  # of a title; what follows them is written as it was typed, and small
_LONGEST_BEGINNING = 200


@dataclass(frozen=True)
class Search:
    """Each field that is set is one meaning; a row that fits any of them is found.

    `tmdb` is a kind of TMDB's records and an id. `title` is how the title begins.
    """

    tconst: str = ""
    id_prefix: str = ""
    tmdb: tuple[str, int] | None = None
    title: str = ""


def parse_search(term: str) -> Search:
    """Ids, beginnings of ids, addresses of IMDb and TMDB, else the beginning of a title.

    Bare digits are both: 1917 is a film, and tt1917 begins many an id.
    """
    term = " ".join(term.split())[:_LONGEST_BEGINNING]
    page = _TMDB.match(term)
    if page:
        return Search(tmdb=(page[1].lower(), int(page[2])))
    tconst = parse_tconst(term) or ""
    digits = term.lower().removeprefix("tt")
    if digits.isascii() and digits.isdigit():
        title = term if term == digits else ""
        return Search(tconst=tconst, id_prefix=f"tt{digits}", title=title)
    return Search(tconst=tconst) if tconst else Search(title=term)


def in_usual_cases(beginning: str) -> list[str]:
    """The ways in which titles that begin so are written: each word small, capitalised or in
    capitals, and all of it as it was typed.

    For databases that tell the cases of some letters apart.
    """
    words = beginning.split(" ")
    first, rest = words[:_WORDS_IN_EACH_CASE], words[_WORDS_IN_EACH_CASE:]
    options = [dict.fromkeys((word.lower(), _capital(word), word.upper())) for word in first]
    tails = dict.fromkeys((" ".join(["", *rest]), " ".join(["", *rest]).lower()))
    heads = (" ".join(each) for each in itertools.product(*options))
    written = itertools.product(heads, tails)
    return list(dict.fromkeys([beginning, *(head + tail for head, tail in written)]))


def _capital(word: str) -> str:
    """`str.capitalize` would make a small letter of each that follows a hyphen, too."""
    return word[:1].upper() + word[1:].lower()
