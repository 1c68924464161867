"""The panels of home: each app registers its own in its `panels.py`.

    panels.register(Panel("coverage", "Coverage of titles", "sync/panels/coverage.html", coverage,
                          place=Place.FOOT, rank=20, permission="sync.view_medialinks"))

`data` runs on each look, every few seconds for each browser that shows home: a fixed number of
queries, each of them cheap at any size of the tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest

Data = Callable[[HttpRequest, dt.datetime], Mapping[str, Any]]


class Place(StrEnum):
    """Where on home; the names are classes in the stylesheet."""

    MAIN = "main"  # the wide column, top down by rank
    SIDE = "side"  # beside it
    FOOT = "foot"  # a row of small ones below


@dataclass(frozen=True)
class Panel:
    """`template` renders the inside of the card from what `data` returns.

    `permission` is what one needs to see it (empty: every operator). It is looked at again every
    `every_seconds` while the page is visible; 0 is never.
    """

    name: str
    title: str
    template: str
    data: Data
    place: Place = Place.MAIN
    rank: int = 50
    permission: str = ""
    every_seconds: int = 3


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> Panel:
    """Raises ValueError for a name that is taken."""
    if panel.name in _panels:
        raise ValueError(f"the panel {panel.name} is registered twice")
    _panels[panel.name] = panel
    return panel


def forget(name: str) -> None:
    """Undo `register`."""
    del _panels[name]


def find(name: str) -> Panel | None:
    return _panels.get(name)


def visible_to(user: Any) -> list[Panel]:
    """What this account may see, in the order of the page."""
    shown = [each for each in _panels.values() if may_see(user, each)]
    return sorted(shown, key=lambda each: (each.rank, each.name))


def may_see(user: Any, panel: Panel) -> bool:
    return not panel.permission or bool(user.has_perm(panel.permission))
