"""The areas of `sync_status`: each app registers its own in its `areas.py`.

    areas.register(lambda: [Area("titles", "Titles", titles, units=("sync-media-links",))])

An area counts by the predicates that its workers claim by, and by indexes alone: all areas
together take less than a second on a million rows each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Standing:
    """What an area holds. `counts` by state, in the order in which they are told.

    `due_count` is what a worker would take up now, `due_since` when the first of it fell due.
    `oldest_at` and `newest_at` are of answers; None where there are none, or no index keeps
    them. `failures` are the rows with a failure, by its kind. `rate_per_second` is what is
    allowed; None where nothing limits the work.
    """

    counts: Mapping[str, int]
    due_count: int = 0
    due_since: dt.datetime | None = None
    oldest_at: dt.datetime | None = None
    newest_at: dt.datetime | None = None
    failures: Mapping[str, int] = field(default_factory=dict)
    rate_per_second: float | None = None

    @property
    def eta_seconds(self) -> float | None:
        """Until what is due now is done, one request each, with the whole rate to itself."""
        if not self.rate_per_second:
            return None
        return round(self.due_count / self.rate_per_second, 1)


@dataclass(frozen=True)
class Area:
    """`read(now)` may raise OperatorError: the area is then told with it, the others as ever."""

    name: str
    title: str
    read: Callable[[dt.datetime], Standing]
    units: Sequence[str] = ()


_makers: list[tuple[int, Callable[[], Iterable[Area]]]] = []


def register(maker: Callable[[], Iterable[Area]], *, rank: int = 50) -> None:
    """`maker` is called at each look: an app's areas may depend on its settings."""
    _makers.append((rank, maker))


def registered() -> list[Area]:
    """In the order of their ranks. Raises ValueError where two have one name."""
    ranked = sorted(_makers, key=lambda each: each[0])
    found = [area for _, maker in ranked for area in maker()]
    if len({area.name for area in found}) < len(found):
        raise ValueError(f"a name is taken twice: {', '.join(area.name for area in found)}")
    return found
