"""The unit `retry-dead-letters`: one letter, many spread over time, or a sample first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from popflix.engine import deadletters, pauses, runs, starting
from popflix.engine.deadletters import group_retry
from popflix.engine.deadletters import order as orders
from popflix.engine.deadletters.ledger import Ledger
from popflix.engine.deadletters.of_rows import WorkRowSource
from popflix.engine.models import Event, Lane, Run, RunStatus
from popflix.engine.runner import RunOutcome, execute, run_in_foreground
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock, FakeReporter, FakeStop, registered
from tests.popflix.engine.rows import Job
from tests.popflix.engine.test_deadletters import after, failed_run, give_up

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

JOBS = WorkRowSource("jobs", "Jobs", Job, unit="demo")


class Upstream:
    """Works on due jobs whenever somebody waits, as a worker would; `good` are those it mends."""

    def __init__(self, clock: FakeClock, good: Callable[[str], bool]) -> None:
        self.clock, self.good = clock, good
        self.asked: list[str] = []

    def work(self) -> None:
        now = self.clock.now()
        due = Job.objects.filter(due_at__lte=now, failure_kind__gt="").order_by("lane", "due_at")
        for job in due:
            self.asked.append(job.name)
            job.due_at = None
            if self.good(job.name):
                job.failure_kind = ""
            else:
                job.given_up_at = now
            job.save()


class WorkingStop(FakeStop):
    """While the run waits, the upstream works."""

    def __init__(self, clock: FakeClock, upstream: Upstream) -> None:
        super().__init__(clock)
        self.upstream = upstream

    def wait(self, seconds: float) -> bool:
        super().wait(seconds)
        self.upstream.work()
        return bool(self)


@pytest.fixture(autouse=True)
def of_jobs() -> Iterator[None]:
    deadletters.register(JOBS)
    with registered(lambda ctx: None):
        yield
    deadletters.forget("jobs")


def give_up_many(count: int) -> None:
    for n in range(count):
        give_up(f"job-{n:03}", f"row {n} is odd", after(n - 1000))


def retry(clock: FakeClock, stop: FakeStop | None = None, **params: Any) -> RunOutcome:
    return run_in_foreground(
        orders.UNIT,
        {"mode": "staggered", "source": "jobs", "by": "anna", **params},
        stop=FakeStop(clock) if stop is None else stop,  # a stop that nobody asked is false
        clock=clock,
    )


def only(found: Any) -> Any:
    (one,) = found
    return one


# --- one -----------------------------------------------------------------------------------


def test_one_row_goes_before_all_others_and_its_unit_is_started(clock: FakeClock) -> None:
    give_up_many(3)
    outcome = retry(clock, mode="one", letter="job-001")
    assert outcome.result == {"retried": 1, "refused": 0}
    job = Job.objects.get(name="job-001")
    assert (job.due_at, job.lane, job.given_up_at) == (NOON, Lane.OPERATOR, None)
    assert Job.objects.filter(given_up_at__isnull=False).count() == 2
    assert Run.objects.get(unit="demo").trigger == "retry"


def test_one_run_is_started_again(clock: FakeClock) -> None:
    failed = failed_run()
    retry(clock, mode="one", source="runs", letter=str(failed.pk))
    assert Run.objects.get(retry_of=failed).status == RunStatus.QUEUED
    with pytest.raises(OperatorError, match="no dead letter"):
        retry(clock, mode="one", source="runs", letter=str(failed.pk))


def test_what_cannot_be_retried_now_is_told(clock: FakeClock) -> None:
    failed = failed_run()
    pauses.pause("demo", by="bert", why="moving", now=NOON)
    with pytest.raises(OperatorError, match="demo is paused"):
        retry(clock, mode="one", source="runs", letter=str(failed.pk))
    failed.refresh_from_db()
    assert failed.dismissed_at is None


# --- staggered -----------------------------------------------------------------------------


def test_many_are_spread_over_time(clock: FakeClock) -> None:
    give_up_many(25)
    outcome = retry(clock, per_minute=10)
    due = list(Job.objects.order_by("name").values_list("due_at", flat=True))
    seconds = [(at - NOON).total_seconds() for at in due if at is not None]
    assert seconds[:10] == [0, 6, 12, 18, 24, 30, 36, 42, 48, 54]
    assert seconds[10] >= 60
    assert seconds[20] >= 120
    assert (outcome.result["retried"], outcome.result["refused"]) == (25, 0)
    run = outcome.run
    assert (run.done_count, run.total_count, run.ok_count) == (25, 25, 25)


def test_only_what_the_filter_names_is_retried(clock: FakeClock) -> None:
    give_up("a", "odd")
    give_up("b", "odd", kind="rejected")
    failed_run()
    retry(clock, kind="rejected")
    assert list(Job.objects.filter(due_at__isnull=False).values_list("name", flat=True)) == ["b"]
    assert Run.objects.get(error="broke").dismissed_at is None


def test_what_fails_again_meanwhile_is_left(clock: FakeClock) -> None:
    """Else a permanent fault would be asked for ever."""
    give_up_many(5)
    upstream = Upstream(clock, lambda name: False)
    retry(clock, WorkingStop(clock, upstream), per_minute=2)
    assert len(upstream.asked) == len(set(upstream.asked))
    assert only(JOBS.groups()).count > 0


def test_failed_runs_wait_for_their_slot_one_behind_the_other(clock: FakeClock) -> None:
    failed = [failed_run(f"run {n} broke", at=after(n)) for n in range(3)]
    clock(60)
    outcome = retry(clock, source="runs", per_minute=60)
    assert outcome.result["retried"] == 3
    again = list(Run.objects.filter(unit="demo", retry_of__in=failed).order_by("pk"))
    assert [run.retry_of_id for run in again] == [run.pk for run in failed]
    # The first is delivered at once, the others come a second after each other.
    assert [run.resume_at for run in again] == [None, after(61), after(62)]
    assert [run.slot for run in again] == [0, None, None]


def test_a_group_of_which_nothing_can_be_retried_now_is_left_and_told(clock: FakeClock) -> None:
    for n in range(70):
        failed_run(f"run {n} broke", unit="gone", at=after(n - 100))
    outcome = retry(clock, source="runs")
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["retried"], entry["left"]) == ("stopped", 0, 70)
    assert entry["why_refused"] == "There is no unit gone."
    note = Event.objects.get(kind="note")
    assert "cannot be retried now; the other 70 are left" in note.payload["text"]


def test_a_failed_retry_is_retried_only_when_it_is_named(clock: FakeClock) -> None:
    params = orders.clean_params({"source": "jobs"})
    failed = failed_run(unit=orders.UNIT, params=params)
    assert retry(clock, source="").result["retried"] == 0
    assert retry(clock, source="runs", unit=orders.UNIT).result["retried"] == 1
    assert Run.objects.filter(retry_of=failed).exists()


# --- sampled -------------------------------------------------------------------------------


def test_a_group_with_a_permanent_fault_costs_five_tries(clock: FakeClock) -> None:
    give_up_many(200)
    upstream = Upstream(clock, lambda name: False)
    outcome = retry(clock, WorkingStop(clock, upstream), mode="sampled", per_minute=6000)
    assert upstream.asked == [f"job-{n:03}" for n in range(5)]
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["passed"], entry["failed"]) == ("stopped", 0, 5)
    assert entry["left"] == 195
    told = Event.objects.get(milestone_id="dead-letters.sample-failed")
    assert told.payload == {
        "group": only(outcome.result["groups"]),
        "error": "row <n> is odd",
        "passed": 0,
        "failed": 5,
        "left": 195,
    }
    note = Event.objects.get(kind="note")
    assert "Only 0 of 5 letters passed, 5 failed" in note.payload["text"]


def test_four_of_five_are_enough_to_go_on(clock: FakeClock) -> None:
    give_up_many(30)
    upstream = Upstream(clock, lambda name: name != "job-002")
    outcome = retry(clock, WorkingStop(clock, upstream), mode="sampled", per_minute=6000)
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["passed"], entry["failed"]) == ("done", 4, 1)
    assert outcome.result["retried"] == 30
    upstream.work()
    assert len(upstream.asked) == 30
    assert not Event.objects.filter(milestone_id="dead-letters.sample-failed").exists()


def test_three_of_five_are_not(clock: FakeClock) -> None:
    give_up_many(30)
    upstream = Upstream(clock, lambda name: name not in ("job-001", "job-002"))
    outcome = retry(clock, WorkingStop(clock, upstream), mode="sampled")
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["passed"], entry["left"]) == ("stopped", 3, 25)


def test_each_group_has_its_own_sample(clock: FakeClock) -> None:
    give_up_many(10)
    for n in range(8):
        give_up(f"other-{n}", "other fault", after(n - 1000))
    upstream = Upstream(clock, lambda name: name.startswith("other"))
    outcome = retry(clock, WorkingStop(clock, upstream), mode="sampled", per_minute=6000)
    stages = {e["error"]: e["stage"] for e in outcome.result["groups"].values()}  # type: ignore[attr-defined]
    assert stages == {"row <n> is odd": "stopped", "other fault": "done"}
    assert outcome.result["retried"] == 5 + 8


def test_a_group_of_five_or_fewer_needs_no_sample(clock: FakeClock) -> None:
    give_up_many(5)
    outcome = retry(clock, mode="sampled")
    assert outcome.result["retried"] == 5
    assert clock.now() == NOON  # nobody waited
    assert only(outcome.result["groups"].values())["stage"] == "done"  # type: ignore[attr-defined]


def test_a_sample_that_nobody_works_on_is_given_up(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_retry, "LONGEST_SAMPLE", dt.timedelta(minutes=5))
    give_up_many(10)
    outcome = retry(clock, mode="sampled")
    assert clock.now() > after(300)
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["passed"], entry["failed"]) == ("stopped", 0, 0)


def test_a_sample_of_which_too_few_can_be_retried_stops_the_group(clock: FakeClock) -> None:
    for n in range(20):
        failed_run(f"run {n} broke", unit="gone", at=after(n - 100))
    outcome = retry(clock, source="runs", mode="sampled")
    entry = only(outcome.result["groups"].values())  # type: ignore[attr-defined]
    assert (entry["stage"], entry["retried"], entry["left"]) == ("stopped", 0, 20)
    assert entry["refused"] == 15  # three rounds of five


# --- on the queue: hand-overs and kills --------------------------------------------------------


def enqueue(clock: FakeClock, **params: Any) -> Run:
    wanted = {"source": "jobs", "by": "anna", **params}
    return starting.enqueue(orders.UNIT, wanted, trigger="admin", clock=clock)


def test_a_queue_run_parks_while_its_sample_is_tried(clock: FakeClock) -> None:
    give_up_many(30)
    upstream = Upstream(clock, lambda name: True)
    run = enqueue(clock, mode="sampled", per_minute=6000)
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, run.pid) == (RunStatus.WAITING, None)
    assert "first 5 letters" in run.wait_reason
    assert len(JOBS.groups()) == 1
    upstream.work()
    clock(25)
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, run.result["retried"]) == (RunStatus.COMPLETED, 30)
    assert (run.done_count, run.total_count) == (30, 30)


def test_a_killed_run_goes_on_where_it_was(clock: FakeClock) -> None:
    give_up_many(30)
    upstream = Upstream(clock, lambda name: False)
    run = enqueue(clock, mode="sampled", per_minute=6000)
    execute(run.pk, clock=clock)
    # As if the process had died at work: another one takes the run over.
    Run.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, pid=1, host="elsewhere", lease_until=clock.now(), resume_at=None
    )
    clock(60)
    upstream.work()
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETED
    assert len(upstream.asked) == 5
    assert run.result["retried"] == 5
    upstream.work()
    assert len(upstream.asked) == 5


def test_a_broken_commit_is_forgotten_whole(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_many(12)
    run = enqueue(clock, per_minute=6000)
    kept, calls = Ledger.save, []

    def broken_once(self: Ledger, run_id: int) -> None:
        calls.append(run_id)
        if len(calls) == 1:
            raise ZeroDivisionError
        kept(self, run_id)

    monkeypatch.setattr(Ledger, "save", broken_once)
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert run.status == RunStatus.ERROR
    assert only(JOBS.groups()).count == 12
    again = starting.retry(run.pk, by="anna", clock=clock)
    execute(again.pk, clock=clock)
    again.refresh_from_db()
    assert again.result["retried"] == 12


def test_a_stop_between_two_chunks_keeps_what_is_done(clock: FakeClock) -> None:
    give_up_many(120)
    stop = FakeStop(clock)

    class StoppingReporter(FakeReporter):
        def progress(self, done: int, total: int | None) -> None:
            if done >= 50:
                stop.ask(15)

    outcome = run_in_foreground(
        orders.UNIT,
        {"source": "jobs", "per_minute": 6000},
        stop=stop,
        clock=clock,
        reporter=StoppingReporter(),
    )
    assert outcome.run.status == RunStatus.CANCELLED
    assert outcome.result["retried"] == 50
    assert only(JOBS.groups()).count == 70


def test_the_unit_that_works_on_rows_is_not_started_while_it_is_paused(clock: FakeClock) -> None:
    give_up_many(2)
    pauses.pause("demo", by="bert", why="moving", now=NOON)
    retry(clock)
    assert not Run.objects.filter(unit="demo").exists()


def test_it_is_not_started_twice(clock: FakeClock) -> None:
    give_up_many(2)
    busy = runs.create_run("demo", {}, trigger="command", clock=clock, status="running")
    retry(clock)
    assert list(Run.objects.filter(unit="demo")) == [busy]


# --- parameters ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"mode": "twice"}, "mode cannot be twice"),
        ({"colour": "red"}, "no parameter colour"),
        ({"source": "none"}, "no source none"),
        ({"per_minute": 0}, "per_minute"),
        ({"per_minute": "many"}, "per_minute"),
        ({"mode": "one"}, "belong together"),
        ({"letter": "7"}, "belong together"),
        ({"mode": "one", "letter": "7"}, "belong together"),
    ],
)
def test_wrong_parameters_are_refused_by_name(params: dict[str, object], words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        orders.clean_params(params)


def test_clean_parameters_stay_as_they_are() -> None:
    cleaned = orders.clean_params({"source": "jobs", "mode": "sampled", "per_minute": 7})
    assert orders.clean_params(cleaned) == cleaned
    assert cleaned["per_minute"] == 7
