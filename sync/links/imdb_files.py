"""IMDb's files and title types by their names, and what to say of any other."""

from __future__ import annotations

from dataclasses import dataclass

from popflix.lib.errors import OperatorError
from sync.links.transform import KNOWN_TYPES, RATINGS_HEADER, TITLES_HEADER

_DOWNLOAD = "https://datasets.imdbws.com/"
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class ImdbFile:
    """One of IMDb's files; `option` is how import_imdb takes it."""

    name: str
    header: tuple[str, ...]
    option: str


TITLES = ImdbFile("title.basics", TITLES_HEADER, "as the FILE to import")
RATINGS = ImdbFile("title.ratings", RATINGS_HEADER, "with --ratings")


def parse_types(text: str) -> tuple[str, ...] | None:
    """Title types, separated by commas; None for `all`.

    Raises ValueError naming what is none and listing those there are.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return None
    unknown = [name for name in names if name not in KNOWN_TYPES]
    if unknown or not names:
        known = f"choose all, or some of {', '.join(KNOWN_TYPES)}"
        raise ValueError(f"no title type: {', '.join(unknown) or 'nothing given'}; {known}")
    return tuple(dict.fromkeys(names))


def check_header(header: str, wanted: ImdbFile, name: str) -> None:
    """Raises OperatorError saying what the file `name` is, unless it is the one wanted."""
    if tuple(header.split("\t")) == wanted.header:
        return
    fetch = f"Download {wanted.name}.tsv.gz from {_DOWNLOAD} and give it {wanted.option}."
    for other in (TITLES, RATINGS):
        if tuple(header.split("\t")) == other.header:
            raise OperatorError(
                f"{name} is IMDb's {other.name}, not {wanted.name}.", f"Give it {other.option}."
            )
    if not header:
        raise OperatorError(f"{name} is empty or begins with an empty line.", fetch)
    if header.lstrip().startswith("<"):
        raise OperatorError(f"{name} is a web page, not IMDb's {wanted.name}.", fetch)
    shown = repr(header)
    shown = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
    raise OperatorError(f"{name} is not IMDb's {wanted.name}: its first line is {shown}.", fetch)
