"""Coverage of titles: what is counted, when it is measured, what is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine.models import Run
from popflix.engine.runner import run_in_foreground
from popflix.lib import audit, replaying
from popflix.lib.command import StopRequest
from popflix.lib.models import QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from sync.links import coverage
from sync.links.editing import choose_record, retry_links
from sync.links.models import Coverage, Title
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.sync.links.imdb import movies, write
from tests.sync.links.rows import POSTER, answered, link, running_run, stored_link, tconst, title
from tests.sync.links.sandboxed import enrichable, enriched

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
UNCHANGED = "Nothing has changed since the last measurement."


def measured(clock: FakeClock | None = None) -> Mapping[str, object]:
    """What the unit found, run as a command does."""
    given = {"clock": clock} if clock else {}
    return run_in_foreground(coverage.UNIT, {}, stop=StopRequest(), **given).result  # type: ignore[arg-type]


def of_each_kind() -> None:
    answered(1)
    link(2, processed_status="SUCCESS", poster_url=POSTER, trailer_embed_url="")
    link(3, processed_status="FAILED", work={"failure_kind": "ambiguous", "due_at": None})
    link(4)
    title(5)  # without links yet


COUNTS = {
    "title_count": 5, "answered_count": 2, "poster_count": 2, "trailer_count": 1,
    "failed_count": 1, "pending_count": 2,
}  # fmt: skip


def test_titles_are_counted_by_what_is_known_of_them() -> None:
    of_each_kind()
    assert measured() == {**COUNTS, "forgotten": 0}
    assert Coverage.objects.filter(**COUNTS).count() == 1


def test_titles_of_other_types_do_not_count() -> None:
    of_each_kind()
    answered(6)
    Title.objects.filter(pk=tconst(6)).update(title_type="videoGame")
    title(7, title_type=None)
    assert measured() == {**COUNTS, "forgotten": 0}


def test_links_of_titles_that_are_gone_do_not_count() -> None:
    of_each_kind()
    answered(6)
    answered(7)
    with connection.constraint_checks_disabled():  # adopted tables may have none
        Title.objects.filter(pk__in=[tconst(6), tconst(7)])._raw_delete("default")
    assert stored_link(6).processed_status == "SUCCESS"
    assert measured() == {**COUNTS, "forgotten": 0}


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_the_size_of_the_ranges_makes_no_difference(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "_TITLES_A_RANGE", size)
    of_each_kind()
    assert measured() == {**COUNTS, "forgotten": 0}


def test_a_run_that_is_to_stop_keeps_no_half_of_a_measurement() -> None:
    of_each_kind()
    asked = iter([False, True])
    assert coverage.measure(["movie"], stop=lambda: next(asked)) is not None
    assert coverage.measure(["movie"], stop=lambda: True) is None


def test_old_measurements_are_thinned_out_to_one_a_day() -> None:
    of_each_kind()
    instants = [
        NOON - dt.timedelta(days=days, hours=hour) for days in (0, 5) for hour in (3, 2, 1)
    ]
    Coverage.objects.bulk_create(Coverage(measured_at=at, **COUNTS) for at in instants)
    assert measured(FakeClock())["forgotten"] == 2
    kept = set(Coverage.objects.values_list("measured_at", flat=True))
    assert kept == {*instants[:3], instants[-1], NOON}


# --- at the end of runs -------------------------------------------------------------------------


def test_an_import_and_an_enrichment_are_seen_at_once(tmp_path: Path) -> None:
    with enrichable(4):
        call_command("import_imdb", str(write(tmp_path / "t.tsv", movies(3))))
        enriched()
        counts = Coverage.objects.order_by("measured_at").values_list(
            "title_count", "pending_count"
        )
        assert list(counts) == [(7, 7), (7, 0)]
        enriched()  # nothing is due, nothing changes
        assert Coverage.objects.count() == 2


def test_many_titles_that_were_counted_just_now_are_left_to_the_timetable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "_FEW_TITLES", 2)
    file = tmp_path / "t.tsv"
    for count in (3, 4):
        call_command("import_imdb", str(write(file, movies(count))))
    assert Coverage.objects.get().title_count == 3
    Coverage.objects.update(measured_at=NOON)
    call_command("import_imdb", str(write(file, movies(5))))
    assert Coverage.objects.order_by("measured_at").last().title_count == 5  # type: ignore[union-attr]


# --- whether to measure -------------------------------------------------------------------------


def test_without_titles_nothing_is_measured_by_itself() -> None:
    assert coverage.why_not_ready() == "TitleBasics holds no titles."
    title(1)
    assert coverage.why_not_ready() == ""


def test_it_is_measured_again_only_when_something_may_have_changed(tmp_path: Path) -> None:
    file = tmp_path / "t.tsv"
    call_command("import_imdb", str(write(file, movies(2))))
    assert coverage.why_not_ready() == UNCHANGED
    Coverage.objects.update(measured_at=NOON)  # the import got on since then
    assert coverage.why_not_ready() == ""
    measured()
    assert coverage.why_not_ready() == UNCHANGED


def test_a_run_at_work_and_an_operator_change_what_was_measured() -> None:
    answered(1)
    measured()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    run = Run.objects.create(
        unit="sync-media-links", active_key="sync-media-links:0", trigger="command",
        status="running", queued_at=later, progressed_at=later, done_count=0,
    )  # fmt: skip
    assert coverage.why_not_ready() == UNCHANGED  # it has settled nothing yet
    Run.objects.filter(pk=run.pk).update(done_count=1)
    assert coverage.why_not_ready() == ""
    run.delete()
    audit.record("ada", "pause", at=later)
    assert coverage.why_not_ready() == UNCHANGED
    retry_links([tconst(1)], by="ada", why="a better trailer", now=later)
    assert coverage.why_not_ready() == ""


def candidate_chosen() -> None:
    link(7, work={"candidates": [{"media_type": "movie", "tmdb_id": 5}], "due_at": None})
    choose_record(tconst(7), "movie", 5, by="ada", why="the older one", now=later())


def quarantined_row_taken() -> None:
    bad = BadRow(2, "startYear", "tt9900008\tmovie\tA\tA\t0\tx\t\\N\t\\N\t\\N")
    quarantine("title.basics.tsv", [bad], now=NOON, reader="title.basics")
    row = QuarantinedRow.objects.get()
    replaying.take_one(row.pk, bad.raw.replace("x", "1999"), by="ada", now=later(), why="typo")


def later() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)


@pytest.mark.parametrize("act", [candidate_chosen, quarantined_row_taken])
def test_what_operators_do_to_titles_is_measured(act: Callable[[], None]) -> None:
    answered(1)
    measured()
    assert coverage.why_not_ready() == UNCHANGED
    act()
    assert coverage.why_not_ready() == ""


def test_what_changes_while_it_is_counted_is_measured_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that ends meanwhile may have changed titles that were counted already."""
    answered(1)
    real, run = coverage.measure, running_run()

    def measure_beside(*args: Any, **more: Any) -> Any:
        figures, now = real(*args, **more), dt.datetime.now(dt.UTC)
        Run.objects.filter(pk=run.pk).update(
            status="completed", progressed_at=now, finished_at=now, done_count=1
        )
        return figures

    monkeypatch.setattr(coverage, "measure", measure_beside)
    measured()
    assert coverage.why_not_ready() == ""
    monkeypatch.setattr(coverage, "measure", real)
    measured()
    assert coverage.why_not_ready() == UNCHANGED


def test_whether_to_measure_is_asked_by_few_queries_of_few_rows() -> None:
    answered(1)
    measured()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        coverage.why_not_ready()
    assert len(asked) == 4
    assert not any("TitleBasics" in query["sql"] for query in asked)
