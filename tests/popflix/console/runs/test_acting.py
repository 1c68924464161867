"""Retry and Cancel: for chosen runs of the list, by a row's button, on the run's own page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from popflix.engine import pauses
from popflix.engine.models import Event, Run, RunStatus
from popflix.lib.models import AuditEntry
from tests.popflix.console.runs.made import RUN, RUNS, failed, member, page, queued, working

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def act(client: Client, action: str, *ids: int, **more: Any) -> Any:
    """The bar of actions above the list."""
    chosen = {"action": action, "_selected_action": list(ids)}
    return client.post(reverse(RUNS), chosen | more, follow=True)


def press(client: Client, verb: str, run: Run, **sent: Any) -> Any:
    """A button about one run."""
    return client.post(reverse(f"admin:engine_run_{verb}", args=[run.pk]), sent, follow=True)


# --- chosen in the list -------------------------------------------------------------------------


def test_retry_starts_a_failed_run_again_and_is_audited(operator: Client) -> None:
    run = failed()
    answer = act(operator, "retry", run.pk, why="the disk has room again")
    again = Run.objects.latest("pk")
    assert f"Run {run.pk} is tried again as run {again.pk}." in answer.content.decode()
    assert (again.trigger, again.retry_of, again.status) == ("retry", run, "queued")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target, entry.why) == (
        "ada", "retry run", f"greet run {run.pk}", "the disk has room again",
    )  # fmt: skip
    assert entry.actor_id is not None


def test_what_cannot_be_retried_says_so_and_stops_no_other(operator: Client) -> None:
    first, second = failed(), failed()
    answer = act(operator, "retry", first.pk, second.pk).content.decode()
    assert f"Run {first.pk} is tried again" in answer
    assert "All slots of greet are taken" in answer
    pauses.pause("greet", by="anna", why="full", now=NOW)
    paused = act(operator, "retry", second.pk).content.decode()
    assert "is paused (by anna: full)." in paused
    assert AuditEntry.objects.count() == 1


def test_cancel_ends_a_queued_run_and_is_audited(operator: Client) -> None:
    run = queued()
    answer = act(operator, "cancel", run.pk, why="not today").content.decode()
    assert f"Run {run.pk} is cancelled." in answer
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert AuditEntry.objects.get().why == "not today"
    assert "has ended as cancelled" in act(operator, "cancel", run.pk).content.decode()


def test_many_answers_are_told_in_short(operator: Client) -> None:
    made = [failed() for _ in range(8)]
    answer = act(operator, "retry", *(run.pk for run in made)).content.decode()
    assert "And 2 more." in answer


def test_only_so_many_are_taken_at_once(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popflix.console.runs.acting._MOST_AT_ONCE", 1)
    first, second = failed(), failed()
    answer = act(operator, "retry", first.pk, second.pk).content.decode()
    assert f"Run {first.pk} is tried again" in answer
    assert "Only the first 1 were taken" in answer


def test_a_get_never_acts(operator: Client) -> None:
    run = failed()
    operator.get(f"{reverse(RUNS)}?action=retry&_selected_action={run.pk}")
    assert Run.objects.count() == 1


@pytest.mark.parametrize(("permission", "may"), [("change_run", False), ("retry_run", True)])
def test_only_who_may_retry_runs_retries_them(client: Client, permission: str, may: bool) -> None:
    run = failed()
    someone = member(client, "view_run", permission)
    assert ('value="retry"' in page(someone, RUNS)) is may
    act(someone, "retry", run.pk)
    assert (Run.objects.count() == 2) is may


# --- one run ------------------------------------------------------------------------------------


def test_retry_on_the_runs_page_leads_to_the_new_run(operator: Client) -> None:
    run = failed()
    own = reverse(RUN, args=[run.pk])
    answer = press(operator, "retry", run, why="mended", next=own)
    again = Run.objects.latest("pk")
    assert answer.redirect_chain[-1][0] == reverse(RUN, args=[again.pk])
    assert f"is tried again as run {again.pk}" in answer.content.decode()
    assert (again.retry_of, Event.objects.latest("pk").payload["by"]) == (run, "ada")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.why) == (
        "retry run", f"greet run {run.pk}", "mended",
    )  # fmt: skip


def test_retry_in_a_row_leads_back_to_the_list(operator: Client) -> None:
    back = f"{reverse(RUNS)}?status__exact=error"
    answer = press(operator, "retry", failed(), next=back)
    assert answer.redirect_chain[-1][0] == back


def test_a_refused_retry_says_why_and_starts_nothing(operator: Client) -> None:
    run = failed()
    pauses.pause("greet", by="anna", why="full", now=NOW)
    answer = press(operator, "retry", run, next=reverse(RUN, args=[run.pk]))
    assert "is paused (by anna: full)." in answer.content.decode()
    assert Run.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_cancel_asks_a_run_at_work_to_end_and_ends_a_queued_one(operator: Client) -> None:
    run = working()
    press(operator, "cancel", run, why="wrong limit", next=reverse(RUN, args=[run.pk]))
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert AuditEntry.objects.get().why == "wrong limit"
    assert "asked to end" in page(operator, RUN, run.pk)
    Run.objects.update(pid=None)
    press(operator, "cancel", run)
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_button_asks_for_its_permission_and_for_a_post(operator: Client, verb: str) -> None:
    run = failed()
    url = reverse(f"admin:engine_run_{verb}", args=[run.pk])
    assert operator.get(url).status_code == 405
    assert member(Client(), "view_run").post(url).status_code == 403
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("permissions", "shown"),
    [(["view_run"], []), (["view_run", "retry_run"], ["Retry"]),
     (["view_run", "cancel_run"], ["Cancel"]),
     (["view_run", "retry_run", "cancel_run"], ["Retry", "Cancel"])],
    ids=["looks", "retries", "cancels", "both"],
)  # fmt: skip
def test_buttons_stand_where_they_may_be_pressed(
    client: Client, permissions: list[str], shown: list[str]
) -> None:
    run, someone = failed(), member(client, *permissions)
    busy = queued()
    in_list = page(someone, RUNS)
    on_pages = page(someone, RUN, run.pk) + page(someone, RUN, busy.pk)
    for label, on_page, about in (("Retry", "Retry", run), ("Cancel", "Cancel the run", busy)):
        assert (f'aria-label="{label}: run {about.pk}"' in in_list) is (label in shown)
        assert (f'aria-label="{on_page}: {about}"' in on_pages) is (label in shown)


def test_what_was_dealt_with_or_is_part_of_another_run_has_no_button(operator: Client) -> None:
    done, part = failed(), failed()
    Run.objects.filter(pk=done.pk).update(dismissed_at=NOW)
    Run.objects.filter(pk=part.pk).update(parent=done)
    assert 'aria-label="Retry' not in page(operator, RUNS)
    text = page(operator, RUN, part.pk)
    assert f"It is part of run {done.pk}, which is retried as a whole." in text
    assert 'aria-label="Retry' not in text
