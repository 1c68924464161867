"""What an operator asks of an import of movies: the unit's parameters, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from popflix.lib.errors import OperatorError
from sync.movies.fetch_wish import ids_of
from sync.movies.models import MediaType

UNIT = "import-movies"
MOST_IDS = 1000  # by name; for more there are files


@dataclass(frozen=True)
class ImportWish:
    """Either `path`, a whole path on the host that runs it, or `tmdb_ids`.

    `media_type` is what the ids are of; of bodies that no manifest names, where it is given.
    """

    path: str = ""
    media_type: str = ""
    tmdb_ids: list[int] = field(default_factory=list)

    @property
    def ids_type(self) -> str:
        return self.media_type or MediaType.MOVIE


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form. Raises OperatorError naming what is wrong."""
    unknown = sorted(set(params) - set(ImportWish.__dataclass_fields__))
    if unknown:
        known = ", ".join(ImportWish.__dataclass_fields__)
        raise OperatorError(f"There is no parameter {unknown[0]}.", f"Known are {known}.")
    wish = ImportWish(
        str(params.get("path") or ""),
        str(params.get("media_type") or ""),
        _ids(params.get("tmdb_ids")),
    )
    if bool(wish.path) == bool(wish.tmdb_ids):
        raise OperatorError(
            "An import is of a folder or a ZIP, or of ids.", "Give path, or tmdb_ids."
        )
    if wish.path and not Path(wish.path).is_absolute():
        raise OperatorError(
            f"path is {wish.path}, which leads nowhere on another host or in another folder.",
            "Give the whole path on the host whose worker runs the import.",
        )
    if wish.media_type not in ("", *MediaType.values):
        raise OperatorError(
            f"media_type is {wish.media_type[:20]}.", f"Give {' or '.join(MediaType.values)}."
        )
    return asdict(wish)


def _ids(value: object) -> list[int]:
    given = (
        value if isinstance(value, list | tuple) else str(value or "").replace(",", " ").split()
    )
    found = ids_of(given)
    if len(found) > MOST_IDS:
        raise OperatorError(
            f"{len(found):,} ids are too many to name.",
            f"Name at most {MOST_IDS:,}, or fetch_movies --ids-file them and import the folder.",
        )
    return found
