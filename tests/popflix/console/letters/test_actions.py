"""What is done with dead letters in the admin: retried by a run, or discarded with a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.console.letters import actions, counting
from popflix.engine import pauses
from popflix.engine.deadletters.order import UNIT
from popflix.engine.models import Event, Run
from popflix.lib.models import AuditEntry
from sync.links.models import Enrichment
from tests.popflix.console.letters.lettered import NOW, SOURCE, failed_run, give_up, group

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = "/admin/console/dead-letters/"
RETRY, DISCARD = f"{LIST}retry/", f"{LIST}discard/"


def send(client: Client, url: str, **fields: Any) -> Any:
    return client.post(url, {"next": LIST, **fields}, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def chosen(**more: Any) -> dict[str, Any]:
    return {"source": SOURCE, "group": group().id, **more}


# --- retry --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "mode", "per_minute"),
    [
        ({}, "sampled", 60),
        ({"mode": "sampled"}, "sampled", 60),
        ({"mode": "staggered", "per_minute": "600"}, "staggered", 600),
    ],
    ids=["nothing-said", "sampled", "staggered"],
)
def test_a_group_is_retried_by_a_run_to_whose_page_one_is_led(
    operator: Client, sent: dict[str, str], mode: str, per_minute: int
) -> None:
    give_up(7)
    answer = send(operator, RETRY, **chosen(**sent))
    run = Run.objects.get(unit=UNIT)
    assert answer.redirect_chain[0][0] == reverse("admin:engine_run_change", args=[run.pk])
    params = {name: run.params[name] for name in ("mode", "source", "group", "per_minute", "by")}
    assert params == {
        "mode": mode, "source": SOURCE, "group": group().id, "per_minute": per_minute, "by": "ada",
    }  # fmt: skip
    assert (run.trigger, run.status) == ("admin", "queued")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("ada", "retry dead letters")
    assert entry.details == {"run": run.pk, "mode": mode}
    assert group().id in entry.target


def test_one_letter_is_retried_alone(operator: Client) -> None:
    give_up(2)
    send(operator, RETRY, source=SOURCE, letter="tt0000002")
    run = Run.objects.get(unit=UNIT)
    assert (run.params["mode"], run.params["letter"]) == ("one", "tt0000002")
    entry = AuditEntry.objects.get()
    assert (entry.target, entry.why) == (
        f"{SOURCE} tt0000002", "asked on the pages of dead letters",
    )  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [
        {"source": SOURCE, "group": "gone"},
        {"source": "nonsense", "group": "gone"},
        {"source": SOURCE, "letter": "tt0000009"},
        {"source": SOURCE},
        {},
    ],
    ids=["group-gone", "no-source", "letter-gone", "no-group", "nothing"],
)
def test_what_is_gone_is_told_and_nothing_is_started(
    operator: Client, sent: dict[str, str]
) -> None:
    give_up(1)
    answer = send(operator, RETRY, **sent)
    assert answer.redirect_chain[0][0] == LIST
    assert told(answer)
    assert not Run.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("given", ["0", "many", "-5", "60001", "9" * 30])
def test_a_wrong_number_a_minute_is_told(operator: Client, given: str) -> None:
    give_up(1)
    answer = send(operator, RETRY, **chosen(mode="staggered", per_minute=given))
    assert "per_minute is no whole number from 1 to 60000." in told(answer)
    assert not Run.objects.exists()


def test_a_way_that_is_none_is_told(operator: Client) -> None:
    give_up(1)
    assert "mode cannot be" in told(send(operator, RETRY, **chosen(mode="all")))


def test_while_the_retries_are_paused_nothing_is_started(operator: Client) -> None:
    give_up(1)
    pauses.pause(UNIT, by="bo", why="not now", now=NOW)
    assert "paused" in told(send(operator, RETRY, **chosen()))
    assert not AuditEntry.objects.exists()


def test_when_both_slots_are_taken_it_is_told_and_kept_as_an_event(operator: Client) -> None:
    give_up(1)
    for _ in range(2):
        send(operator, RETRY, **chosen())
    answer = send(operator, RETRY, **chosen())
    assert answer.redirect_chain[0][0] == LIST
    assert Run.objects.filter(unit=UNIT).count() == 2
    assert Event.objects.filter(unit=UNIT, kind="skip").exists()
    assert AuditEntry.objects.count() == 2


# --- discard ------------------------------------------------------------------------------------


def given_up() -> int:
    return Enrichment.objects.exclude(given_up_at=None).count()


def test_the_page_before_discarding_says_how_many_and_changes_nothing(operator: Client) -> None:
    give_up(3)
    answer = operator.get(DISCARD, chosen())
    assert "Discard 3 dead letters?" in answer.content.decode()
    assert given_up() == 3


def test_of_more_than_are_counted_the_button_promises_no_number(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up(3)
    monkeypatch.setattr(counting, "MOST", 2)
    shown = operator.get(DISCARD, chosen()).content.decode()
    assert "Discard over 2 dead letters?" in shown
    assert "Discard at most 10,000</button>" in shown
    monkeypatch.setattr(counting, "MOST", 3)
    assert "Discard 3 letters</button>" in operator.get(DISCARD, chosen()).content.decode()


def test_discarded_letters_are_none_any_more_and_the_trail_says_why(operator: Client) -> None:
    give_up(3)
    answer = send(operator, DISCARD, **chosen(why="they left the cinema; api_key=0123456789ab"))
    assert "Discarded 3 dead letters" in told(answer)
    assert given_up() == 0
    entry = AuditEntry.objects.get()
    assert entry.actor == User.objects.get(username="ada")
    assert (entry.action, entry.count) == ("discard dead letters", 3)
    assert entry.why.startswith("they left the cinema")
    assert "0123456789ab" not in entry.why


@pytest.mark.parametrize("why", ["", "  "])
def test_without_a_reason_nothing_is_discarded(operator: Client, why: str) -> None:
    give_up(1)
    assert "needs a reason" in told(send(operator, DISCARD, **chosen(why=why)))
    assert given_up() == 1


def test_what_was_given_up_after_the_look_is_left(operator: Client) -> None:
    give_up(3)
    seen_at = (NOW + dt.timedelta(minutes=2)).isoformat()
    send(operator, DISCARD, **chosen(why="old", seen_at=seen_at))
    assert given_up() == 1


def test_of_very_many_as_many_as_a_click_can_are_discarded(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    monkeypatch.setattr("popflix.engine.deadletters.discarding.LETTERS_A_COMMIT", 1)
    give_up(3)
    answer = send(operator, DISCARD, **chosen(why="old"))
    assert "There are more of them" in told(answer)
    assert given_up() == 1


def test_a_group_that_is_gone_leads_back_to_the_list(operator: Client) -> None:
    answer = operator.get(DISCARD, {"source": SOURCE, "group": "gone"}, follow=True)
    assert answer.redirect_chain[0][0] == LIST
    assert "Nothing of this group is left" in told(answer)


# --- permissions --------------------------------------------------------------------------------


def member(client: Client, *codenames: str) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


def test_who_may_only_look_sees_no_button_and_is_refused(client: Client) -> None:
    give_up(1)
    viewer = member(client, "view_run")
    shown = viewer.get(LIST).content.decode()
    for word in ("Retry all", "Discard…"):
        assert word not in shown
    assert viewer.post(RETRY, chosen()).status_code == 403
    assert viewer.get(DISCARD, chosen()).status_code == 403
    assert viewer.post(DISCARD, chosen(why="x")).status_code == 403
    assert given_up() == 1


def test_retrying_and_discarding_are_permissions_of_their_own(client: Client) -> None:
    give_up(2)
    failed_run()
    shown = member(client, "view_run", "retry_run").get(LIST).content.decode()
    assert "Retry all" in shown
    assert "Discard…" not in shown
