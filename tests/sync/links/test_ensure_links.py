"""Every title gets its links and its work, whoever filled the tables, and nothing else moves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from popflix.engine.models import Lane
from sync.links import ensure_links as module
from sync.links.ensure_links import ensure_links
from sync.links.models import Enrichment, MediaLinks, Title, TitleRating
from tests.sync.links.rows import LONG_AGO, NOW, title

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

MOVIES = ("movie",)
STATUSES = ("PENDING", "SUCCESS", "FAILED")


def links() -> list[tuple[Any, ...]]:
    return list(MediaLinks.objects.order_by("pk").values_list())


def work() -> dict[str, dt.datetime | None]:
    return dict(Enrichment.objects.order_by("pk").values_list("pk", "due_at"))


def adopted(number: int, status: str, last_updated: dt.datetime | None = LONG_AGO) -> str:
    """A link as the seed left it, without work of ours."""
    made = MediaLinks.objects.create(
        title=title(number), processed_status=status, last_updated=last_updated, tmdb_id=number
    )
    return str(made.pk)


def test_titles_of_the_types_get_a_pending_link_and_work_that_is_due() -> None:
    title(1), title(2), title(3, title_type="tvEpisode"), title(4, title_type=None)
    assert ensure_links(MOVIES, NOW) == 2
    assert [row[:-1] for row in links()] == [
        ("tt99000001", None, None, None, "PENDING"),
        ("tt99000002", None, None, None, "PENDING"),
    ]
    assert work() == {"tt99000001": NOW, "tt99000002": NOW}


@pytest.mark.parametrize("a_slice", [1, 500])
def test_named_titles_alone_are_looked_at(a_slice: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEYS_A_SLICE", a_slice)
    for number in range(1, 5):
        title(number)
    assert ensure_links(MOVIES, NOW, keys=["tt99000001", "tt99000003", "tt99000009"]) == 2
    assert list(work()) == ["tt99000001", "tt99000003"]
    assert ensure_links(MOVIES, NOW, keys=[]) == 0


def test_new_work_is_as_django_would_make_it() -> None:
    title(1)
    ensure_links(MOVIES, NOW)
    made = Enrichment.objects.get()
    told = {field.attname: getattr(made, field.attname) for field in made._meta.concrete_fields}
    plain = Enrichment(link_id="tt99000001", due_at=NOW, lane=Lane.BACKFILL)
    assert told == {name: getattr(plain, name) for name in told}


def test_a_second_time_nothing_is_added_and_nothing_moves() -> None:
    title(1), title(2)
    ensure_links(MOVIES, NOW)
    before = links(), work()
    assert ensure_links(MOVIES, NOW + dt.timedelta(days=1)) == 0
    assert (links(), work()) == before


@pytest.mark.parametrize("slices", range(8))
def test_stopped_between_two_slices_it_adds_the_rest_when_called_again(
    slices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_A_SLICE", 2)
    for number in range(5):
        title(number)
    asked = iter([False] * slices + [True] * 20)
    added = ensure_links(MOVIES, NOW, stop=lambda: next(asked))
    assert added == len(work())
    assert (added < 5) == (slices < 6)
    assert added + ensure_links(MOVIES, NOW) == len(links()) == 5


def test_adopted_links_get_work_and_keep_every_column() -> None:
    ids = [adopted(number, status) for number, status in enumerate(STATUSES, 1)]
    before = links()
    assert ensure_links((), NOW) == 3
    assert links() == before
    pending, success, failed = (work()[each] for each in ids)
    assert pending == failed == NOW
    assert success == LONG_AGO + dt.timedelta(days=150)


def test_an_answer_of_unknown_age_is_due_now() -> None:
    assert work_of(adopted(1, "SUCCESS", last_updated=None)) == NOW


def work_of(pk: str, **options: Any) -> dt.datetime | None:
    ensure_links(MOVIES, NOW, **options)
    return work()[pk]


def test_the_refresh_date_follows_the_days_given() -> None:
    assert work_of(adopted(1, "SUCCESS"), stale_days=7) == LONG_AGO + dt.timedelta(days=7)


def test_work_that_is_there_stays_as_it_is() -> None:
    pk = adopted(1, "FAILED")
    Enrichment.objects.create(link_id=pk, due_at=None, attempts=5, failure_kind="gave_up")
    title(2)
    assert ensure_links(MOVIES, NOW) == 1
    kept = Enrichment.objects.get(pk=pk)
    assert (kept.due_at, kept.attempts, kept.failure_kind) == (None, 5, "gave_up")


def test_titles_with_more_votes_are_due_earlier_but_never_in_the_future() -> None:
    for number, votes in ((1, 0), (2, 1), (3, 3_000_000), (4, 999_999)):
        TitleRating.objects.create(title=title(number), average_rating=5, num_votes=votes)
    title(5)
    ensure_links(MOVIES, NOW)
    order = Enrichment.objects.order_by("due_at", "pk").values_list("pk", "due_at")
    early = [(pk[-1], (NOW - due) // dt.timedelta(microseconds=1)) for pk, due in order if due]
    assert early == [("3", 3_000_000), ("4", 999_999), ("2", 1), ("1", 0), ("5", 0)]


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_instants_are_stored_to_the_microsecond(microsecond: int) -> None:
    now = NOW.replace(microsecond=microsecond)
    TitleRating.objects.create(title=title(1), average_rating=5, num_votes=2)
    ensure_links(MOVIES, now)
    assert list(work().values()) == [now - dt.timedelta(microseconds=2)]
    assert Enrichment.objects.filter(due_at__lte=now).count() == 1


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    title(1)
    ensure_links(MOVIES, NOW.astimezone(dt.timezone(dt.timedelta(hours=5))))
    assert list(work().values()) == [NOW]


def test_tables_larger_than_a_slice_are_done_slice_by_slice(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(module, "_ROWS_A_SLICE", 4)
    Title.objects.bulk_create(
        Title(tconst=f"tt99{number:06d}", title_type="movie") for number in range(1, 18)
    )
    adopted(20, "FAILED")
    # Of each slice: where it ends, and one INSERT in a savepoint; two tables of 18 rows.
    with django_assert_max_num_queries(2 * 5 * 4):
        assert ensure_links(MOVIES, NOW) == 18
    assert MediaLinks.objects.count() == Enrichment.objects.count() == 18
    assert ensure_links(MOVIES, NOW) == 0


def test_a_slice_that_ends_with_the_table_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_A_SLICE", 2)
    for number in range(1, 5):
        title(number)
    assert ensure_links(MOVIES, NOW) == 4


def test_empty_tables_are_no_work() -> None:
    assert ensure_links(MOVIES, NOW) == 0


def test_rows_that_another_process_added_meanwhile_are_left_alone() -> None:
    """The anti-join saw them missing; when they are inserted they are there."""
    pk = adopted(1, "SUCCESS")
    Enrichment.objects.create(link_id=pk, due_at=LONG_AGO)
    before = links(), work()
    quote = connection.ops.quote_name
    tail = module._DIALECTS[connection.vendor].tail
    for model, key in ((MediaLinks, "imdb_id"), (Enrichment, "imdb_id")):
        table = quote(model._meta.db_table)
        named = tail.format(key=f"{table}.{quote(key)}")
        columns = [quote(str(field.column)) for field in model._meta.concrete_fields]
        same = ", ".join(f"s.{column}" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {same} FROM {table} s WHERE 1 = 1 {named}"
            )
    assert (links(), work()) == before
