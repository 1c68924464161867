"""Rows of a feed that were in quarantine: mended on their page, and taken into staging."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from popflix.lib import replaying
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry, QuarantinedRow
from reconcile.feed.cells import NAMES
from reconcile.feed.lease import held
from reconcile.feed.models import Cinema, Load, LoadSlice
from reconcile.shows.models import SyncShow
from tests.reconcile.feed.loading import load, told
from tests.reconcile.feed.made import row, rows, write
from tests.reconcile.programme import figures, reconcile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
KOLKATA = "Asia/Kolkata"


def loaded(path: Path, *bad: Any, zone: str = KOLKATA) -> list[QuarantinedRow]:
    """Four good shows and these; what came into quarantine."""
    load(write(path, [*rows(4), *bad]), "--time-zone", zone)
    return list(QuarantinedRow.objects.order_by("line"))


def sheet(client: Client, of: QuarantinedRow) -> Any:
    answer = client.get(reverse("admin:lib_quarantinedrow_change", args=[of.pk]))
    assert answer.status_code == 200
    return answer.context["sheet"]


def take(client: Client, of: QuarantinedRow, mended: Mapping[str, str] = {}) -> Any:
    """Send the page's form with these fields mended."""
    texts = {field.cell.name: field.cell.text for field in sheet(client, of).fields}
    url = reverse("admin:lib_quarantinedrow_replay", args=[of.pk])
    return client.post(url, {"field": list({**texts, **mended}.values())}, follow=True)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def require_true_counts() -> Load:
    """Each row that the load read is staged, merged or in quarantine, by its slices too."""
    newest = Load.objects.latest("pk")
    sums = newest.slices.aggregate(rows=Sum("rows"), active=Sum("active_rows"))
    assert newest.staged_count == SyncShow.objects.count() == sums["rows"]
    assert sums["active"] == SyncShow.objects.exclude(is_active="N").count()
    assert newest.quarantined_count == QuarantinedRow.objects.count()
    assert newest.read_count == (
        newest.staged_count + newest.merged_count + newest.quarantined_count
    )
    assert newest.last_show_at == max(SyncShow.objects.values_list("show_time", flat=True))
    return newest


def test_the_page_shows_each_field_with_what_is_wrong(tmp_path: Path, operator: Client) -> None:
    bad = row(5, movie_title=None, movie_length=[120])
    del bad["movie_rating"], bad["screen_name"]
    (kept,) = loaded(tmp_path / "shows.json", bad)
    page = sheet(operator, kept)
    assert [field.cell.name for field in page.fields] == list(NAMES)
    cells = {field.cell.name: field.cell for field in page.fields}
    assert {name: cell.fault for name, cell in cells.items() if cell.fault} == {
        "screen_name": "is missing",
        "movie_title": "is empty",
        "movie_length": "is a list where a whole number is meant",
    }
    assert (cells["movie_title"].text, cells["movie_rating"].value) == (r"\N", "none")
    assert cells["movie_showTime"].value == "2026-01-28 05:20:00"
    assert {field.cell.name: field.was for field in page.fields}["screen_name"] is None


def test_a_mended_row_is_staged_and_the_figures_stay_true(
    tmp_path: Path, operator: Client
) -> None:
    (kept,) = loaded(tmp_path / "shows.json", row(20, movie_title="", cinema_id=8))
    answer = take(operator, kept, {"movie_title": "FOUND"})
    assert "is taken: 1 new in staging" in said(answer)
    show = SyncShow.objects.get(title="FOUND")
    assert (show.cinema_id, f"{show.show_time:%H:%M}") == (8, "07:50")
    assert (Cinema.objects.get(pk=8).name, Cinema.objects.get(pk=8).source) == (
        "Cinema One", "default",
    )  # fmt: skip
    newest = require_true_counts()
    assert (newest.staged_count, newest.quarantined_count) == (5, 0)
    entry = AuditEntry.objects.get(action="mend quarantined row")
    assert json.loads(entry.details["after"])["movie_title"] == "FOUND"
    assert figures(reconcile()) == {"inserted": 5}


def test_what_is_still_wrong_is_told_at_its_field(tmp_path: Path, operator: Client) -> None:
    (kept,) = loaded(tmp_path / "shows.json", row(5, movie_showTime="soon", movie_length=[1]))
    answer = take(operator, kept, {"movie_showTime": "2026-01-28T21:00:00"})
    assert "1 field cannot be read. Nothing was written." in said(answer)
    assert QuarantinedRow.objects.count() == 1
    assert SyncShow.objects.count() == 4


@pytest.mark.parametrize(
    ("there", "comes", "words", "word"),
    [
        ("Y", "N", "merged with an active one", "Y"),
        ("N", "Y", "changed in staging", "Y"),
        ("N", "N", "changed in staging", "N"),
    ],
)
def test_a_key_that_is_staged_already_is_merged_as_in_one_feed(
    tmp_path: Path, operator: Client, there: str, comes: str, words: str, word: str
) -> None:
    path = tmp_path / "shows.json"
    late = row(30, is_active=there)
    (kept,) = loaded(path, late, {**late, "is_active": comes, "movie_title": None})
    assert words in said(take(operator, kept, {"movie_title": "FOUND"}))
    show = SyncShow.objects.get(show_time__hour=9, show_time__minute=30)
    assert show.is_active == word
    assert (show.title == "FOUND") == ("changed" in words)
    assert require_true_counts().merged_count == 1


def test_what_would_change_is_shown_beside_what_is_staged(
    tmp_path: Path, operator: Client
) -> None:
    (kept,) = loaded(tmp_path / "shows.json", row(2, movie_rating=5.5))
    texts = {field.cell.name: field.cell.text for field in sheet(operator, kept).fields}
    raw = json.dumps({**row(2), "movie_rating": "A"})
    reading = replaying.replayer_of(kept).read(raw)  # type: ignore[union-attr]
    assert reading.stored["movie_rating"] == "U/A 13+"
    assert texts["movie_rating"] == "5.5"


def test_a_cinema_of_another_feed_is_refused_in_words(tmp_path: Path, operator: Client) -> None:
    path = tmp_path / "other.json"
    load(write(path, [row(cinema_id=50)]), "--source", "other", "--time-zone", KOLKATA)
    (kept,) = loaded(tmp_path / "shows.json", row(9, cinema_id=50))
    page = sheet(operator, kept)
    faults = {field.cell.name: field.cell.fault for field in page.fields if field.cell.fault}
    assert faults == {"cinema_id": "is 50, a cinema of the feed other"}
    assert "1 field cannot be read" in said(take(operator, kept))


def test_while_the_feed_is_at_work_nothing_is_taken_and_it_says_so(
    tmp_path: Path, operator: Client
) -> None:
    (kept,) = loaded(tmp_path / "shows.json", row(9, movie_title=None))
    with held("default", "load_shows, run 5", SYSTEM_CLOCK):
        one = take(operator, kept, {"movie_title": "FOUND"})
        many = replaying.replay([kept.pk], by="ada", why="try", now=SYSTEM_CLOCK.now())
    assert "load_shows, run 5 works on it" in said(one)
    assert many.left == {"The feed default is busy: load_shows, run 5 works on it.": 1}
    assert SyncShow.objects.count() == 4


def test_many_rows_are_taken_that_can_be_read_by_now(tmp_path: Path, operator: Client) -> None:
    """An offset that nobody knew: the zone is told with the next load, and then they are fine."""
    path = tmp_path / "shows.json"
    shows = [row(n, movie_showTime=f"2026-01-28T1{n}:00:00") for n in range(3)]
    load(write(path, [row(movie_showTime="2026-01-28T20:00:00Z"), *shows, 5]))
    Load.objects.update(zone=KOLKATA)
    ids = list(QuarantinedRow.objects.values_list("pk", flat=True))
    done = replaying.replay(ids, by="ada", why="the zone is known", now=SYSTEM_CLOCK.now())
    assert (done.taken, done.left) == (3, {"it is no object": 1})
    require_true_counts()


def test_a_row_that_is_no_object_can_be_written_anew(tmp_path: Path, operator: Client) -> None:
    (kept,) = loaded(tmp_path / "shows.json", "no row at all")
    assert all(field.was is None for field in sheet(operator, kept).fields if field.cell.fault)
    mended = {
        "cinema_id": "1", "screen_name": "AUDI 9", "movie_showTime": "2026-01-28T21:00",
        "movie_ID": "HO1", "movie_title": "FOUND",
    }  # fmt: skip
    assert "1 new in staging" in said(take(operator, kept, mended))
    assert SyncShow.objects.get(screen_name="AUDI 9").rating is None
    require_true_counts()


def test_rows_of_a_feed_that_came_to_nothing_are_counted_as_read(
    tmp_path: Path, operator: Client
) -> None:
    path = tmp_path / "shows.json"
    loaded(path)
    with pytest.raises(SystemExit):
        load(write(path, [row(9, movie_title=None)]))
    assert "1 new" in said(take(operator, QuarantinedRow.objects.get(), {"movie_title": "X"}))
    newest = Load.objects.filter(state="loaded").latest("pk")
    assert (newest.read_count, newest.staged_count) == (5, 5)


def test_without_a_load_there_is_nothing_to_put_it_to(tmp_path: Path, operator: Client) -> None:
    with pytest.raises(SystemExit):
        load(write(tmp_path / "shows.json", [row(9, movie_title=None)]), "--time-zone", KOLKATA)
    answer = take(operator, QuarantinedRow.objects.get(), {"movie_title": "X"})
    assert "Nothing of the feed default is loaded. Load it first." in said(answer)
    assert not SyncShow.objects.exists()
    assert not LoadSlice.objects.exists()


def test_a_load_after_it_says_the_same(tmp_path: Path, operator: Client) -> None:
    path = tmp_path / "shows.json"
    (kept,) = loaded(path, row(9, movie_title=None))
    take(operator, kept, {"movie_title": "FOUND"})
    again = told(write(path, [*rows(4), row(9, movie_title="FOUND")]), "--time-zone", KOLKATA)
    assert (again["inserted"], again["updated"], again["removed"]) == (0, 0, 0)
