"""What an operator asks of a check of one provider: its unit's parameters, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from django.conf import settings

from popflix.lib.errors import OperatorError, UsageError
from sync.availability import providers
from sync.availability.types import ProviderConfig

MOST_MOVIES = 10_000  # named one by one
MOST_CONCURRENCY = 64  # as POPFLIX_PROVIDERS takes it
MOST_STALE_HOURS = 24 * 365
_MOST_BATCH, _LEAST_BATCH = 2500, 50
_BATCH_SECONDS = 60.0
_MOST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Wish:
    """`stale_hours` None: POPFLIX_STALE_HOURS, and what is due stays due. `region`: movies that
    were not checked for it yet are due at once. `movie_ids` are keys of movies, which are checked
    at once, with what other operators want meanwhile, and nothing else is."""

    limit: int | None = None
    stale_hours: float | None = None
    retry_unknown: bool = False
    region: str = ""
    concurrency: int | None = None
    batch_size: int | None = None
    movie_ids: list[int] = field(default_factory=list)

    @property
    def hours(self) -> float:
        if self.stale_hours is not None:
            return self.stale_hours
        return float(settings.POPFLIX_STALE_HOURS)

    def threads(self, config: ProviderConfig) -> int:
        """All that the provider may be asked at once: it has one run at a time."""
        return self.concurrency or config.concurrency

    def rows_held(self, config: ProviderConfig) -> int:
        """What a kill may have asked in vain; a round of controls comes with each half of it."""
        if self.batch_size is not None:
            return self.batch_size
        return max(_LEAST_BATCH, min(_MOST_BATCH, round(config.rate_per_second * _BATCH_SECONDS)))


def clean_params(name: str, params: Mapping[str, object]) -> dict[str, object]:
    """The stored form, for the provider of this name. Raises OperatorError naming the field."""
    known = Wish.__dataclass_fields__
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise OperatorError(
            f"There is no parameter {unknown[0]}.", f"Known are {', '.join(sorted(known))}."
        )
    return asdict(
        Wish(
            limit=_whole(params, "limit", None),
            stale_hours=_hours(params),
            retry_unknown=_flag(params, "retry_unknown"),
            region=_region(params, name),
            concurrency=_whole(params, "concurrency", MOST_CONCURRENCY),
            batch_size=_whole(params, "batch_size", _MOST_BATCH),
            movie_ids=_movies(params),
        )
    )


def read_wish(params: Mapping[str, object]) -> Wish:
    """Of parameters that were cleaned when they were stored."""
    return Wish(**params)  # type: ignore[arg-type]


def _whole(params: Mapping[str, object], name: str, most: int | None) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, int) and is_whole and value >= 1 and (most is None or value <= most):
        return value
    span = "of at least 1" if most is None else f"from 1 to {most}"
    raise UsageError(f"--{name.replace('_', '-')} is {value}.", f"Give a whole number {span}.")


def _hours(params: Mapping[str, object]) -> float | None:
    value = params.get("stale_hours")
    if value is None or value == "":
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int | float) and is_number and 0 < value <= MOST_STALE_HOURS:
        return float(value)
    raise UsageError(
        f"--stale-hours is {value}.", f"Give hours, more than 0 and up to {MOST_STALE_HOURS}."
    )


def _flag(params: Mapping[str, object], name: str) -> bool:
    value = params.get(name)
    if value in (None, "", False, True):
        return value is True
    raise UsageError(f"--{name.replace('_', '-')} is {value}.", "It is on or off: true or false.")


def _region(params: Mapping[str, object], name: str) -> str:
    region = str(params.get("region") or "").strip().upper()
    if not region:
        return ""
    regions = providers.find(name).regions
    if region not in regions:
        cure = (
            f"It is asked about {', '.join(regions)}; POPFLIX_PROVIDERS may name more."
            if regions
            else "It knows no regions: leave --region out."
        )
        raise UsageError(f"--region is {region[:40]}, which {name} is not asked about.", cure)
    return region


def _movies(params: Mapping[str, object]) -> list[int]:
    given = params.get("movie_ids") or []
    if not isinstance(given, list | tuple) or not all(map(_is_key, given)):
        raise UsageError("movie_ids holds what is no key.", "Give whole numbers from 1 on.")
    if len(given) > MOST_MOVIES:
        raise UsageError(
            f"movie_ids names {len(given):,} movies.", f"Name {MOST_MOVIES:,} at most at once."
        )
    return list(dict.fromkeys(given))


def _is_key(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_KEY
