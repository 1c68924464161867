"""What an operator asks of a run: the parameters of the unit, checked once at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.conf import settings

from popflix.lib.errors import OperatorError, UsageError
from sync.links.selection import normalised_ids, require_kind, require_known

STALE_DAYS = 150
MOST_STALE_DAYS = 179  # TMDB's terms allow to keep its data for six months
_MOST_BATCH = 1000
_MOST_CONCURRENCY = 20  # connections per address that TMDB accepts


@dataclass(frozen=True)
class Wish:
    """`retry_failed` is None for no, "" for every kind, else one kind.

    `stale_days` None is the usual age without making earlier answers due before their date.
    """

    limit: int | None = None
    batch_size: int = 100
    concurrency: int | None = None
    imdb_ids: Sequence[str] = ()
    retry_failed: str | None = None
    stale_days: int | None = None

    @property
    def only(self) -> Sequence[str] | None:
        return self.imdb_ids or None

    @property
    def threads(self) -> int:
        return self.concurrency or settings.TMDB_CONCURRENCY

    @property
    def refresh_after_days(self) -> int:
        return self.stale_days or STALE_DAYS


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form of a run's parameters.

    Raises OperatorError naming the parameter that is wrong, or the ids that are unknown.
    """
    unknown = sorted(set(params) - set(Wish.__dataclass_fields__))
    if unknown:
        known = ", ".join(Wish.__dataclass_fields__)
        raise OperatorError(f"There is no parameter {unknown[0]}.", f"Known are {known}.")
    wish = Wish(
        limit=_whole(params, "limit", None),
        batch_size=_whole(params, "batch_size", _MOST_BATCH) or Wish.batch_size,
        concurrency=_whole(params, "concurrency", _MOST_CONCURRENCY),
        imdb_ids=_ids(params.get("imdb_ids")),
        retry_failed=_kind(params.get("retry_failed")),
        stale_days=_whole(params, "stale_days", MOST_STALE_DAYS),
    )
    return asdict(wish)


def _whole(params: Mapping[str, object], name: str, most: int | None) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    fits = isinstance(value, int) and value >= 1 and (most is None or value <= most)
    if not fits or not isinstance(value, int):
        option = f"--{name.replace('_', '-')}"
        span = "of at least 1" if most is None else f"from 1 to {most}"
        raise UsageError(f"{option} is {value}.", f"Give a whole number {span}.")
    return value


def _ids(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise OperatorError("imdb_ids is no list.", "Give a list of IMDb ids.")
    tconsts = normalised_ids([str(text) for text in value])
    require_known(tconsts)
    return tconsts


def _kind(value: object) -> str | None:
    if value is None:
        return None
    require_kind(str(value))
    return str(value)
