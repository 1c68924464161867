"""Run now, pause and resume by the buttons: who may, what is refused, and what is written down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.engine import pauses
from popflix.engine.models import Event, Pause, Run
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import registry
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry
from tests.popflix.console.units.conftest import Member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SECOND = dt.timedelta(seconds=1)
HERE = "/admin/console/units/greet/"


def post(client: Client, action: str, **fields: str) -> str:
    answer = client.post(f"{HERE}{action}/", fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def told() -> list[tuple[str, str, str, str]]:
    rows = AuditEntry.objects.order_by("pk")
    return list(rows.values_list("actor_name", "action", "target", "why"))


# --- run now ------------------------------------------------------------------------------------


def test_run_now_queues_a_run_with_what_was_typed_and_leads_to_it(operator: Client) -> None:
    sent = {"params": "limit = 5\n\nsize=20", "why": "a new list"}
    answer = operator.post(f"{HERE}run/", sent)
    run = Run.objects.get()
    assert answer["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    assert (run.unit, run.status, run.trigger) == ("greet", "queued", "admin")
    assert run.params == {"limit": 5, "size": 20}
    assert told() == [("ada", "run unit", f"greet run {run.pk}", "a new list")]
    assert AuditEntry.objects.get().actor_id is not None


def test_run_now_without_a_word_takes_the_defaults_and_goes_back(operator: Client) -> None:
    answer = operator.post(f"{HERE}run/", {"next": "/admin/console/units/"})
    assert answer["Location"] == "/admin/console/units/"
    assert Run.objects.get().params == {"limit": None, "size": 100}


@pytest.mark.parametrize("typed", ["", "by=grace"], ids=["nobody", "somebody else"])
def test_who_asks_is_the_account_whatever_was_typed(operator: Client, typed: str) -> None:
    there = "/admin/console/units/retry-dead-letters/run/"
    operator.post(there, {"params": typed, "why": "all of them"})
    assert Run.objects.get().params["by"] == "ada"
    assert AuditEntry.objects.get().details["params"]["by"] == "ada"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("size=large", "size is no number."),
        ("shape=round", "greet refuses these parameters: TypeError"),
        ("size", "is not name=value."),
        ("size=1\nsize=2", "The parameter size is given twice."),
        ("limit=1e999", "The parameters of greet cannot be stored"),
    ],
    ids=["refused", "unknown", "no-pair", "twice", "no-json"],
)
def test_what_is_refused_is_told_at_the_form_which_keeps_it(
    operator: Client, typed: str, said: str
) -> None:
    text = post(operator, "run", params=typed, why="to see")
    assert said in text
    assert f">{typed}</textarea>" in text
    assert 'value="to see"' in text
    assert not Run.objects.exists()
    assert told() == []


def test_what_is_refused_from_a_list_is_told_there(operator: Client) -> None:
    pauses.pause("greet", by="anna", why="full", now=SYSTEM_CLOCK.now())
    text = post(operator, "run", next="/admin/console/units/")
    assert "reet is paused (by anna: full)." in text
    assert "<h1>Units</h1>" in text


def test_a_busy_unit_says_which_run_is_in_the_way_and_notes_it(operator: Client) -> None:
    post(operator, "run")
    text = post(operator, "run")
    assert "All slots of greet are taken" in text
    assert f"run {Run.objects.get().pk} (queued" in text
    assert Event.objects.filter(unit="greet", kind="skip").count() == 1
    assert len(told()) == 1


# --- pause and resume ---------------------------------------------------------------------------


def test_a_pause_holds_the_unit_and_tells_who_and_why(operator: Client) -> None:
    text = post(operator, "pause", why="the line is measured", next=HERE)
    assert "Unit greet is paused." in text
    assert "Paused by ada" in text
    assert "the line is measured" in text
    assert told() == [("ada", "pause unit", "greet", "the line is measured")]
    assert AuditEntry.objects.get().actor_id is not None


def test_a_second_pause_is_told_and_changes_nothing(operator: Client) -> None:
    post(operator, "pause", why="first")
    assert "was paused already by ada (first)" in post(operator, "pause", why="second")
    assert Pause.objects.get().why == "first"
    assert len(told()) == 1


@pytest.mark.parametrize("why", ["", "  "])
def test_a_pause_without_a_reason_is_refused(operator: Client, why: str) -> None:
    assert "A pause needs a reason." in post(operator, "pause", why=why)
    assert not Pause.objects.exists()


def test_resume_ends_every_pause_and_is_audited(operator: Client) -> None:
    now = SYSTEM_CLOCK.now()
    pauses.pause("greet", by="anna", why="full", now=now)
    pauses.pause("greet", by="run 7", why="no key", now=now + SECOND, holder=Holder.MACHINE)
    text = post(operator, "resume", why="there is room", next=HERE)
    assert "is resumed (it was paused by anna: full; by run 7: no key)" in text
    assert not Pause.objects.exists()
    assert told() == [("ada", "resume unit", "greet", "there is room")]
    assert "Unit greet is not paused." in post(operator, "resume")
    assert len(told()) == 1


def test_a_pause_that_outlived_its_unit_is_resumed_from_the_list(operator: Client) -> None:
    pauses.pause("gone", by="anna", why="full", now=SYSTEM_CLOCK.now())
    pauses_list = reverse("admin:engine_pause_changelist")
    resume = reverse("console_unit_resume", args=["gone"])
    assert f'formaction="{resume}"' in operator.get(pauses_list).content.decode()
    assert operator.post(resume, {"next": pauses_list})["Location"] == pauses_list
    assert not Pause.objects.exists()


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["run", "pause", "resume"])
def test_looking_does_nothing(operator: Client, action: str) -> None:
    pauses.pause("greet", by="anna", why="full", now=SYSTEM_CLOCK.now())
    assert operator.get(f"{HERE}{action}/").status_code == 405
    assert Pause.objects.count() == 1
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("action", "permission"),
    [("run", "run_unit"), ("pause", "pause_unit"), ("resume", "pause_unit")],
    ids=["run", "pause", "resume"],
)
def test_only_who_may_does_it(member: Member, action: str, permission: str) -> None:
    others = {"run_unit", "pause_unit", "retry_run"} - {permission}
    client = member("view_run", "view_pause", *others)
    url = f"{HERE}{action}/"
    assert client.post(url, {"why": "so"}).status_code == 403
    assert told() == []
    User.objects.get().user_permissions.add(Permission.objects.get(codename=permission))
    assert client.post(url, {"why": "so"}).status_code == 302


@pytest.mark.parametrize("action", ["", "run/", "pause/"])
def test_an_unknown_unit_is_no_page(operator: Client, action: str) -> None:
    assert registry.find("nonsense") is None
    url = f"/admin/console/units/nonsense/{action}"
    answer = operator.post(url, {"why": "so"}) if action else operator.get(url)
    assert answer.status_code == 404
