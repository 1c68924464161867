"""The invented titles as IMDb publishes its own: title.basics.tsv.

Tab-separated, one header line, `\\N` for unknown, and no quoting whatever: a title that begins
and ends with a quotation mark stands there as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from popflix.sandbox.catalogue import Title

HEADER = (
    "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear"
    "\truntimeMinutes\tgenres"
)
NULL = r"\N"


def tsv_lines(titles: Iterable[Title]) -> Iterator[str]:
    """The file's lines, header first, each with its line feed."""
    yield f"{HEADER}\n"
    for title in titles:
        yield "\t".join(_fields(title)) + "\n"


def _fields(title: Title) -> tuple[str, ...]:
    genres = ",".join(sorted(name for _, name in title.genres))
    return (
        title.tconst,
        title.imdb_type,
        title.name,
        title.own_name,
        "0",
        _number(title.year),
        _number(title.end_year),
        _number(title.runtime),
        genres or NULL,
    )


def _number(value: int | None) -> str:
    return NULL if value is None else str(value)
