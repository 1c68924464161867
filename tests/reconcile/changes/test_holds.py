"""Held changes are told: on home as long as they wait, and outside once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from popflix.engine.models import Notification
from reconcile.changes.judging.holds import announce_held
from reconcile.changes.models import ChangeState, SetState
from tests.popflix.console.home.asked import about, told
from tests.popflix.console.shown import page
from tests.reconcile.changes.rows import at, show
from tests.reconcile.changes.stored import NOW, WHY, change, change_set, cinema, missing
from tests.reconcile.programme import in_master, learn, load, reconcile

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_home_says_what_waits_and_why_and_leads_there(operator: Client) -> None:
    cinema()
    made = change_set()
    missing(made, reason="")
    found = missing(made, "AUDI 2")
    need = about(operator, "wait for you")
    assert need is not None
    assert (need.badge, need.text) == ("Held", "2 missing shows of Lido (city) wait for you")
    assert need.why == f"Lido: {WHY}."
    text = page(operator, need.href)
    assert f"/change/{found.pk}/" in text
    assert text.count("The feed has it no more") == 2


def test_what_is_held_of_several_cinemas_names_none(operator: Client) -> None:
    cinema()
    made = change_set()
    missing(made)
    change(made, "missing", state=ChangeState.HELD, cinema_id=4)
    need = about(operator, "wait for you")
    assert need is not None
    assert need.text == "2 missing shows of city wait for you"
    assert "cinema" not in need.href


def test_a_review_that_holds_without_a_reason_is_told_too(operator: Client) -> None:
    change(change_set(counts={"update": {"held": 1}}), state=ChangeState.HELD)
    need = about(operator, "1 updated show of cinema 3 (city)")
    assert need is not None
    assert need.why == "They were held for review."


@pytest.mark.parametrize("state", [SetState.APPLYING, SetState.APPLIED, SetState.CLOSED])
def test_what_waits_no_more_is_not_told(operator: Client, state: SetState) -> None:
    change_set(state=state)
    change_set(counts={"update": {"rejected": 3}})
    assert about(operator, "of city") is None


def test_many_change_sets_are_folded(operator: Client) -> None:
    for number in range(6):
        change_set(source=f"feed {number}")
    texts = [need.text for need in told(operator) if need.badge == "Held"]
    assert len(texts) == 4
    assert "and 3 more change sets that wait" in texts


def test_who_may_not_look_at_changes_is_told_nothing(client: Client) -> None:
    change_set()
    client.force_login(User.objects.create_user("vi", is_staff=True))
    assert about(client, "of city") is None


def test_each_change_set_is_announced_once(settings: Settings) -> None:
    settings.POPFLIX_NOTIFY_EMAIL = ["ops@example.org"]
    made = change_set()
    missing(made)
    assert announce_held(made, NOW) == 1
    assert announce_held(made, NOW) == 0
    sent = Notification.objects.get()
    assert sent.subject == "2 missing shows of city wait for a person"
    assert sent.body.startswith(f"cinema 3: {WHY}\n")
    assert sent.kind == "held"
    assert sent.payload["held"] == {"missing": 2}
    assert sent.payload["change_set"] == made.pk


@pytest.mark.django_db(transaction=True)
def test_a_judgement_that_leaves_something_held_announces_it_once(settings: Settings) -> None:
    settings.POPFLIX_NOTIFY_EMAIL = ["ops@example.org"]
    in_master([show("10:00"), show("14:00", movie_id="F2")])
    learn("city", {3}, {})
    for _ in range(2):
        load([show("10:00", cinema_id=4)], covers=(at("00:00"), at("23:00")))
        reconcile()
    held = Notification.objects.filter(kind="held")
    assert held.get().subject == "2 missing shows of city wait for a person"


def test_a_review_is_announced_and_a_set_without_holds_is_not(settings: Settings) -> None:
    settings.POPFLIX_NOTIFY_EMAIL = ["ops@example.org"]
    assert announce_held(change_set(counts={"insert": {"applied": 3}}), NOW) == 0
    assert announce_held(change_set(counts={"insert": {"held": 3}}), NOW) == 1
    assert Notification.objects.get().body.startswith("They are to be reviewed.")


def test_without_a_channel_nothing_is_stored() -> None:
    assert announce_held(change_set(), NOW) == 0
    assert not Notification.objects.exists()
