"""The command load_shows: feeds into staging, told in lines and in one object."""

from __future__ import annotations

import datetime as dt
import io
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from popflix.engine.models import Run
from popflix.lib.models import QuarantinedRow
from reconcile.feed.models import Cinema, Load, LoadRow, LoadSlice, LoadState, Source
from reconcile.shows.models import SyncShow
from tests.reconcile.feed.loading import counts, load, staged, told
from tests.reconcile.feed.made import feed, row, rows, write
from tests.site import Site

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shows.json"


def test_it_says_what_the_seed_said_and_then_what_came_of_the_rows(path: Path) -> None:
    write(path, [*rows(3), row(), row(9, movie_ID=None)])
    assert load(path) == [
        "Loading shows from JSON...",
        "Loaded 5 shows",
        "Sync table updated successfully.",
        "Staged: 3, Inserted: 3, Updated: 0, Removed: 0, Merged: 1, Quarantined: 1",
    ]


def test_the_rows_of_a_feed_are_staged_in_utc(path: Path) -> None:
    load(write(path, [row()]))
    show = SyncShow.objects.get()
    assert show.show_time == dt.datetime(2026, 1, 28, 10, tzinfo=dt.UTC)
    assert (show.movie_id, show.title, show.length) == (
        "HO00000001",
        "THE LONG ROAD (HINDI)",
        120,
    )


def test_a_given_zone_makes_the_times_its_wall_clock(path: Path) -> None:
    load(write(path, [row()]), "--time-zone", "Asia/Kolkata")
    assert SyncShow.objects.get().show_time == dt.datetime(2026, 1, 28, 4, 30, tzinfo=dt.UTC)
    assert Load.objects.get().zone == "Asia/Kolkata"


def test_a_cinemas_zone_beats_its_feeds(path: Path) -> None:
    load(write(path, [row()]))
    Cinema.objects.update(zone="Europe/Berlin")
    load(write(path, [row()]), "--time-zone", "Asia/Kolkata")
    assert SyncShow.objects.get().show_time == dt.datetime(2026, 1, 28, 9, tzinfo=dt.UTC)


def test_a_second_load_of_the_same_changes_no_row(path: Path) -> None:
    load(write(path, rows(5)))
    before = list(SyncShow.objects.order_by("pk").values_list("pk", "updated_at"))
    assert counts(told(path)) == (0, 0, 0)
    assert list(SyncShow.objects.order_by("pk").values_list("pk", "updated_at")) == before


def test_staging_mirrors_the_newest_load(path: Path) -> None:
    load(write(path, [*rows(4), row(cinema_id=2)]))
    kept = SyncShow.objects.get(screen_name="AUDI 1", cinema_id=1, show_time__minute=10).pk
    newer = [row(1, movie_rating="A"), row(2), row(7)]
    assert counts(told(write(path, newer))) == (1, 1, 3)
    assert SyncShow.objects.get(rating="A").pk == kept
    assert SyncShow.objects.count() == 3


def test_values_are_compared_letter_by_letter(path: Path) -> None:
    load(write(path, [row(movie_title="Cafe", movie_rating=None, movie_format="2d ")]))
    newer = row(movie_title="Café", movie_rating="", movie_format="2D")
    assert counts(told(write(path, [newer]))) == (0, 1, 0)
    show = SyncShow.objects.get()
    assert (show.title, show.rating, show.format) == ("Café", "", "2D")
    spaced = row(movie_title="Café", movie_rating="", movie_format="2D ")
    assert counts(told(write(path, [spaced]))) == (0, 1, 0)
    assert SyncShow.objects.get().format == "2D "


def test_keys_that_differ_by_case_or_accent_are_two_shows(path: Path) -> None:
    names = ("AUDI 2", "Audi 2", "Audí 2", "AUDI 2 ")
    found = told(write(path, [row(screen_name=name) for name in names]))
    assert (found["staged"], found["merged"]) == (3, 1)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_an_active_row_beats_inactive_ones_else_the_last_wins(path: Path, size: int) -> None:
    first = [row(is_active="Y", movie_rating="1"), row(is_active="N", movie_rating="2")]
    second = [row(1, is_active="N", movie_rating="3"), row(1, is_active="N", movie_rating="4")]
    third = [row(2, movie_rating=str(n)) for n in (5, 6, 7)]
    load(write(path, [*first, *second, *third]), "--batch-size", size)
    assert set(SyncShow.objects.values_list("rating", flat=True)) == {"1", "4", "7"}


def test_any_batch_size_stages_the_same(path: Path) -> None:
    write(path, [*rows(7), row(3, is_active="N"), row(5, movie_ID=None), row(2, movie_length=1)])
    load(path)
    first = staged()
    for size in (1, 3, 4):
        assert counts(told(path, "--batch-size", size)) == (0, 0, 0)
        assert staged() == first


def test_a_load_tells_its_slices_by_day_of_the_cinemas_zone(path: Path) -> None:
    late = row(movie_showTime="2026-01-28T20:00:00Z", is_active="N")
    load(write(path, [row(), row(1), late]))
    Cinema.objects.update(zone="Asia/Kolkata")
    load(path)
    found = LoadSlice.objects.order_by("load", "day").values_list("day", "rows", "active_rows")
    first, second = dt.date(2026, 1, 28), dt.date(2026, 1, 29)
    assert list(found) == [(first, 3, 2), (first, 2, 2), (second, 1, 0)]
    newest = Load.objects.latest("pk")
    assert newest.first_show_at == dt.datetime(2026, 1, 28, 10, tzinfo=dt.UTC)
    assert newest.last_show_at == dt.datetime(2026, 1, 28, 20, tzinfo=dt.UTC)
    assert (newest.state, newest.read_count, newest.staged_count) == (LoadState.LOADED, 3, 3)
    assert not LoadRow.objects.exists()


def test_cinemas_are_learnt_and_keep_their_first_source(path: Path) -> None:
    load(write(path, [row(), row(cinema_id=2, cinema_name="Two ")]), "--source", "city")
    other = [row(1, cinema_name="Mine"), row(cinema_id=3, cinema_name="Three")]
    found = told(write(path, other), "--source", "other")
    assert found["quarantined"] == 1
    assert "cinema_id is 1, a cinema of the feed city" in QuarantinedRow.objects.get().reason
    cinemas = Cinema.objects.order_by("pk").values_list("pk", "name", "source")
    assert list(cinemas) == [(1, "Cinema One", "city"), (2, "Two", "city"), (3, "Three", "other")]
    assert SyncShow.objects.filter(cinema_id=1).count() == 1


def test_one_feed_leaves_anothers_staging_alone(path: Path) -> None:
    load(write(path, rows(3)), "--source", "city")
    load(write(path, rows(2, cinema_id=2)), "--source", "other")
    load(write(path, rows(1, cinema_id=2)), "--source", "other")
    assert SyncShow.objects.filter(cinema_id=1).count() == 3


def test_packed_feeds_and_standard_input_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write(tmp_path / "shows.json.gz", rows(2)))
    assert SyncShow.objects.count() == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(feed(rows(1)))))
    load("-")
    assert SyncShow.objects.count() == 1


def test_a_dry_run_counts_and_writes_nothing(path: Path) -> None:
    write(path, [*rows(3), row(1), row(9, cinema_id="x")])
    found = told(path, "--dry-run")
    assert [found[name] for name in ("staged", "merged", "quarantined", "load", "run")] == [
        3, 1, 1, None, None
    ]  # fmt: skip
    for model in (SyncShow, Load, Run, Source, Cinema, QuarantinedRow):
        assert not model._default_manager.exists()


def test_without_arguments_the_feeds_that_are_set_are_loaded(
    tmp_path: Path, settings: Settings
) -> None:
    one = write(tmp_path / "one.json", [row()])
    two = write(tmp_path / "two.json", [row(cinema_id=2)])
    settings.POPFLIX_FEEDS = [
        {"name": "one", "url": str(one), "time_zone": "Asia/Kolkata", "times": "local"},
        {"name": "gone", "url": str(tmp_path / "nothing.json")},
        {"name": "two", "url": str(two)},
    ]
    with pytest.raises(SystemExit) as ended:
        load()
    assert ended.value.code == 1
    assert set(Cinema.objects.values_list("source", flat=True)) == {"one", "two"}
    assert SyncShow.objects.get(cinema_id=1).show_time.hour == 4


def test_without_a_feed_the_seeds_file_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "allShows.json", rows(2))
    load()
    assert SyncShow.objects.count() == 2


def test_the_sample_loads(path: Path) -> None:
    sample = Path(__file__).parents[3] / "samples" / "shows.json"
    found = told(sample, "--time-zone", "Asia/Kolkata")
    assert found["merged"] > 0
    assert found["quarantined"] == 0
    assert found["staged"] >= 50


@pytest.mark.recordings
def test_the_real_feed_is_staged_whole(recordings: Path) -> None:
    (real,) = (recordings / "shows").glob("*.json")
    found = told(real, "--time-zone", "Asia/Kolkata", "--batch-size", 100)
    assert [found[name] for name in ("read", "staged", "merged", "quarantined")] == [
        2164, 2135, 29, 0
    ]  # fmt: skip
    assert counts(told(real)) == (0, 0, 0)
    assert Cinema.objects.count() == 81
    assert Cinema.objects.filter(name__contains="\u00a0").count() == 0
    active = sum(
        LoadSlice.objects.filter(load=found["load"]).values_list("active_rows", flat=True)
    )
    assert active == SyncShow.objects.filter(is_active="Y").count() == 1746


def test_a_whole_site_ends_with_the_exit_codes(site: Site, tmp_path: Path) -> None:
    assert site.manage("load_shows", str(write(tmp_path / "a.json", rows(2)))).stdout.splitlines()[
        :3
    ] == ["Loading shows from JSON...", "Loaded 2 shows", "Sync table updated successfully."]
    site.manage("load_shows", str(write(tmp_path / "b.json", [])), expect=3)
    site.manage("load_shows", str(tmp_path / "none.json"), expect=1)
