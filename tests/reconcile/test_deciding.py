"""Approving and rejecting: groups, wishes that come late, decisions that stand, doors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError

from popflix.console.units.acting import run_now
from popflix.engine.models import Run, RunStatus, Schedule
from popflix.engine.registry import registry
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from reconcile.changes.approval import applying
from reconcile.changes.approval.applying import DECIDE_UNIT, UNIT, apply_soon
from reconcile.changes.approval.choosing import Choice, clean_choice
from reconcile.changes.approval.deciding import Decided, Verdict, decide
from reconcile.changes.finding.history import HELD_SLICES, history_of
from reconcile.changes.finding.propose import propose as propose_changes
from reconcile.changes.finding.scope import newest_load, scope_of
from reconcile.changes.judging import judge
from reconcile.changes.models import Change, ChangeSet, SetState
from reconcile.changes.types import Row
from reconcile.feed.lease import Lease, held
from reconcile.shows.models import MasterShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import (
    BEFORE,
    decide_all,
    figures,
    in_master,
    load,
    master,
    newest_set,
    reconcile,
    require_identity,
    run_unit,
    titles,
    without_ids,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
NOW = BEFORE + dt.timedelta(hours=1)
DAY = [show(f"{10 + n // 2}:{30 * (n % 2):02}", movie_id=f"F{n}", title=f"Film {n}")
       for n in range(12)]  # fmt: skip


class Killed(BaseException):
    """Like a kill: nothing of ours catches it."""


def reviewed(staged: Sequence[Row], before: Sequence[Row] = DAY) -> ChangeSet:
    """A set that waits whole."""
    in_master(before)
    load(staged)
    reconcile(review=True)
    return newest_set()


def ids(*titles: str, **values: Any) -> list[int]:
    found = Change.objects.filter(change_set=newest_set(), **values).order_by("pk")
    return [each.pk for each in found if not titles or each.after.get("title") in titles]


def decided(verdict: Verdict, some: Sequence[int]) -> Decided:
    return decide(some, verdict, by="ada", why="looks right", now=NOW)


def retitled(count: int = 3) -> list[Row]:
    return [replace(row, title=f"New {n}") if n < count else row for n, row in enumerate(DAY)]


def titled() -> set[str]:
    """The new titles in master."""
    return {title for title in titles(master()) if title.startswith("New")}


# --- one by one ----------------------------------------------------------------------------------


def test_what_is_approved_is_applied_and_what_is_rejected_is_not() -> None:
    made = reviewed(retitled())
    assert decided(Verdict.APPROVE, ids("New 0", "New 1")) == Decided(2, 0, made.pk)
    assert decided(Verdict.REJECT, ids("New 2")).count == 1
    made.refresh_from_db()
    assert made.counts["update"] == {"approved": 2, "rejected": 1}
    assert run_unit(UNIT, change_set=made.pk, by="ada")["applied"] == 2
    made.refresh_from_db()
    assert (made.state, made.counts["update"]) == (SetState.APPLIED, {"applied": 2, "rejected": 1})
    assert titled() == {"New 0", "New 1"}
    first = Change.objects.get(pk=ids("New 0")[0])
    assert (first.decided_by, first.decided_why) == ("ada", "looks right")
    told = AuditEntry.objects.filter(action="approve changes").get()
    assert (told.actor_name, told.count, told.why) == ("ada", 2, "looks right")


def test_a_decision_may_be_taken_back_until_it_is_applied() -> None:
    made = reviewed(retitled(1))
    decided(Verdict.REJECT, ids())
    decided(Verdict.APPROVE, ids())
    decided(Verdict.REJECT, ids())
    assert run_unit(UNIT, change_set=made.pk)["applied"] == 0
    decided(Verdict.APPROVE, ids())
    assert run_unit(UNIT, change_set=made.pk)["applied"] == 1
    with pytest.raises(OperatorError, match="is in master already"):
        decided(Verdict.REJECT, ids())


def test_linked_changes_are_decided_as_one() -> None:
    made = reviewed(retitled(4))
    first, second, third, _ = ids()
    made.changes.filter(pk__in=[first, third]).update(group=1)
    told = decided(Verdict.APPROVE, [first])
    assert (told.count, told.linked) == (2, 1)
    run_unit(UNIT, change_set=made.pk)
    assert sorted(made.changes.filter(state="applied").values_list("pk", flat=True)) == [
        first, third,
    ]  # fmt: skip
    made.refresh_from_db()
    assert made.state == SetState.OPEN, "something of it still waits"
    assert decided(Verdict.APPROVE, [second]).linked == 0


def test_a_closed_set_names_the_one_that_took_its_place() -> None:
    reviewed(retitled(1))
    old = ids()
    load(retitled(2))
    reconcile(review=True)
    kept = Change.objects.create(
        change_set=ChangeSet.objects.order_by("pk")[0], kind="update", state="held", cinema_id=3,
        weekday=5,
    )  # fmt: skip
    with pytest.raises(OperatorError, match=f"Decide in change set {newest_set().pk}"):
        decided(Verdict.APPROVE, [kept.pk])
    with pytest.raises(OperatorError, match="are gone"):
        decided(Verdict.APPROVE, old)


# --- all that match ------------------------------------------------------------------------------


def test_all_that_match_are_decided_and_applied_in_one_run() -> None:
    made = reviewed([*retitled(), show("22:00", movie_id="F90")])
    told = decide_all(made.pk, kind="update")
    assert (told["decided"], told["applied"], told["held"]) == (3, 3, 1)
    assert titled() == {"New 0", "New 1", "New 2"}
    entry = AuditEntry.objects.get(action="approve changes")
    assert (entry.count, entry.target) == (3, f"change set {made.pk}: update")
    assert decide_all(made.pk, "reject")["rejected"] == 1
    made.refresh_from_db()
    assert made.state == SetState.APPLIED


def test_a_choice_is_what_its_filters_say() -> None:
    made = reviewed([*retitled(), show("22:00", movie_id="F90")])
    assert Choice(made.pk, field="title").changes().count() == 3
    assert Choice(made.pk, kind="insert", cinema=3, weekday=5).changes().count() == 1
    assert Choice(made.pk, cinema=4).changes().count() == 0
    choice = clean_choice(
        {"change_set": str(made.pk), "kind": "update", "cinema": "3", "weekday": "5"}
    )
    assert choice.query() == "kind=update&cinema=3&weekday=5"
    assert choice.words() == [("Kind", "update"), ("Cinema", "Cinema 3"), ("Weekday", "Saturday")]
    for odd in ({"cinema": "x"}, {"weekday": "7"}, {"kind": "task"}, {"cinema": "9" * 30}):
        with pytest.raises(OperatorError):
            clean_choice({"change_set": made.pk, **odd})
    with pytest.raises(OperatorError, match="no change set 99999"):
        clean_choice({"change_set": 99999})


@pytest.mark.parametrize("size", [1, 2, 100])
def test_any_size_of_page_comes_to_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = reviewed([*retitled(8), show("22:00", movie_id="F90")])
    monkeypatch.setattr(applying, "ROWS_A_COMMIT", size)
    assert decide_all(made.pk)["applied"] == 9
    assert not made.changes.exclude(state="applied").exists()


def test_a_run_that_breaks_off_twice_comes_to_the_same_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = reviewed(retitled(8))
    monkeypatch.setattr(applying, "ROWS_A_COMMIT", 3)
    params = {"change_set": made.pk, "verdict": "approve", "why": "a test", "by": "ada"}
    clock = FakeClock()
    run = enqueue(DECIDE_UNIT, params, trigger="command", clock=clock)
    for commits in (1, 3):
        with monkeypatch.context() as patch:
            patch.setattr(applying, "_decide_page", _breaking(applying._decide_page, commits))
            patch.setattr(Lease, "prolong", _killing)
            with pytest.raises(Killed):
                execute(run.pk, clock=clock)
        made.refresh_from_db()
        assert made.state != SetState.APPLIED
        Run.objects.filter(pk=run.pk).update(status=RunStatus.QUEUED)
        clock(120)  # the lease of the killed one is over
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, run.result["applied"]) == (RunStatus.COMPLETED, 8)
    assert without_ids(master()) == without_ids(retitled(8))
    assert AuditEntry.objects.filter(action="approve changes").count() == 1


def _breaking(act: Any, after: int) -> Any:
    left = iter(range(after))

    def page(*arguments: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return act(*arguments)

    return page


def _killing(self: Lease) -> None:
    raise Killed


# --- wishes that come late -----------------------------------------------------------------------


def test_a_wish_that_comes_while_a_run_applies_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids("New 0"))
    prolong = Lease.prolong

    def meanwhile(self: Lease) -> None:
        prolong(self)
        decided(Verdict.APPROVE, ids("New 1"))

    with monkeypatch.context() as patch:
        patch.setattr(Lease, "prolong", meanwhile)
        assert run_unit(UNIT, change_set=made.pk)["applied"] == 2


def test_however_many_ask_there_is_one_run_that_has_not_looked_yet() -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids())
    clock = FakeClock()
    assert apply_soon(made.pk, by="ada", clock=clock) == apply_soon(made.pk, by="bo", clock=clock)
    for _ in range(8):
        apply_soon(made.pk, by="ada", clock=clock)
        Run.objects.filter(status=RunStatus.QUEUED).exclude(slot=None).update(
            status=RunStatus.RUNNING
        )
    assert Run.objects.filter(unit=UNIT).count() == applying.SLOTS + 1
    assert Run.objects.filter(unit=UNIT, slot=None, status=RunStatus.QUEUED).count() == 1


def test_a_run_waits_while_somebody_else_has_the_feed() -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids())
    clock = FakeClock()
    run = enqueue(UNIT, {"change_set": made.pk}, trigger="admin", clock=clock)
    with held("city", "load_shows, run 7", clock):
        execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, "busy" in run.wait_reason) == (RunStatus.WAITING, True)
    clock(20)
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, run.result["applied"]) == (RunStatus.COMPLETED, 2)


def test_what_is_rejected_while_it_is_applied_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids())
    prolong = Lease.prolong

    def meanwhile(self: Lease) -> None:  # the batch is read, and not written yet
        prolong(self)
        decided(Verdict.REJECT, ids("New 1"))

    monkeypatch.setattr(Lease, "prolong", meanwhile)
    assert run_unit(UNIT, change_set=made.pk)["applied"] == 1
    assert titled() == {"New 0"}


# --- decisions stand -----------------------------------------------------------------------------


def test_a_decision_stands_when_the_same_is_found_again() -> None:
    reviewed([DAY[0]])  # a feed that lost a day: all of it is held
    assert newest_set().counts["missing"] == {"held": 11}
    gone = ids()
    decided(Verdict.APPROVE, gone[:9])
    decided(Verdict.REJECT, gone[9:])
    load([DAY[0]])
    told = reconcile()
    require_identity(told)
    assert figures(told) == {"missing": 9, "unchanged": 1}
    assert newest_set().counts["missing"] == {"applied": 9, "rejected": 2}
    assert reconcile()["missing"] == 0


def test_a_decision_that_comes_while_a_load_is_judged_is_carried_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = reviewed(retitled(3))
    load([*retitled(3)[:3], *DAY[3:-1], replace(DAY[-1], rating="A")])
    propose = propose_changes

    def meanwhile(*arguments: Any) -> Any:
        yield from propose(*arguments)
        held_ones = old.changes.filter(state="held")
        decide(held_ones.values_list("pk", flat=True)[:1], Verdict.APPROVE, by="ada", why="",
               now=NOW)  # fmt: skip
        decide([held_ones.order_by("-pk")[0].pk], Verdict.REJECT, by="ada", why="", now=NOW)

    with monkeypatch.context() as patch:
        patch.setattr(judge, "propose", _once(meanwhile, propose))
        reconcile(review=True)
    states = sorted(newest_set().changes.values_list("state", flat=True))
    assert states == ["applied", "held", "held", "rejected"]


def _once(first: Any, then: Any) -> Any:
    calls = iter([then, first])
    return lambda *arguments: next(calls, then)(*arguments)


def test_a_slice_that_a_person_let_through_teaches_what_is_normal() -> None:
    in_master(DAY)
    load([DAY[0]])
    reconcile()
    made = newest_set()
    assert made.counts[HELD_SLICES] == [[3, 5]]
    decide_all(made.pk)
    made.refresh_from_db()
    assert made.counts[HELD_SLICES] == []
    load([DAY[0]])
    newest = newest_load("city")
    assert newest is not None
    [past] = history_of(scope_of(newest, BEFORE), [3]).values()
    assert len(past) == 1


# --- doors ---------------------------------------------------------------------------------------


def _account(name: str, *permissions: str) -> User:
    account = User.objects.create_user(name, is_staff=True)
    account.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return User.objects.get(pk=account.pk)


def _refused(run: Run) -> str:
    execute(run.pk, clock=FakeClock())
    run.refresh_from_db()
    assert run.status == RunStatus.ERROR
    assert not Change.objects.exclude(state="held").exists()
    return str(run.error)


@pytest.mark.parametrize("unit", [DECIDE_UNIT, "undo-changes", "reconcile-shows"])
def test_who_may_not_decide_starts_no_unit_that_does(unit: str) -> None:
    made = reviewed(retitled(1))
    _account("ada", "approve_change", "undo_changeset")
    bo = _account("bo", "run_unit")
    params: dict[str, Any] = {"why": "mine", "by": "ada"}
    more: dict[str, dict[str, Any]] = {
        DECIDE_UNIT: {"change_set": made.pk, "verdict": "approve"},
        "undo-changes": {"change_set": made.pk},
        "reconcile-shows": {"force": True},
    }
    params |= more[unit]
    with pytest.raises(OperatorError, match="asks for the permission reconcile"):
        run_now(bo, registry.get(unit), params)
    with pytest.raises(ValidationError, match="people start it, no schedule"):
        Schedule(unit=unit, every_seconds=60, params=params).save()
    forced = enqueue(unit, params, trigger="schedule", by="ada")
    assert "nobody stands for" in _refused(forced)
    posted = enqueue(unit, {**params, "by": "bo"}, trigger="admin", by="bo")
    assert "bo may not do this" in _refused(posted)


def test_who_may_decide_does_so_in_his_own_name() -> None:
    made = reviewed(retitled(1))
    ada = _account("ada", "approve_change")
    params = {"change_set": made.pk, "verdict": "approve", "why": "right", "by": "somebody"}
    run = run_now(ada, registry.get(DECIDE_UNIT), params)
    execute(run.pk, clock=FakeClock())
    assert Change.objects.get().decided_by == "ada"
    assert MasterShow.objects.filter(title="New 0").exists()


def test_a_decision_on_many_needs_a_reason_and_a_verdict() -> None:
    made = reviewed(retitled(1))
    for params, told in (
        ({"verdict": "approve"}, "needs a reason"), ({"why": "so"}, "verdict is missing"),
        ({"verdict": "approve", "why": "so", "state": "applied"}, "cannot be decided"),
        ({"verdict": "approve", "why": "so", "colour": 1}, "no parameter colour"),
    ):  # fmt: skip
        with pytest.raises(OperatorError, match=told):
            run_unit(DECIDE_UNIT, change_set=made.pk, **params)
