"""What a crawl would need, told before it begins. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PACE = 1.01  # the limiter's gap between two requests is this much over 1/rate
_PER_PAGE = 20
_SPLITTING = 1.1  # pages that are read to find out that a window has too many


@dataclass(frozen=True, slots=True)
class Plan:
    """`listed` ids are in the source, `needed` of them are no work yet and not held fresh;
    `due` ones wait already. `sharers` are the runs that use the same bucket."""

    source: str
    listed: int
    needed: int
    due: int
    pages: int
    rate: float
    limit: int | None = None
    sharers: Sequence[str] = ()

    @property
    def cached(self) -> int:
        return self.listed - self.needed

    @property
    def movies(self) -> int:
        wanted = self.needed + self.due
        return wanted if self.limit is None else min(wanted, self.limit)

    @property
    def requests(self) -> int:
        return self.movies + self.pages

    @property
    def seconds(self) -> float:
        return self.requests * PACE / self.rate

    @property
    def shared_seconds(self) -> float:
        """With the others at work until the end, each with an equal part."""
        return self.seconds * (len(self.sharers) + 1)

    @property
    def clock(self) -> str:
        return _clock(self.seconds)

    @property
    def shared_clock(self) -> str:
        return _clock(self.shared_seconds)

    def as_json(self) -> dict[str, object]:
        return {
            "dry_run": True,
            "source": self.source,
            "listed": self.listed,
            "cached": self.cached,
            "needed": self.needed,
            "due": self.due,
            "pages": self.pages,
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "shared_seconds": round(self.shared_seconds, 1),
            "allowed_rate": self.rate,
            "sharers": list(self.sharers),
        }

    def lines(self) -> Iterator[str]:
        yield f"{self.listed:>10,} ids in {self.source}"
        yield f"{self.cached:>10,} of them held, or asked for already"
        yield f"{self.needed:>10,} to be fetched, and {self.due:,} that are due anyway"
        if self.pages:
            yield f"{self.pages:>10,} pages to read, about"
        if self.sharers:
            yield (
                f"{', '.join(self.sharers)} shares the rate: up to {_clock(self.shared_seconds)}."
            )
        yield (
            f"Dry run: about {self.requests:,} requests, {_clock(self.seconds)} at "
            f"{self.rate:g}/s. Nothing was written."
        )


def pages_for(total_results: int) -> int:
    """Of a list that is read in windows, about."""
    return math.ceil(total_results / _PER_PAGE * _SPLITTING)


def _clock(seconds: float) -> str:
    return str(dt.timedelta(seconds=math.ceil(seconds)))
