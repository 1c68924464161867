"""What an operator asks of a load: the parameters of the unit, checked once at the door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from popflix.lib.addresses import STANDARD_INPUT, is_address, shown_place
from popflix.lib.errors import OperatorError
from reconcile.feed.feeds import LONGEST_NAME, Feed, configured, feed_to_load
from reconcile.feed.load import BATCH_ROWS, MOST_BATCH_ROWS
from reconcile.feed.zones import is_zone

UNIT = "load-shows"
# The feed that a command of this process reads itself: its place may be relative, standard
# input, or an address with a secret in it, which is not stored.
_own: ContextVar[Feed | None] = ContextVar("_own", default=None)


@dataclass(frozen=True)
class LoadWish:
    """`source` None: all feeds that are set. `where` None: the place that is set for the feed."""

    source: str | None = None
    where: str | None = None
    time_zone: str | None = None
    batch_size: int = BATCH_ROWS

    def feeds(self) -> list[Feed]:
        own = _own.get()
        if own is not None:
            return [own]
        if self.source is None and self.where is None:
            return configured()
        return [feed_to_load(self.source, self.where, self.time_zone)]


@contextmanager
def read_here(feed: Feed, zone: str | None, batch_size: int) -> Iterator[dict[str, object]]:
    """The parameters for a feed that the command of this process reads itself."""
    token = _own.set(feed)
    try:
        yield asdict(LoadWish(feed.name, shown_place(feed.where), zone, batch_size))
    finally:
        _own.reset(token)


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form of a load's parameters. Raises OperatorError naming what is wrong."""
    unknown = sorted(set(params) - set(LoadWish.__dataclass_fields__))
    if unknown:
        known = ", ".join(LoadWish.__dataclass_fields__)
        raise OperatorError(f"There is no parameter {unknown[0]}.", f"Known are {known}.")
    texts = {name: _text(name, params.get(name)) for name in ("source", "where", "time_zone")}
    source, where, zone = texts["source"], texts["where"], texts["time_zone"]
    if source is not None and len(source) > LONGEST_NAME:
        raise OperatorError("source is too long.", f"Give at most {LONGEST_NAME} characters.")
    if zone is not None and not is_zone(zone):
        raise OperatorError("time_zone is no time zone.", "Write for instance Europe/Berlin.")
    if _own.get() is None:
        _require_reachable(source, where)
    return asdict(LoadWish(source, where, zone, _batch_size(params.get("batch_size"))))


def _text(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise OperatorError(f"{name} is no text.", "Correct the parameter, or leave it out.")
    return value


def _require_reachable(source: str | None, where: str | None) -> None:
    """A run of the queue has neither this folder nor this standard input."""
    if where is None:
        known = [feed.name for feed in configured()]
        if source is not None and source not in known:
            listed = f"Known are {', '.join(known)}." if known else "Set POPFLIX_FEEDS first."
            raise OperatorError(f"There is no feed {source}.", listed)
    elif where == STANDARD_INPUT:
        raise OperatorError(
            "where is standard input, which only a command has that runs here and now.",
            "Give a path or an http(s) address, or pipe the feed into load_shows.",
        )
    elif is_address(where) and shown_place(where) != where:
        raise OperatorError(
            "where is an address with a password or a query, which every operator could read.",
            "Set it as a feed in POPFLIX_FEEDS, or give the path of a file.",
        )
    elif not (is_address(where) or Path(where).is_absolute()):
        raise OperatorError(
            f"where is {where}, which leads nowhere on another host or in another folder.",
            "Give the whole path on the host whose worker loads the feed, or an address.",
        )


def _batch_size(value: object) -> int:
    if value is None:
        return BATCH_ROWS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BATCH_ROWS:
        raise OperatorError(
            f"batch_size is {value}.", f"Give a whole number from 1 to {MOST_BATCH_ROWS}."
        )
    return value
