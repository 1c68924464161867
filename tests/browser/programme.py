"""Feeds of cinema programmes for the stories, each in a first edition and a later one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from popflix.lib.errors import EXIT_NEEDS_PERSON
from tests.browser.served import Served

Row = dict[str, Any]
MANY = 201  # shows of the cinema that changes all of them


@dataclass(frozen=True)
class Story:
    """A feed with a cinema of its own; `later` makes the second edition of the first."""

    name: str
    cinema: int
    shows: int
    later: Callable[[list[Row]], list[Row]]
    a_day: int = 29

    @property
    def house(self) -> str:
        return f"House {self.cinema}"

    def rows(self, edition: int) -> list[Row]:
        first = [self._row(number) for number in range(self.shows)]
        return first if edition == 1 else self.later(first)

    def _row(self, number: int) -> Row:
        day, place = divmod(number, self.a_day)
        begins = _midnight() + dt.timedelta(days=day, hours=9, minutes=20 * place)
        return {
            "movie_ID": f"HO{self.cinema}{number:04}", "movie_title": f"FILM {number}",
            "movie_rating": "U", "is_active": "Y", "cinema_id": self.cinema,
            "cinema_name": self.house, "screen_name": f"SCREEN {place % 6 + 1}",
            "movie_showTime": f"{begins:%Y-%m-%dT%H:%M:%S}.000Z",
        }  # fmt: skip


@dataclass
class Programme:
    """What the stories begin with. Each edition is loaded and reconciled once."""

    served: Served
    folder: Path
    stories: Sequence[Story]
    _brought: set[str] = field(default_factory=set)

    def bring(self, *names: str) -> None:
        """The later edition of these feeds is loaded and reconciled, unless it is already."""
        if not self._brought:
            self._brought.add("first editions")
            self._load([(story, 1) for story in self.stories])
        wanted = [story for story in self.stories if story.name in set(names) - self._brought]
        if wanted:
            self._brought.update(names)
            self._load([(story, 2) for story in wanted])

    def story(self, name: str) -> Story:
        return next(story for story in self.stories if story.name == name)

    def newest_set(self, name: str) -> int:
        newest = f"SELECT max(id) FROM reconcile_changeset WHERE source = '{name}'"
        return int(self.served.site.sql(newest)[0][0])

    def of_master(self, name: str, columns: str) -> list[tuple[Any, ...]]:
        """Of the shows of its cinema, in their order."""
        where = f"WHERE cinemaId = {self.story(name).cinema} ORDER BY movieID"
        return self.served.site.sql(f"SELECT {columns} FROM MasterShow {where}")

    def states(self, name: str) -> dict[str, int]:
        """Changes of its newest set by state."""
        of_set = f"WHERE change_set_id = {self.newest_set(name)} GROUP BY state"
        return dict(self.served.site.sql(f"SELECT state, count(*) FROM reconcile_change {of_set}"))

    def _load(self, editions: Sequence[tuple[Story, int]]) -> None:
        feeds = []
        for story, edition in editions:
            path = self.folder / f"{story.name}-{edition}.json"
            path.write_text(json.dumps({"data": {"allShows": story.rows(edition)}}))
            feeds.append({"name": story.name, "url": str(path)})
        self._manage("load_shows", feeds)
        self._manage("reconcile_shows", feeds)

    def _manage(self, command: str, feeds: Sequence[dict[str, str]]) -> None:
        """What waits for a person is no failure."""
        ended = self.served.site.manage(command, expect=None, POPFLIX_FEEDS=json.dumps(feeds))
        assert ended.returncode in (0, EXIT_NEEDS_PERSON), ended.stderr


def _midnight() -> dt.datetime:
    """Some days ahead: all shows are to come."""
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + dt.timedelta(days=3)


# --- what comes later ---------------------------------------------------------------------------


def all_rated(rows: list[Row]) -> list[Row]:
    return [{**row, "movie_rating": "A"} for row in rows]


def second_day_gone(rows: list[Row]) -> list[Row]:
    """Of three days, so that the feed still covers it."""
    first, third = rows[: len(rows) // 3], rows[2 * len(rows) // 3 :]
    return first + third


def three_retitled(rows: list[Row]) -> list[Row]:
    return [{**row, "movie_title": f"{row['movie_title']} AGAIN"} for row in rows[:3]] + rows[3:]


def first_retitled_and_rated(rows: list[Row]) -> list[Row]:
    return [{**rows[0], "movie_title": "ANOTHER FILM", "movie_rating": "A"}, *rows[1:]]
