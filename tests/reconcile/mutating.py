"""A chain's programme at load after load, changed on the way, and what each came to."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management import call_command

from reconcile.feed.words import is_active
from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.feed.made import write
from tests.reconcile.programme import require_identity

Show = dict[str, Any]
Told = dict[str, Any]
Key = tuple[str, int, str, str]
NOW = "2026-01-27T00:00:00Z"  # before the first show


def key(show: Mapping[str, Any]) -> Key:
    return (
        show["movie_ID"], show["cinema_id"], show["screen_name"].strip(), show["movie_showTime"],
    )  # fmt: skip


class Chain:
    """Its feed is `shows`; `staged` has one per key, the one that staging shows."""

    def __init__(self, folder: Path, shows: Sequence[Show], zone: str = "UTC") -> None:
        self._path, self._zone = folder / "allShows.json", zone
        self.shows = [dict(show) for show in shows]

    @property
    def staged(self) -> list[Show]:
        found: dict[Key, Show] = {}
        for show in self.shows:
            rival = found.get(key(show))
            if rival is None or is_active(show["is_active"]) or not is_active(rival["is_active"]):
                found[key(show)] = show
        return list(found.values())

    def load(self, rows: Iterable[Any] | None = None, *, exit_code: int = 0) -> Told:
        """Give this to load_shows, or the chain's own shows."""
        path = write(self._path, list(self.shows if rows is None else rows))
        [told] = _ran(
            exit_code, "load_shows", str(path), "--source", "chain", "--time-zone", self._zone
        )["feeds"]
        assert told["read"] == told["staged"] + told["merged"] + told["quarantined"], told
        return dict(told)

    def reconcile(self, *, exit_code: int = 0, now: str = NOW) -> Told:
        told = _ran(exit_code, "reconcile_shows", "--now", now)
        assert told["staged"] == SyncShow.objects.count()
        require_identity(told)
        return told

    def bring(self, rows: Iterable[Any] | None = None, *, exit_code: int = 0) -> Told:
        """Load and reconcile."""
        self.load(rows)
        return self.reconcile(exit_code=exit_code)

    def change(self, which: Iterable[Key], how: Callable[[Show], Mapping[str, Any]]) -> None:
        keys = set(which)
        for show in self.shows:
            if key(show) in keys:
                show.update(how(show))

    def drop(self, gone: Iterable[Key]) -> None:
        left_out = set(gone)
        self.shows = [show for show in self.shows if key(show) not in left_out]

    def by(self, *names: str) -> dict[tuple[Any, ...], list[Show]]:
        """The staged shows by what they have of these."""
        found: dict[tuple[Any, ...], list[Show]] = defaultdict(list)
        for show in self.staged:
            found[tuple(show[name] for name in names)].append(show)
        return found

    def only_ones(self) -> list[Show]:
        """The only show of its film at its cinema, one at each cinema at most."""
        single = [
            shows[0] for shows in self.by("movie_ID", "cinema_id").values() if len(shows) == 1
        ]
        return list({show["cinema_id"]: show for show in single}.values())

    def sizes(self) -> Counter[int]:
        return Counter(show["cinema_id"] for show in self.staged)


def ids() -> dict[Key, int]:
    """Master's, by key as the feed writes it; its times are UTC."""
    names = ("movie_id", "cinema_id", "screen_name", "show_time", "pk")
    return {
        (film, cinema, screen, f"{start:%Y-%m-%dT%H:%M:%S}.000Z"): pk
        for film, cinema, screen, start, pk in MasterShow.objects.values_list(*names)
    }


def counts(told: Told) -> dict[str, int]:
    """What is not zero, but for what stayed."""
    names = ("inserted", "updated", "moved", "missing", "revived", "held", "missing_held",
             "stale", "locked", "rejected")  # fmt: skip
    return {name: told[name] for name in names if told[name]}


def _ran(exit_code: int, *arguments: str) -> Told:
    out, ended = io.StringIO(), 0
    try:
        call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code, out.getvalue()
    return dict(json.loads(out.getvalue()))
