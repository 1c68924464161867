"""Which rows a run touched: an app that writes rows says where an operator finds them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from popflix.engine.models import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Touched:
    """`count` is at most what is cheap to count; `is_capped`: there are more."""

    label: str
    count: int
    href: str
    is_capped: bool = False

    def __str__(self) -> str:
        return f"{'over ' if self.is_capped else ''}{self.count:,} {self.label}"


Source = Callable[[Run], Touched]
_sources: dict[str, Source] = {}


def register(unit: str, source: Source) -> None:
    """`source(run)` takes one cheap query. Raises ValueError for a unit that has one."""
    if unit in _sources:
        raise ValueError(f"what {unit} touches is registered twice")
    _sources[unit] = source


def forget(unit: str) -> None:
    """Undo `register`."""
    del _sources[unit]


def touched_by(run: Run) -> Touched | None:
    """None where no app says so, or where it cannot: the run's page is shown all the same."""
    source = _sources.get(run.unit)
    try:
        return None if source is None else source(run)
    except Exception:
        log.exception("What run %s touched cannot be told", run.pk)
        return None
