"""Dead letters: what is one, how they are grouped, discarded, exported."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine import deadletters, runs, starting
from popflix.engine.deadletters import discarding, exporting, selecting, sources
from popflix.engine.deadletters.letters import Group, Letter, Verdict, Wanted
from popflix.engine.deadletters.of_rows import WorkRowSource
from popflix.engine.deadletters.of_runs import RunSource
from popflix.engine.deadletters.sample import Judgement, judge
from popflix.engine.grouping import error_group
from popflix.engine.models import Lane, Run, RunStatus
from popflix.engine.registry import Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.lib.errors import OperatorError, UsageError
from popflix.lib.models import AuditEntry
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.rows import Job

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

JOBS = WorkRowSource("jobs", "Jobs", Job)
RUNS = RunSource()


@pytest.fixture(autouse=True)
def of_jobs() -> Iterator[None]:
    deadletters.register(JOBS)
    yield
    deadletters.forget("jobs")


def after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def give_up(name: str, error: str, at: dt.datetime = NOON, kind: str = "gave_up") -> None:
    Job.objects.create(
        name=name,
        due_at=None,
        failure_kind=kind,
        last_error=error,
        error_group=error_group(error),
        given_up_at=at,
        attempts=5,
    )


def failed_run(
    error: str = "broke", unit: str = "demo", at: dt.datetime = NOON, **columns: Any
) -> Run:
    words: dict[str, Any] = {
        "unit": unit,
        "trigger": "admin",
        "status": RunStatus.ERROR,
        "queued_at": at,
        "finished_at": at,
        "error": error,
        "error_group": error_group(error),
    }
    return Run.objects.create(**{**words, **columns})


def group_of(source: Any, text: str) -> Group:
    (group,) = (group for group in source.groups() if group.text == text)
    found: Group = group
    return found


def keys(letters: list[Letter]) -> list[str]:
    return [letter.key for letter in letters]


# --- what is a letter, and of which group ---------------------------------------------------


def test_given_up_rows_are_grouped_by_their_error_without_its_figures() -> None:
    give_up("a", "row 1 is odd", after(-60))
    give_up("b", "row 2 is odd", NOON)
    give_up("c", "row 3 is odd", after(-30), kind="rejected")
    Job.objects.create(name="waits", due_at=NOON, failure_kind="gave_up", last_error="row 4")
    Job.objects.create(name="fine", due_at=None)
    odd, rejected = sorted(JOBS.groups(), key=lambda group: -group.count)
    assert (odd.text, odd.kind, odd.count) == ("row <n> is odd", "gave_up", 2)
    assert (odd.oldest, odd.newest) == (after(-60), NOON)
    assert odd.example in ("row 1 is odd", "row 2 is odd")
    assert (rejected.kind, rejected.count) == ("rejected", 1)
    assert keys(JOBS.letters(odd, limit=9)) == ["a", "b"]


def test_failed_runs_are_letters_until_they_are_dismissed() -> None:
    first = failed_run("run 1 broke", at=after(-60))
    lost = failed_run("gone", status=RunStatus.LOST)
    failed_run("retried", dismissed_at=NOON)
    failed_run("a part", parent=first)
    failed_run("fine", status=RunStatus.COMPLETED)
    failed_run("stopped", status=RunStatus.CANCELLED)
    groups = sorted(RUNS.groups(), key=lambda group: group.kind)
    assert [(g.unit, g.kind, g.text, g.count) for g in groups] == [
        ("demo", "error", "run <n> broke", 1),
        ("demo", "lost", "gone", 1),
    ]
    found = RUNS.find(str(lost.pk))
    assert found is not None
    assert found.error == "gone"
    assert RUNS.find("nothing") is None


def test_an_attempt_that_follows_by_itself_leaves_no_letter(clock: FakeClock) -> None:
    registry = Registry()
    registry.register(Unit("fragile", lambda ctx: None, retry=RetryPolicy(attempts=2)))
    run = starting.enqueue("fragile", {}, trigger="admin", clock=clock, registry=registry)
    claimed = runs.claim_run(run.pk, clock=clock, registry=registry)
    assert claimed is not None
    runs.finish(claimed, RunStatus.ERROR, clock=clock, error="broke", registry=registry)
    assert RUNS.groups() == []


def test_a_group_keeps_its_short_id_and_is_found_by_it() -> None:
    give_up("a", "row 1 is odd")
    before = group_of(JOBS, "row <n> is odd")
    give_up("b", "row 22 is odd", after(5))
    now = group_of(JOBS, "row <n> is odd")
    assert before.id == now.id
    assert len(now.id) == 8
    assert Wanted(group=now.id).takes(now)
    assert Wanted(group=now.text).takes(now)
    assert not Wanted(group="other").takes(now)
    assert not Wanted(source="runs").takes(now)
    assert not Wanted(unit="demo").takes(now)
    assert not Wanted(kind="rejected").takes(now)


def test_letters_come_in_pages_oldest_first_and_none_twice() -> None:
    for n in range(7):
        give_up(f"job-{n}", f"row {n} is odd", after(n // 3))  # several at one instant
    group = group_of(JOBS, "row <n> is odd")
    pages = list(selecting.pages(JOBS, group, size=2))
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [key for page in pages for key in keys(page)] == [f"job-{n}" for n in range(7)]
    assert keys(JOBS.letters(group, limit=9, before=after(0))) == ["job-0", "job-1", "job-2"]


def test_runs_come_in_pages_too() -> None:
    made = [failed_run(f"run {n} broke", at=after(n // 2)) for n in range(5)]
    (group,) = RUNS.groups()
    pages = list(selecting.pages(RUNS, group, size=2))
    assert [key for page in pages for key in keys(page)] == [str(run.pk) for run in made]


def test_groups_of_many_rows_cost_three_statements() -> None:
    for n in range(40):
        give_up(f"job-{n}", f"{'x' * (n % 4)} is odd")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(JOBS.groups()) == 4
    assert len(asked) == 3


def test_a_group_tells_the_error_of_its_newest_letter() -> None:
    for n in (3, 1, 2):
        give_up(f"job-{n}", f"row {n} is odd", after(n))
    assert group_of(JOBS, "row <n> is odd").example == "row 3 is odd"


def test_a_source_that_names_its_kinds_passes_the_others_over() -> None:
    give_up("a", "row 1 is odd")
    kind = Job.objects.get().failure_kind
    assert [group.count for group in replace(JOBS, kinds=[kind]).groups()] == [1]
    assert replace(JOBS, kinds=["another"]).groups() == []
    assert replace(JOBS, kinds=["another"]).glance(most=9).total() == 0


def test_a_page_has_letters_counted_to_a_cap_and_all_else_told_in_full() -> None:
    for n in range(4):
        give_up(f"job-{n}", f"row {n} is odd", after(n))
    give_up("one", "row 1 is even", kind="rejected")
    Job.objects.create(name="retried", failure_kind="gave_up", error_group="gone by")
    pages = replace(JOBS, kinds=["gave_up", "rejected", "of no row"])
    capped = {group.text: group for group in pages.groups(most=3)}
    exact = {group.text: group for group in pages.groups()}
    assert {text: group.count for text, group in capped.items()} == {
        "row <n> is odd": 3, "row <n> is even": 1,
    }  # fmt: skip
    assert {text: replace(group, count=exact[text].count) for text, group in capped.items()} == (
        exact
    )
    odd = capped["row <n> is odd"]
    assert [group.text for group in pages.groups(most=3, only=odd.id)] == [odd.text]
    assert selecting.meant(Wanted(source="runs", group=odd.id), most=3) == []


def test_groups_counted_to_a_cap_take_as_many_statements_for_one_as_for_many() -> None:
    pages = replace(JOBS, kinds=["gave_up"])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert pages.groups(most=3)
        return len(queries)

    give_up("a", "odd")
    before = asked()
    for n in range(30):
        give_up(f"job-{n}", f"{'x' * n} is odd")
    assert asked() == before


def test_a_glance_at_one_unit_sees_no_letters_of_others() -> None:
    failed_run("broke")
    failed_run("broke", unit="other")
    assert RUNS.glance(most=9).total() == 2
    assert RUNS.glance(most=9, unit="other").total() == 1
    give_up("a", "odd")
    mine = replace(JOBS, unit="demo")
    assert mine.glance(most=9, unit="demo").total() == 1
    assert mine.glance(most=9, unit="other").total() == 0


def test_a_key_of_the_wrong_form_is_no_letter() -> None:
    assert sources.find("notifications").find("no number") is None
    assert sources.find("notifications").find("7") is None


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OperatorError, match=r"jobs, .*notifications"):
        selecting.meant(Wanted(source="letters"))
    with pytest.raises(ValueError, match="twice"):
        deadletters.register(JOBS)


# --- retrying ------------------------------------------------------------------------------


def test_a_retried_row_is_due_at_its_instant_and_no_letter_any_more(clock: FakeClock) -> None:
    give_up("a", "odd")
    give_up("b", "odd")
    letters = JOBS.letters(group_of(JOBS, "odd"), limit=9)
    done = JOBS.retry(letters, [NOON, after(10)], by="anna", clock=clock)
    assert done.letters == letters
    a, b = Job.objects.order_by("name")
    assert (a.due_at, b.due_at, a.attempts, a.lane) == (NOON, after(10), 0, Lane.BACKFILL)
    assert JOBS.groups() == []
    assert JOBS.retry(letters, [NOON, NOON], by="anna", clock=clock).letters == []


def test_a_row_in_a_hurry_goes_before_all_others(clock: FakeClock) -> None:
    give_up("a", "odd")
    JOBS.hurry(JOBS.letters(group_of(JOBS, "odd"), limit=1), by="anna", clock=clock)
    assert Job.objects.get().lane == Lane.OPERATOR


def test_the_domain_is_told_of_the_rows_that_are_retried(clock: FakeClock) -> None:
    told: list[Any] = []
    source = WorkRowSource("others", "Jobs", Job, on_retry=lambda keys, now: told.extend(keys))
    give_up("a", "odd")
    letters = source.letters(group_of(source, "odd"), limit=1)
    source.retry(letters, [NOON], by="anna", clock=clock)
    source.retry(letters, [NOON], by="anna", clock=clock)  # is none any more
    assert told == ["a"]


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ({}, Verdict.PENDING),
        ({"lease_token": "1-1-1", "attempts": 1}, Verdict.PENDING),
        ({"failure_kind": "", "due_at": after(9999)}, Verdict.PASSED),
        ({"given_up_at": after(9)}, Verdict.FAILED),
        ({"failure_kind": "not_found", "due_at": after(9999)}, Verdict.FAILED),
    ],
)
def test_the_fate_of_a_retried_row(
    columns: dict[str, Any], verdict: Verdict, clock: FakeClock
) -> None:
    give_up("a", "odd")
    letters = JOBS.letters(group_of(JOBS, "odd"), limit=1)
    JOBS.retry(letters, [NOON], by="anna", clock=clock)
    Job.objects.update(**columns)
    assert JOBS.verdicts(letters) == [verdict]


def test_a_retried_run_is_a_new_run_and_its_fate_is_the_letters(clock: FakeClock) -> None:
    with registered(lambda ctx: None, slots=2):
        failed = failed_run(params={"n": 1})
        letters = RUNS.letters(RUNS.groups()[0], limit=1)
        assert RUNS.hurry(letters, by="anna", clock=clock).letters == letters
        run = Run.objects.get(retry_of=failed)
        assert (run.params, run.trigger) == ({"n": 1}, "retry")
        assert RUNS.groups() == []
        assert RUNS.verdicts(letters) == [Verdict.PENDING]
        assert RUNS.hurry(letters, by="anna", clock=clock).letters == []  # once
        claimed = runs.claim_run(run.pk, clock=clock)
        assert claimed is not None
        runs.finish(claimed, RunStatus.COMPLETED, clock=clock)
        assert RUNS.verdicts(letters) == [Verdict.PASSED]


def test_the_fate_of_a_run_is_that_of_its_last_attempt() -> None:
    first = failed_run()
    again = failed_run(retry_of=first, dismissed_at=NOON)
    letter = Letter(str(first.pk), NOON, "error", "")
    assert RUNS.verdicts([letter]) == [Verdict.FAILED]
    last = failed_run(retry_of=again, attempt=2, status=RunStatus.QUEUED)
    assert RUNS.verdicts([letter]) == [Verdict.PENDING]
    Run.objects.filter(pk=last.pk).update(status=RunStatus.COMPLETED)
    assert RUNS.verdicts([letter]) == [Verdict.PASSED]


def test_a_run_that_cannot_be_retried_stays_a_letter(clock: FakeClock) -> None:
    failed_run(unit="gone")
    letters = RUNS.letters(RUNS.groups()[0], limit=1)
    done = RUNS.hurry(letters, by="anna", clock=clock)
    assert done.letters == []
    assert done.refused == {letters[0].key: "There is no unit gone."}
    assert len(RUNS.groups()) == 1


@pytest.mark.parametrize(
    ("passed", "failed", "judgement"),
    [
        (5, 0, Judgement.GO_ON),
        (4, 1, Judgement.GO_ON),
        (4, 0, Judgement.GO_ON),
        (3, 2, Judgement.STOP),
        (0, 2, Judgement.STOP),
        (3, 1, Judgement.WAIT),
        (0, 0, Judgement.WAIT),
    ],
)
def test_a_sample_is_judged_as_soon_as_it_can_be(
    passed: int, failed: int, judgement: Judgement
) -> None:
    verdicts = [Verdict.PASSED] * passed + [Verdict.FAILED] * failed
    assert judge(verdicts + [Verdict.PENDING] * (5 - len(verdicts))) is judgement


# --- discarding ----------------------------------------------------------------------------


def test_discarding_is_audited_and_touches_what_is_meant_alone() -> None:
    give_up("a", "row 1 is odd")
    give_up("b", "row 2 is odd")
    give_up("c", "other")
    run = failed_run()
    group = group_of(JOBS, "row <n> is odd")
    wanted = Wanted(group=group.id)
    assert discarding.discard(wanted, by="anna", why="known, password=abcdefg", now=NOON) == 2
    assert [group.text for group in JOBS.groups()] == ["other"]
    a = Job.objects.get(name="a")
    assert (a.failure_kind, a.last_error, a.due_at) == ("gave_up", "row 1 is odd", None)
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.count) == ("anna", "discard dead letters", 2)
    assert entry.why == "known, password=[secret]"
    assert entry.details == {"keys": ["a", "b"]}
    discarding.discard(Wanted(source="runs"), by="anna", why="known", now=NOON)
    run.refresh_from_db()
    assert (run.dismissed_at, run.status) == (NOON, RunStatus.ERROR)


def test_discarding_needs_a_reason() -> None:
    give_up("a", "odd")
    with pytest.raises(OperatorError, match="reason"):
        discarding.discard(Wanted(), by="anna", why=" ", now=NOON)
    assert len(JOBS.groups()) == 1


# --- exporting -----------------------------------------------------------------------------


def test_a_csv_holds_no_formula(tmp_path: Path) -> None:
    for n, error in enumerate(["=1+1", "+1", "-1", "@a", "\tx", 'says "no",\nthen', "plain"]):
        give_up(f"job-{n}", error, after(n))
    path = tmp_path / "letters.csv"
    assert exporting.export(Wanted(source="jobs"), path) == 7
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    errors = sorted(row["error"] for row in rows)
    assert errors == sorted(["'=1+1", "'+1", "'-1", "'@a", "'\tx", 'says "no",\nthen', "plain"])
    assert rows[0].keys() == set(exporting.COLUMNS)
    assert [each.name for each in tmp_path.iterdir()] == ["letters.csv"]


def test_json_lines_hold_the_errors_as_they_are(tmp_path: Path) -> None:
    give_up("a", "=1+1 in José's file")
    failed_run()
    path = tmp_path / "letters.jsonl"
    assert exporting.export(Wanted(), path) == 2
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    (job,) = (row for row in rows if row["source"] == "jobs")
    assert job == {
        "source": "jobs",
        "unit": "",
        "kind": "gave_up",
        "group": group_of(JOBS, "=<n>+<n> in José's file").id,
        "key": "a",
        "given_up_at": NOON.isoformat(),
        "error": "=1+1 in José's file",
    }


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither"):
        exporting.export(Wanted(), tmp_path / "letters.xls")
    with pytest.raises(OperatorError, match="cannot be written"):
        exporting.export(Wanted(), tmp_path / "nowhere" / "letters.csv")
    assert list(tmp_path.iterdir()) == []


# --- where a letter's row is looked at --------------------------------------------------------


def test_a_source_says_where_its_rows_are_looked_at_if_anywhere() -> None:
    run = failed_run()
    assert RUNS.url_of(str(run.pk)) == f"/admin/engine/run/{run.pk}/change/"
    assert JOBS.url_of("a") == ""
    assert deadletters.page_of("admin:no_such_page")("a") == ""


def test_discarding_begins_nothing_beyond_as_many_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discarding, "LETTERS_A_COMMIT", 2)
    for n in range(5):
        give_up(f"job-{n}", f"row {n} is odd", after(n))
    told: dict[str, Any] = {"by": "ada", "why": "x", "now": after(60)}
    assert discarding.discard(Wanted(), **told, most=3) == 4
    assert discarding.discard(Wanted(), **told, before=after(-1)) == 0
