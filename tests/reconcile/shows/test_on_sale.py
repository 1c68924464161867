"""Which movies are on sale, by the titles that cinemas write."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.engine.models import Lane
from reconcile.shows.models import MasterShow
from reconcile.shows.on_sale import raise_on_sale
from reconcile.shows.titles import Known, Shown, clean_title, match, spans
from sync.availability.models import Availability
from sync.movies.models import Movie
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.reconcile import programme
from tests.reconcile.changes import rows
from tests.sync.availability.fakes import configured, due_row


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("THE GLASS HARBOUR (HINDI)(3D-4DX)", "the glass harbour"),
        ("Amélie  [OmU]", "amelie"),
        ("KALYANI 2898-AD (TELUGU)", "kalyani 2898 ad"),
        ("(Untitled)", "untitled"),
        ("  ", ""),
        ("Up (3D) Again", "up 3d again"),
    ],
)
def test_titles_are_compared_without_what_cinemas_add(written: str, cleaned: str) -> None:
    assert clean_title(written) == cleaned


@pytest.mark.parametrize(
    ("movies", "found"),
    [
        ([Known(1, ["The Glass Harbour"], 2026)], {1}),
        ([Known(1, ["Other", "THE GLASS HARBOUR"], 2025)], {1}),  # the original title, a year off
        ([Known(1, ["The Glass Harbour"], 2024)], set()),
        ([Known(1, ["The Glass Harbour II"], 2026)], set()),
        ([Known(1, ["The Glass Harbour"], 2026), Known(2, ["The Glass Harbour"], 2025)], set()),
    ],
)
def test_a_movie_is_meant_only_where_no_other_could_be(
    movies: list[Known], found: set[int]
) -> None:
    wanted = spans([Shown("THE GLASS HARBOUR (HINDI)", 2026, 2026)])
    assert match(wanted, movies) == found


def show(title: str, at: dt.datetime, **facts: object) -> None:
    MasterShow.objects.create(
        movie_id="m", cinema_id=1, screen_name=f"{title} {at}", show_time=at, title=title,
        created_at=NOON, updated_at=NOON, **facts,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.both_databases
def test_movies_with_shows_to_come_are_raised() -> None:
    day = dt.timedelta(days=1)
    with configured() as config:
        for number in range(1, 6):
            due_row(number, config)
        Movie.objects.update(year=2026)
        show("FILM 1 (HINDI)", NOON + day, is_active="Y")
        show("Film 2", NOON - day, is_active="Y")  # over
        show("Film 3", NOON + day, is_active="N")
        show("Film 4", NOON + day, is_active="Y", missing_since=NOON)
        assert raise_on_sale(NOON) == 1
        raised = Availability.objects.filter(lane=Lane.ON_SALE)
        assert list(raised.values_list("movie__tmdb_id", flat=True)) == [1]
        assert raise_on_sale(NOON) == 0


@pytest.mark.django_db
def test_reconciling_raises_what_it_brought_into_master() -> None:
    with configured() as config:
        due_row(1, config)
        Movie.objects.update(year=rows.at("19:30").year)
        programme.load([rows.show("19:30", title="FILM 1 (3D)")])
        programme.reconcile(clock=FakeClock(rows.at("01:00")))
        assert Availability.objects.get().lane == Lane.ON_SALE
        Availability.objects.update(lane=Lane.BACKFILL)  # as settled since
        programme.load([rows.show("19:30", title="FILM 1 (3D)")])
        programme.reconcile(clock=FakeClock(rows.at("01:00")))  # nothing of master changes
        assert Availability.objects.get().lane == Lane.ON_SALE
