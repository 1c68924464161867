"""The recorded feed of a cinema chain, through load and reconcile and what may befall it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reconcile.changes.models import Change, ChangeSet
from reconcile.shows.models import MasterShow, SyncShow

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
]
Rows = list[dict[str, Any]]
BEFORE = ("--now", "2026-01-27T00:00:00Z")
TABLES = ("MasterShow", "SyncShow", "reconcile_change", "reconcile_load")


@pytest.fixture
def feed(recordings: Path, tmp_path: Path) -> Callable[[Callable[[Rows], Rows]], str]:
    """The path of the feed, its rows changed."""
    [path] = (recordings / "shows").glob("*.json")
    told = json.loads(path.read_bytes())

    def changed(change: Callable[[Rows], Rows] = list) -> str:
        rows = change([dict(row) for row in told["data"]["allShows"]])
        target = tmp_path / "allShows.json"
        target.write_text(json.dumps({**told, "data": {"allShows": rows}}))
        return str(target)

    return changed


def load(path: str) -> None:
    call_command("load_shows", path, "--time-zone", "Asia/Kolkata", stdout=io.StringIO())


def reconcile(exit_code: int = 0) -> dict[str, Any]:
    out, ended = io.StringIO(), 0
    try:
        call_command("reconcile_shows", *BEFORE, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code
    told: dict[str, Any] = json.loads(out.getvalue())
    counted = ("inserted", "updated", "unchanged", "moved", "revived", "held", "stale", "rejected")
    assert told["staged"] == sum(told[name] for name in counted) == SyncShow.objects.count()
    return told


def test_it_is_inserted_once_and_not_one_write_follows(feed: Any) -> None:
    load(feed())
    assert reconcile()["inserted"] == MasterShow.objects.count() == 2135
    load(feed())
    with CaptureQueriesContext(connection) as queries:
        assert reconcile()["unchanged"] == 2135
    written = [each["sql"] for each in queries if each["sql"].startswith(("INS", "UPD", "DEL"))]
    told = [sql for sql in written if "checked_at" not in sql]  # that its programme was looked at
    assert not [sql for sql in told if any(name in sql for name in TABLES)]
    assert ChangeSet.objects.count() == 1


def test_a_blanked_cinema_is_held_and_the_other_eighty_are_applied(feed: Any) -> None:
    load(feed())
    reconcile()
    blanked = SyncShow.objects.values_list("cinema_id", flat=True).order_by("-pk")[0]
    lost = SyncShow.objects.filter(cinema_id=blanked).count()

    def change(rows: Rows) -> Rows:
        first_of: dict[int, int] = {}
        for n, row in enumerate(rows):
            first_of.setdefault(row["cinema_id"], n)
        for n in first_of.values():
            for row in rows:
                if _key(row) == _key(rows[n]):
                    row["movie_rating"] = "changed"
        return [row for row in rows if row["cinema_id"] != blanked]

    load(feed(change))
    told = reconcile(exit_code=3)
    assert (told["updated"], told["missing"], told["missing_held"]) == (80, 0, lost)
    [hold] = told["holds"]
    assert (hold["cinema"], hold["rows"]) == (blanked, lost)
    assert not MasterShow.objects.exclude(missing_since=None).exists()


def test_shifted_shows_keep_their_ids_and_cancelled_ones_go(feed: Any) -> None:
    load(feed())
    reconcile()
    ids = set(MasterShow.objects.values_list("pk", flat=True))
    once = _once_a_film(SyncShow.objects.values_list("movie_id", "cinema_id"))
    shifted, cancelled = set(once[:60:2]), set(once[1:60:2])

    def change(rows: Rows) -> Rows:
        for row in rows:
            if (row["movie_ID"], row["cinema_id"]) in shifted:
                row["movie_showTime"] = row["movie_showTime"].replace(":00.000Z", ":07.000Z")
        return [row for row in rows if (row["movie_ID"], row["cinema_id"]) not in cancelled]

    for _ in range(2):
        load(feed(change))
        told = reconcile()
    assert told["unchanged"] == 2135 - len(cancelled)
    assert set(MasterShow.objects.values_list("pk", flat=True)) == ids
    gone = MasterShow.objects.exclude(missing_since=None)
    assert set(gone.values_list("movie_id", "cinema_id")) == cancelled
    assert Change.objects.filter(kind="move", state="applied").count() == len(shifted)


def _once_a_film(pairs: Any) -> list[tuple[str, int]]:
    """Film and cinema of shows that are the only one of both, one at each cinema."""
    listed = list(pairs)
    single = {cinema: (film, cinema) for film, cinema in sorted(listed)
              if listed.count((film, cinema)) == 1}  # fmt: skip
    return sorted(single.values())


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["movie_ID"], row["cinema_id"], row["screen_name"].strip(), row["movie_showTime"],
    )  # fmt: skip
