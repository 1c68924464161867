"""What an operator asks of a crawl or a refresh: the units' parameters, checked at the door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.conf import settings

from popflix.lib.errors import OperatorError, UsageError
from sync.movies.crawl_models import CrawlSource
from sync.movies.models import MediaType
from sync.movies.windows import FIRST_DAY, LAST_DAY, Span

_MOST_BATCH = 1000
_MOST_CONCURRENCY = 20  # connections per address that TMDB accepts
_MOST_ID = 2_147_483_647


@dataclass(frozen=True)
class FetchWish:
    limit: int | None = None
    batch_size: int = 100
    concurrency: int | None = None

    @property
    def threads(self) -> int:
        return self.concurrency or settings.TMDB_CONCURRENCY


@dataclass(frozen=True)
class CrawlWish(FetchWish):
    """Days are ISO dates, None: the first and last there are. Pages count from 1, lines from 0."""

    source: str = CrawlSource.EXPORT.value
    media_type: str = MediaType.MOVIE.value
    from_date: str | None = None
    to_date: str | None = None
    start_page: int | None = None
    start_index: int | None = None
    include_adult: bool = False

    @property
    def span(self) -> Span:
        first = dt.date.fromisoformat(self.from_date) if self.from_date else FIRST_DAY
        last = dt.date.fromisoformat(self.to_date) if self.to_date else LAST_DAY
        return Span(first, last)

    @property
    def is_whole(self) -> bool:
        return not (self.from_date or self.to_date or self.start_page or self.start_index)

    @property
    def identity(self) -> dict[str, object]:
        """What makes it the same crawl, to be gone on with; how fast it goes is none of it."""
        names = ("from_date", "to_date", "start_page", "start_index", "include_adult")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(frozen=True)
class RefreshWish(FetchWish):
    media_type: str = MediaType.MOVIE.value
    tmdb_ids: Sequence[int] = ()


def clean_crawl(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form of a crawl's parameters. Raises OperatorError naming the wrong one."""
    _require_known(params, CrawlWish)
    source = _choice(params, "source", CrawlSource.EXPORT, ("export", "discover"))
    wish = CrawlWish(
        **_fetching(params),  # type: ignore[arg-type]
        source=source,
        media_type=_choice(params, "media_type", MediaType.MOVIE, MediaType.values),
        from_date=_day(params, "from_date", "--from"),
        to_date=_day(params, "to_date", "--to"),
        start_page=_whole(params, "start_page", 1, None),
        start_index=_whole(params, "start_index", 0, None),
        include_adult=bool(params.get("include_adult")),
    )
    _require_fit(wish)
    return asdict(wish)


def clean_refresh(params: Mapping[str, object]) -> dict[str, object]:
    """The same for a refresh."""
    _require_known(params, RefreshWish)
    ids = params.get("tmdb_ids") or []
    if not isinstance(ids, list | tuple) or not all(_is_id(number) for number in ids):
        raise UsageError("tmdb_ids holds what is no id.", "Give whole numbers from 1 on.")
    return asdict(
        RefreshWish(
            **_fetching(params),  # type: ignore[arg-type]
            media_type=_choice(params, "media_type", MediaType.MOVIE, MediaType.values),
            tmdb_ids=list(dict.fromkeys(ids)),
        )
    )


def _require_fit(wish: CrawlWish) -> None:
    """Before anything is asked. Raises UsageError."""
    is_discover = wish.source == CrawlSource.DISCOVER
    if is_discover and wish.start_index:
        raise UsageError("--start-index is a line of the export.", "Leave out --source discover.")
    if not is_discover and (wish.from_date or wish.to_date or wish.start_page):
        raise UsageError(
            "--from, --to and --start-page belong to the discover list.", "Add --source discover."
        )
    if wish.span.days < 1:
        raise UsageError(f"--from {wish.from_date} is after --to {wish.to_date}.", "Swap them.")
    cap = settings.TMDB_DISCOVER_PAGES
    if wish.start_page and wish.start_page > cap:
        raise UsageError(
            f"--start-page is {wish.start_page}, and TMDB serves no page beyond {cap}.",
            "Leave it out: the list is split into windows of dates that fit.",
        )
    if wish.start_page and not (wish.from_date and wish.to_date):
        raise UsageError(
            "--start-page means a page of one window.", "Give the window with --from and --to."
        )


def _require_known(params: Mapping[str, object], wish: type[FetchWish]) -> None:
    known = wish.__dataclass_fields__
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise OperatorError(
            f"There is no parameter {unknown[0]}.", f"Known are {', '.join(sorted(known))}."
        )


def _fetching(params: Mapping[str, object]) -> dict[str, object]:
    return {
        "limit": _whole(params, "limit", 1, None),
        "batch_size": _whole(params, "batch_size", 1, _MOST_BATCH) or FetchWish.batch_size,
        "concurrency": _whole(params, "concurrency", 1, _MOST_CONCURRENCY),
    }


def _whole(params: Mapping[str, object], name: str, least: int, most: int | None) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, int) and is_whole and least <= value and (most is None or value <= most):
        return value
    span = f"of at least {least}" if most is None else f"from {least} to {most}"
    raise UsageError(f"--{name.replace('_', '-')} is {value}.", f"Give a whole number {span}.")


def _choice(params: Mapping[str, object], name: str, default: str, choices: Sequence[str]) -> str:
    value = str(params.get(name) or default)
    if value not in choices:
        raise UsageError(
            f"--{name.replace('_', '-')} is {value}.", f"Choose one of {', '.join(choices)}."
        )
    return value


def _day(params: Mapping[str, object], name: str, option: str) -> str | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise UsageError(f"{option} is {value}.", "Give a day such as 2026-11-01.") from None


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_ID
