"""What the command plans, queues and says."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest

from popflix.engine.models import Lane, Run, RunStatus
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.progress import SilentReporter
from sync.links.campaign import UNIT, dry_run, put_on_queue, run_here
from sync.links.models import MediaLinks
from sync.links.totals import totals_lines
from tests.sync.links.rows import LONG_AGO, NOW, answered, link, tconst, title
from tests.sync.links.sandboxed import enrichable

FIGURES: dict[str, Any] = {
    "success": 285,
    "failed": 15,
    "pending": 0,
    "requests": 390,
    "retries": 0,
    "waited_seconds": 10.26,
    "waits": {"pacing": 10.26, "TMDB answered 429": 0.02},
    "seconds": 10.4,
    "allowed_rate": 38.0,
    "next_due_at": None,
    "run": 4,
}


class FixedClock:
    def now(self) -> dt.datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


class Paper:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, line: str) -> None:
        self.text += f"{line}\n"


def planned(**params: Any) -> tuple[Report, str]:
    paper = Paper()
    report = dry_run(params, say=paper, clock=FixedClock())
    return report, paper.text


# --- dry run ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.both_databases
class TestDryRun:
    def test_due_and_missing_rows_are_counted_by_lane_and_kind(self) -> None:
        link(1)
        link(2, title_type="tvSeries", work={"lane": Lane.OPERATOR})
        link(3, work={"due_at": NOW + dt.timedelta(seconds=1)})
        title(4, title_type="tvMovie")
        title(5, title_type="short")
        report, text = planned()
        assert report.data["parts"] == [
            {"lane": "operator", "kind": "tv", "titles": 1, "requests": 2},
            {"lane": "backfill", "kind": "movie", "titles": 2, "requests": 2},
        ]
        assert (report.data["titles"], report.data["requests"]) == (3, 4)
        assert report.data["seconds"] == 0.1
        assert "1 tv titles in lane operator" in text
        assert "3 titles would be asked in about 4 requests, 0:00:01 at 38/s." in text
        assert "Nothing was asked or written." in text

    def test_nothing_is_written(self) -> None:
        title(1)
        planned()
        assert not MediaLinks.objects.exists()
        assert not Run.objects.exists()

    def test_a_limit_takes_its_share_of_the_requests(self) -> None:
        for number in range(1, 5):
            link(number, title_type="tvSeries")
        report, _ = planned(limit=3)
        assert (report.data["titles"], report.data["requests"]) == (3, 6)

    def test_what_is_asked_for_by_id_goes_by_the_operators_lane(self) -> None:
        answered(1, due_at=NOW + dt.timedelta(days=9))
        title(2, title_type="short")
        link(3)
        report, _ = planned(imdb_ids=[tconst(1), tconst(2)])
        assert report.data["parts"] == [
            {"lane": "operator", "kind": "movie", "titles": 2, "requests": 2}
        ]

    def test_failed_and_stale_rows_are_planned_where_asked_for(self) -> None:
        link(1, processed_status="FAILED", work={"due_at": None, "failure_kind": "ambiguous"})
        link(2, processed_status="FAILED", work={"due_at": None, "failure_kind": "gave_up"})
        answered(3, due_at=NOW + dt.timedelta(days=9), fetched_at=LONG_AGO)
        answered(4, due_at=NOW + dt.timedelta(days=9), fetched_at=NOW)
        assert planned()[0].data["titles"] == 0
        assert planned(retry_failed="gave_up")[0].data["titles"] == 1
        assert planned(retry_failed="")[0].data["titles"] == 2
        assert planned(stale_days=30)[0].data["titles"] == 1

    def test_an_adopted_link_that_was_never_fetched_by_us_is_stale_by_its_own_date(self) -> None:
        answered(1, due_at=NOW + dt.timedelta(days=9), fetched_at=None)
        assert planned(stale_days=30)[0].data["titles"] == 1

    def test_adopted_links_count_as_the_run_would_treat_them(self) -> None:
        for number, (status, updated) in enumerate(
            [("SUCCESS", NOW), ("SUCCESS", LONG_AGO), ("FAILED", NOW), ("PENDING", NOW)]
        ):
            made = title(number, title_type="short")
            MediaLinks.objects.create(title=made, processed_status=status, last_updated=updated)
        assert planned()[0].data["titles"] == 3

    def test_an_empty_database_says_what_to_do(self) -> None:
        with pytest.raises(OperatorError, match="import_imdb"):
            planned()


# --- the queue --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_queued_run_keeps_its_parameters_and_waits_for_a_worker() -> None:
    title(1)
    paper = Paper()
    report = put_on_queue({"limit": 5, "imdb_ids": ["99000001"]}, say=paper)
    run = Run.objects.get()
    assert report.data == {"run": run.pk, "status": RunStatus.QUEUED}
    assert (run.unit, run.status, run.trigger) == (UNIT, RunStatus.QUEUED, "command")
    assert run.params == {
        "limit": 5,
        "batch_size": 100,
        "concurrency": None,
        "imdb_ids": [tconst(1)],
        "retry_failed": None,
        "stale_days": None,
    }
    assert paper.text.startswith(f"Queued as run {run.pk};")


# --- here and now -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_run_here_reports_and_says_its_last_lines() -> None:
    paper = Paper()
    with enrichable(50):
        report = run_here(
            {}, stop=StopRequest(), say=paper, reporter=SilentReporter(io.StringIO())
        )
    assert report.stopped_by is None
    assert report.data["run"] == Run.objects.get().pk
    assert set(report.data) == {
        "success", "failed", "pending", "requests", "retries", "waited_seconds", "seconds", "run",
    }  # fmt: skip
    done, spent = paper.text.splitlines()[-2:]
    assert done == (
        f"Done. Success: {report.data['success']}, Failed: {report.data['failed']}, Pending: 0"
    )
    assert spent.startswith(f"Requests: {report.data['requests']}, ")


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_taken_away_says_so() -> None:
    with enrichable(50, latency_ms=20) as sandbox:
        paper = Paper()

        class Robber(SilentReporter):
            """The run is declared lost as soon as the work shows."""

            def start(self, total: int | None, label: str) -> None:
                Run.objects.update(status=RunStatus.LOST, active_key=None)

        with pytest.raises(OperatorError, match=r"was ended from outside \(lost"):
            run_here({}, stop=StopRequest(), say=paper, reporter=Robber(io.StringIO()))
        assert sandbox.report()["requests"] == 0


# --- the last lines ---------------------------------------------------------------------------


def lines(*, is_stopped: bool = False, **changed: Any) -> list[str]:
    now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    return list(totals_lines({**FIGURES, **changed}, is_stopped=is_stopped, now=now))


def test_the_last_lines_are_the_totals_and_the_effort() -> None:
    assert lines() == [
        "Done. Success: 285, Failed: 15, Pending: 0",
        "Requests: 390, 37.5/s of 38/s allowed; waited 10.3 s (pacing 10.3 s)",
    ]


def test_repeated_requests_are_told() -> None:
    assert lines(retries=12)[-1].startswith("Requests: 390 (12 repeated), 37.5/s")


def test_no_waiting_is_told_too() -> None:
    assert lines(waits={})[-1].endswith("no waiting")


def test_what_is_left_is_told_with_its_next_date() -> None:
    assert lines(pending=3, next_due_at="2026-03-01T12:00:10+00:00")[0] == (
        "Titles are left to ask, from 2026-03-01 12:00:10 UTC on: "
        "run `python manage.py sync_tmdb` again then."
    )


def test_what_a_limit_left_is_not_put_off_to_an_instant_gone_by() -> None:
    assert lines(pending=3, next_due_at="2026-03-01T11:59:59+00:00")[0] == (
        "Titles are left to ask: `python manage.py sync_tmdb` goes on with them."
    )


def test_a_stopped_run_is_not_called_done() -> None:
    told = lines(is_stopped=True, pending=3, next_due_at="2026-03-01T12:00:00+00:00")
    assert told[0] == "Stopped. Success: 285, Failed: 15, Pending: 3"
