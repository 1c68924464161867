"""What an operator asks of an import: the parameters of the unit, checked once at the door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from popflix.lib.addresses import STANDARD_INPUT, is_address, shown_place
from popflix.lib.errors import OperatorError
from sync.links.imdb_files import parse_types
from sync.links.import_titles import BATCH_ROWS, MOST_BATCH_ROWS, ImportRequest

UNIT = "import-imdb"
ALL = "all"
# By the stored name of a place the place itself, while a command of this process reads it.
_own: ContextVar[Mapping[str, str]] = ContextVar("_own", default={})  # noqa: B039 - never changed


@dataclass(frozen=True)
class ImportWish:
    """`file` and `ratings` are whole paths on the host that runs it, or http(s) addresses;
    `types` is a list of IMDb's title types, or "all".
    """

    file: str
    types: list[str] | str
    ratings: str | None = None
    batch_size: int = BATCH_ROWS

    def request(self) -> ImportRequest:
        own = _own.get()
        types = None if isinstance(self.types, str) else self.types
        ratings = None if self.ratings is None else own.get(self.ratings, self.ratings)
        return ImportRequest(own.get(self.file, self.file), types, ratings, self.batch_size)


@contextmanager
def read_here(file: str, ratings: str | None) -> Iterator[dict[str, str | None]]:
    """The parameters for places that the command of this process reads itself.

    They may be relative, standard input, or an address with a secret in it, which is not stored.
    """
    named = {shown_place(place): place for place in (file, ratings) if place is not None}
    token = _own.set(named)
    try:
        yield {
            "file": shown_place(file),
            "ratings": None if ratings is None else shown_place(ratings),
        }
    finally:
        _own.reset(token)


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form of an import's parameters. Raises OperatorError naming what is wrong."""
    unknown = sorted(set(params) - set(ImportWish.__dataclass_fields__))
    if unknown:
        known = ", ".join(ImportWish.__dataclass_fields__)
        raise OperatorError(f"There is no parameter {unknown[0]}.", f"Known are {known}.")
    if not params.get("file"):
        raise OperatorError(
            "The parameter file is missing.",
            "Give the path or the address of IMDb's title.basics.tsv.gz.",
        )
    ratings = params.get("ratings")
    return asdict(
        ImportWish(
            file=_place("file", params["file"]),
            types=_types(params.get("types")),
            ratings=None if ratings is None else _place("ratings", ratings),
            batch_size=_batch_size(params.get("batch_size")),
        )
    )


def _place(name: str, value: object) -> str:
    place = str(value)
    if place in _own.get():
        return place
    if not isinstance(value, str) or not place:
        raise OperatorError(f"{name} is no text.", "Give a path or an http(s) address.")
    if place == STANDARD_INPUT:
        raise OperatorError(
            f"{name} is standard input, which only a command has that runs here and now.",
            "Give a path or an http(s) address, or pipe the file into import_imdb.",
        )
    if is_address(place):
        return _without_secret(name, place)
    if not Path(place).is_absolute():
        raise OperatorError(
            f"{name} is {place}, which leads nowhere on another host or in another folder.",
            "Give the whole path on the host whose worker runs the import, or an address.",
        )
    return place


def _without_secret(name: str, address: str) -> str:
    if shown_place(address) != address:
        raise OperatorError(
            f"{name} is an address with a password or a query, which every operator could read.",
            "Give an address without them, or download the file and give its path.",
        )
    return address


def _types(value: object) -> list[str] | str:
    if value is None:
        value = list(settings.POPFLIX_TITLE_TYPES)
    names = value if isinstance(value, list | tuple) else [value]
    try:
        parsed = parse_types(",".join(str(name) for name in names))
    except ValueError as error:
        raise OperatorError(f"types names {error}.", "Correct the parameter types.") from None
    return ALL if parsed is None else list(parsed)


def _batch_size(value: object) -> int:
    if value is None:
        return BATCH_ROWS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BATCH_ROWS:
        raise OperatorError(
            f"batch_size is {value}.", f"Give a whole number from 1 to {MOST_BATCH_ROWS}."
        )
    return value
