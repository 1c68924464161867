"""Errors that are the same but for their figures belong to one group of dead letters. Pure."""

from __future__ import annotations

import re

LENGTH = 120
_READ = 2000  # characters that are looked at: an error may carry a whole page

_FIGURES = re.compile(
    r"""
      (?P<kept>\b(?:answered|status|code|errno|HTTP)[ :=]\(?[1-9]\d{2,3}\b)  # says what is wrong
    | (?P<url>\b[a-z][a-z0-9+.-]*://[^\s'"<>]+)
    | (?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)*)
    | (?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b
        | \b0x[0-9a-f]+
        | \b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{12,}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<n>\d+(?:[.,:]\d+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LISTS = re.compile(r"(\S*<(?:n|id|url|time|address)>)(?:(?:,| and)? \1)+")
_BLANKS = re.compile(r"\s+")


def error_group(error: str) -> str:
    """The error without ids, addresses, instants and figures, at most 120 characters.

    A status that an upstream answered stays, and a list of like things counts as one of them.
    """
    text = _BLANKS.sub(" ", error[:_READ])
    text = _LISTS.sub(r"\1", _FIGURES.sub(_name, text))
    return text.strip()[:LENGTH].strip()


def _name(found: re.Match[str]) -> str:
    return found.group() if found.lastgroup == "kept" else f"<{found.lastgroup}>"
