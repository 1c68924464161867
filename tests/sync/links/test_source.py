"""Every way a fetch can end becomes a row's state, under the run's fence."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.engine import runs
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.runs import create_run
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import StopRequest
from popflix.lib.http import (
    BadPayload,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UpstreamError,
)
from sync.links.choose import Choice
from sync.links.decide import Answer, Failure, Kind, Policy
from sync.links.lookup import DirectLookUps, LookUp
from sync.links.models import Enrichment
from sync.links.source import LinkSource
from sync.tmdb.client import TmdbClient
from sync.units import return_media_links
from tests.sync.links.rows import LONG_AGO, link, stored_link, stored_work, tconst
from tests.sync.tmdb import invented
from tests.sync.tmdb.invented import FakeHttp

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ANSWER = Answer("movie", 9_000_001, Choice("https://i/p.jpg", "p."), Choice(None, "none."))


class Desk:
    """A source of a running run, over three due titles."""

    def __init__(self) -> None:
        for number in (1, 2, 3):
            link(number, work={"due_at": LONG_AGO + dt.timedelta(seconds=number)})
        run = create_run(
            "sync-media-links",
            {},
            trigger="command",
            clock=SYSTEM_CLOCK,
            status=RunStatus.RUNNING,
        )
        self.ctx = RunContext(run, clock=SYSTEM_CLOCK, stop=StopRequest())
        self.run = run
        self.http = FakeHttp({f"/movie/{tconst(1)}": invented.movie(imdb_id=tconst(1))})
        client = TmdbClient(self.http, ("en",))
        look_up = LookUp(client, DirectLookUps(), ("en",), "https://image/w500")
        self.source = LinkSource(self.ctx, look_up, Policy(5, 150), lease_seconds=60)

    def settle(self, *results: Answer | Failure | UpstreamError) -> object:
        questions = self.source.claim(len(results))
        return self.source.settle(self.ctx, list(zip(questions, results, strict=True)))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            BadPayload("TMDB", "sent an unexpected answer", field="id"),
            "bad_payload",
            "TMDB sent an unexpected answer",
        ),
        (Rejected("TMDB", "answered 400: bad", status=400), "rejected", "TMDB answered 400: bad"),
        (NotFound("TMDB", "answered 404", status=404), "rejected", "TMDB answered 404"),
    ],
)
def test_what_no_retry_mends_fails_the_row_with_its_kind(
    desk: Desk, error: UpstreamError, kind: str, words: str
) -> None:
    desk.settle(error)
    assert stored_link().processed_status == "FAILED"
    assert (stored_work().failure_kind, stored_work().last_error) == (kind, words)
    assert stored_work().due_at is None


@pytest.mark.parametrize(
    "error", [Unavailable("TMDB", "answered 503", status=503), RateLimited("TMDB", "answered 429")]
)
def test_what_a_retry_may_mend_leaves_the_row_pending(desk: Desk, error: UpstreamError) -> None:
    desk.settle(error)
    assert stored_link().processed_status == "PENDING"
    assert stored_work().attempts == 1
    assert stored_work().last_error == str(error)


def test_a_batch_counts_what_it_settled(desk: Desk) -> None:
    counts = desk.settle(
        ANSWER, Failure(Kind.NOT_FOUND, "unknown"), Unavailable("TMDB", "is away")
    )
    run = Run.objects.get(pk=desk.run.pk)
    assert (run.done_count, run.ok_count, run.failed_count) == (2, 1, 1)
    assert str(counts) == "Counts(done=2, ok=1, failed=1, pending=1)"
    assert stored_work(1).last_run_id == desk.run.pk


def test_claimed_rows_are_asked_about_oldest_first(desk: Desk) -> None:
    questions = desk.source.claim(2)
    assert [question.tconst for question in questions] == [tconst(1), tconst(2)]
    assert isinstance(desk.source.fetch(questions[0]), Answer)
    assert [question.tconst for question in desk.source.claim(5)] == [tconst(3)]
    assert desk.source.claim(5) == []


def test_given_back_rows_keep_their_attempt(desk: Desk) -> None:
    questions = desk.source.claim(3)
    desk.source.give_back(desk.ctx, questions, due_in_seconds=0, why="stopped")
    assert {row.attempts for row in Enrichment.objects.all()} == {0}
    assert {row.lease_token for row in Enrichment.objects.all()} == {""}


def test_renewed_leases_end_later(desk: Desk) -> None:
    questions = desk.source.claim(1)
    Enrichment.objects.update(due_at=LONG_AGO)
    desk.source.renew(questions)
    due_at = stored_work(1).due_at
    assert due_at is not None
    assert due_at > SYSTEM_CLOCK.now() + dt.timedelta(seconds=50)
    assert stored_work(2).due_at == LONG_AGO


def test_a_lost_run_gives_its_rows_back_at_once(desk: Desk) -> None:
    desk.source.claim(2)
    runs.mark_lost(desk.run, "its process is gone", clock=SYSTEM_CLOCK)
    assert {row.lease_token for row in Enrichment.objects.all()} == {""}
    for number in (1, 2):
        due_at = stored_work(number).due_at
        assert due_at is not None
        assert due_at <= SYSTEM_CLOCK.now()
        assert stored_work(number).attempts == 0


def test_rows_of_another_run_stay_leased(desk: Desk) -> None:
    desk.source.claim(2)
    return_media_links(desk.run, f"{desk.run.pk + 1}-1-")
    assert Enrichment.objects.exclude(lease_token="").count() == 2
