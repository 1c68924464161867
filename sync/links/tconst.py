"""IMDb ids as people write them. Pure."""

from __future__ import annotations

import re

_FORM = re.compile(
    r"(?:https?://)?(?:(?:www\.|m\.)?imdb\.com/(?:[a-z-]+/)?title/)?(?:tt)?(\d{1,14})",
    re.IGNORECASE,
)


def parse_tconst(text: str) -> str | None:
    """Return IMDb's form (tt and at least seven digits) of an id or title address, else None."""
    # An address may go on after the id with a path, a query or a fragment.
    found = _FORM.fullmatch(re.split(r"(?<=\d)[/?#]", text.strip(), maxsplit=1)[0])
    return f"tt{int(found[1]):07d}" if found else None
