"""The pages of a cinema's time zone: looked at by operators, asked for by who may approve."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from reconcile.changes.models import ChangeSet, Purpose
from reconcile.feed.models import Cinema, Source
from reconcile.shows.models import MasterShow
from tests.reconcile.feed.loading import load
from tests.reconcile.feed.made import row, write
from tests.reconcile.programme import reconcile

pytestmark = pytest.mark.django_db(transaction=True)
KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"
URL = "/admin/reconcile/cinema/1/zone/"


@pytest.fixture(autouse=True)
def _programme(tmp_path: Path) -> None:
    load(write(tmp_path / "shows.json", [row(n) for n in range(3)]), "--time-zone", KOLKATA)
    reconcile()


@pytest.fixture
def onlooker(client: Client) -> Client:
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_cinema"))
    client.force_login(user)
    return client


def shown(client: Client, **query: str) -> str:
    answer = client.get(URL, query)
    assert answer.status_code == 200
    return answer.content.decode()


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_the_page_says_whose_the_zone_is_and_looking_changes_nothing(operator: Client) -> None:
    assert reverse("admin:reconcile_cinema_zone", args=[1]) == URL
    assert f'href="{URL}"' in operator.get("/admin/reconcile/cinema/1/change/").content.decode()
    text = shown(operator)
    assert "Asia/Kolkata (default)" in text
    assert '<option value="Europe/Berlin">' in text
    text = shown(operator, zone=BERLIN)
    assert "<b>3</b> shows of master move, and 3 of 3 in staging: 3 by 4:30 h later" in text
    assert "2026-01-28 10:00 Asia/Kolkata (04:30 UTC)" in text
    assert "2026-01-28 10:00 Europe/Berlin (09:00 UTC)" in text
    assert not ChangeSet.objects.filter(purpose=Purpose.ZONE).exists()
    assert Cinema.objects.get().zone == ""


def test_asking_makes_a_change_set_that_waits(operator: Client) -> None:
    answer = operator.post(URL, {"zone": BERLIN, "why": "its own time"}, follow=True)
    made = ChangeSet.objects.get(purpose=Purpose.ZONE)
    assert f"Change set {made.pk} asks for it" in said(answer)
    assert answer.redirect_chain[-1][0] == f"/admin/reconcile/changeset/{made.pk}/change/"
    assert f"Change set {made.pk}</a> asks for Europe/Berlin" in shown(operator)
    refused = operator.post(URL, {"zone": "Europe/Rome", "why": "no"}, follow=True)
    assert "Approve or reject that one first." in said(refused)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"zone": BERLIN}, "needs a reason"),
        ({"zone": "Mars", "why": "x"}, "is no time zone"),
        ({"why": "x"}, "feed's already"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_cure(
    operator: Client, sent: dict[str, str], words: str
) -> None:
    assert words in said(operator.post(URL, sent, follow=True))
    assert Cinema.objects.get().zone == ""


def test_an_odd_zone_in_the_address_is_told_too(operator: Client) -> None:
    assert "is no time zone" in shown(operator, zone="../etc/passwd")
    assert operator.get("/admin/reconcile/cinema/99999999999/zone/").status_code == 404


def test_without_the_permission_one_may_only_look(onlooker: Client) -> None:
    text = shown(onlooker, zone=BERLIN)
    assert "Who may approve changes can ask for it." in text
    assert 'name="why"' not in text
    assert onlooker.post(URL, {"zone": BERLIN, "why": "x"}).status_code == 403
    assert not ChangeSet.objects.filter(purpose=Purpose.ZONE).exists()


def test_a_zone_that_shows_the_same_is_set_at_once_and_can_be_taken_back(
    operator: Client,
) -> None:
    assert "No show moves" in shown(operator, zone="Asia/Calcutta")
    answer = operator.post(URL, {"zone": "Asia/Calcutta", "why": "its name"}, follow=True)
    assert "is set; no show of master moved" in said(answer)
    assert "Asia/Calcutta, its own" in answer.content.decode()
    operator.post(URL, {"zone": "feed", "why": "no"}, follow=True)
    assert Cinema.objects.get().zone == ""


def test_what_stands_in_the_way_is_told(operator: Client) -> None:
    """A show of master that is no more staged stands where one of the moved ones shall be."""
    one = MasterShow.objects.order_by("show_time")[0]
    MasterShow.objects.create(
        movie_id=one.movie_id, cinema_id=1, screen_name=one.screen_name, title="Old",
        show_time=one.show_time + dt.timedelta(hours=4, minutes=30),
    )  # fmt: skip
    assert "1 cannot be moved: another row of master has its new place" in shown(
        operator, zone=BERLIN
    )


def test_the_list_tells_the_next_show_on_the_cinemas_clock(operator: Client) -> None:
    Source.objects.update(zone=KOLKATA)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    soon, sooner = now + dt.timedelta(days=2), now + dt.timedelta(days=1)
    for moment, word in ((soon, "Y"), (sooner, "N")):
        MasterShow.objects.create(
            movie_id="HO9", cinema_id=1, screen_name="A", title="T", show_time=moment,
            is_active=word,
        )  # fmt: skip
    text = operator.get("/admin/reconcile/cinema/").content.decode()
    local = soon + dt.timedelta(hours=5, minutes=30)
    assert f"{local:%a} {local.day} {local:%b %H:%M}" in text
    assert "Asia/Kolkata, as its feed" in text
