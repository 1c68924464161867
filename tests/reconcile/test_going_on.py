"""Change sets whose run was lost or held up: home says so, a button goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import pause
from popflix.engine.runner import execute
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from reconcile.changes.approval import standing
from reconcile.changes.approval.applying import UNIT, apply_soon
from reconcile.changes.approval.deciding import Verdict, decide
from reconcile.changes.judging import store
from reconcile.changes.models import ChangeSet, SetState
from reconcile.feed.lease import Lease
from reconcile.feed.models import Source
from tests.popflix.console.home.asked import about
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import (
    figures,
    in_master,
    load,
    master,
    newest_set,
    reconcile,
    require_identity,
    run_unit,
    undo,
)
from tests.reconcile.test_deciding import DAY, NOW, decided, ids, retitled, reviewed, titled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


class Killed(BaseException):
    """Like a kill: nothing of ours catches it."""


def broken_apply(monkeypatch: pytest.MonkeyPatch) -> ChangeSet:
    """Approved, and killed before the first of it was written; the run's lease is over."""
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids())

    def die(self: Lease) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Lease, "prolong", die)
        with pytest.raises(Killed):
            run_unit(UNIT, change_set=made.pk)
    Source.objects.update(lease_token="", lease_until=None)
    Run.objects.update(status=RunStatus.LOST, active_key=None)
    made.refresh_from_db()
    assert made.state == SetState.APPLYING
    return made


def button(client: Client, made: ChangeSet) -> str:
    return client.get(reverse("admin:reconcile_changeset_change", args=[made.pk])).content.decode()


# --- on home, and how it goes on -----------------------------------------------------------------


def test_home_tells_of_a_set_whose_run_was_lost_and_its_page_goes_on(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = broken_apply(monkeypatch)
    need = about(operator, f"Change set {made.pk}")
    assert need is not None
    assert (need.badge, need.text) == (
        "Not applied", f"Change set {made.pk} (city) is not applied to its end",
    )  # fmt: skip
    assert need.why == "No run is at work on it."
    url = reverse("admin:reconcile_changeset_apply", args=[made.pk])
    assert url in operator.get(need.href).content.decode()
    operator.post(url)
    run = Run.objects.get(unit=UNIT, status=RunStatus.QUEUED)
    assert about(operator, f"Change set {made.pk}") is None, "a run is about to do it"
    execute(run.pk, clock=FakeClock(timezone.now()))
    assert titled() == {"New 0", "New 1"}
    made.refresh_from_db()
    assert made.state == SetState.APPLIED
    assert url not in button(operator, made)
    assert AuditEntry.objects.get(action="apply changes").target == str(made)


def test_home_says_that_approved_changes_wait_for_a_paused_unit(operator: Client) -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids("New 0"))
    pause(UNIT, by="ada", why="the database moves", now=timezone.now())
    assert "the database moves" in apply_soon(made.pk, by="ada")
    need = about(operator, f"Change set {made.pk} (city) has approved")
    assert need is not None
    assert "is paused (by ada: the database moves)" in need.why


def test_home_says_that_no_worker_takes_the_run_that_shall_apply(operator: Client) -> None:
    made = reviewed(retitled(2))
    decided(Verdict.APPROVE, ids())
    apply_soon(made.pk, by="ada")
    assert about(operator, f"Change set {made.pk}") is None
    Run.objects.filter(unit=UNIT).update(queued_at=timezone.now() - dt.timedelta(minutes=3))
    need = about(operator, f"Change set {made.pk}")
    assert need is not None
    assert need.why.endswith("is queued, and no worker takes it.")


def test_while_somebody_works_on_the_feed_nothing_is_told(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = broken_apply(monkeypatch)
    later = timezone.now() + dt.timedelta(seconds=50)
    Source.objects.update(lease_token="load_shows, run 9 #1", lease_until=later)
    assert about(operator, f"Change set {made.pk}") is None


def test_without_the_permission_there_is_no_button(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = broken_apply(monkeypatch)
    bo = User.objects.create_user("bo", is_staff=True)
    bo.groups.set([Group.objects.get(name="operator")])
    client.force_login(bo)
    url = reverse("admin:reconcile_changeset_apply", args=[made.pk])
    assert url not in button(client, made)
    assert client.post(url).status_code == 403


def test_the_next_judgement_takes_up_what_a_lost_run_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = broken_apply(monkeypatch)
    told = reconcile()
    require_identity(told)
    assert figures(told) == {"updated": 2, "unchanged": 10}
    made.refresh_from_db()
    assert made.state == SetState.CLOSED


def test_an_undo_whose_run_was_lost_is_finished_by_the_same_wish(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = in_master(DAY)
    load(retitled(2))
    reconcile()
    made = newest_set()

    def die(self: Lease) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Lease, "prolong", die)
        with pytest.raises(Killed):
            undo(made.pk)
    Source.objects.update(lease_token="", lease_until=None)
    Run.objects.update(status=RunStatus.LOST, active_key=None)
    told = undo(made.pk)
    assert (told["applied"], ChangeSet.objects.filter(purpose="undo").count()) == (2, 1)
    assert master() == before
    assert AuditEntry.objects.filter(action="undo change set").count() == 1


# --- two at once ---------------------------------------------------------------------------------


def test_of_two_who_decide_opposite_ways_at_once_the_later_word_stands_and_counts_are_true() -> (
    None
):
    if connection.vendor == "sqlite":
        pytest.skip("tests keep SQLite in memory, where writers of one process do not wait")
    made = reviewed(retitled(6))
    some, start = ids(), Barrier(2)

    def say(verdict: Verdict) -> int:
        try:
            start.wait(5)
            return decide(some, verdict, by=verdict, why="so", now=NOW).count
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(say, [Verdict.APPROVE, Verdict.REJECT]))
    assert counts == [6, 6], "each of them had all"
    states = set(made.changes.values_list("state", "decided_by"))
    assert states in ({("approved", "approve")}, {("rejected", "reject")})
    made.refresh_from_db()
    assert made.counts["update"] == {next(iter(states))[0]: 6}


def test_what_is_approved_in_place_of_what_was_taken_back_is_not_mixed_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many are approved as were read, and they are others."""
    made = reviewed(retitled(3))
    decided(Verdict.APPROVE, ids("New 0", "New 2"))
    prolong, said = Lease.prolong, iter([True])

    def meanwhile(self: Lease) -> None:
        prolong(self)
        if next(said, False):
            decided(Verdict.REJECT, ids("New 0"))
            decided(Verdict.APPROVE, ids("New 1"))

    monkeypatch.setattr(Lease, "prolong", meanwhile)
    run_unit(UNIT, change_set=made.pk)
    assert titled() == {"New 1", "New 2"}


def test_a_decision_on_what_a_judgement_of_some_cinemas_replaced_is_refused() -> None:
    made = reviewed([*retitled(2), show("22:00", cinema_id=4)])
    old = ids("New 0")
    reconcile(cinemas=[3], review=True)
    made.refresh_from_db()
    assert made.counts["insert"] == {"held": 1}
    assert "update" not in made.counts, "they are the newer set's"
    with pytest.raises(OperatorError, match="are gone"):
        decided(Verdict.APPROVE, old)


# --- large sets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verdicts", [["approve"], ["reject", "approve"], ["approve", "reject"]])
def test_a_decision_counts_what_counting_all_anew_would(verdicts: Sequence[str]) -> None:
    """Of a feed that lost most of one day, which a guard holds."""
    other = [replace(row, cinema_id=4) for row in DAY]
    reviewed([DAY[0], other[0]], [*DAY, *other])
    reconcile()
    made = newest_set()
    for verdict in verdicts:
        for some in (ids(cinema_id=3)[:5], ids(cinema_id=3), ids(cinema_id=4)[:2]):
            decided(Verdict(verdict), some)
            made.refresh_from_db()
            shifted = made.counts, made.state
            standing.recount(made)
            assert (made.counts, made.state) == shifted


def test_a_set_that_was_decided_stands_when_the_same_is_found_again() -> None:
    made = reviewed(retitled(4))
    decided(Verdict.REJECT, ids("New 0", "New 1"))
    made.refresh_from_db()
    assert made.digest == store.TO_BE_TAKEN
    assert figures(reconcile(review=True)) == {"held": 2, "rejected": 2, "unchanged": 8}
    assert newest_set().pk == made.pk
    decided(Verdict.REJECT, ids("New 2"))
    assert figures(reconcile(review=True)) == {"held": 1, "rejected": 3, "unchanged": 8}
    assert newest_set().pk == made.pk


def test_much_that_is_replaced_goes_in_several_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_DELETED_A_COMMIT", 2)
    made = reviewed(retitled(7))
    decided(Verdict.REJECT, ids("New 6"))
    load(retitled(8))
    assert figures(reconcile(review=True)) == {"held": 7, "rejected": 1, "unchanged": 4}
    made.refresh_from_db()
    assert (made.state, made.changes.count()) == (SetState.CLOSED, 0)
