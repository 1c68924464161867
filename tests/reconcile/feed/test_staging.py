"""What each staged show is to master, on its list and on its page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from reconcile.changes.models import Change
from reconcile.shows.models import MasterShow, SyncShow
from tests.popflix.console.shown import page
from tests.reconcile.changes.stored import EVENING, NOW, change, change_set
from tests.reconcile.changes.test_screens import words

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = reverse("admin:reconcile_syncshow_changelist")


def staged(number: int, model: Any = SyncShow, **values: Any) -> Any:
    row = {
        "movie_id": f"F{number}", "cinema_id": 3, "screen_name": "AUDI 1",
        "show_time": EVENING + dt.timedelta(hours=number), "title": f"Film {number}",
        "is_active": "Y", **values,
    }  # fmt: skip
    return model.objects.create(**row)


def four() -> dict[str, SyncShow]:
    """One of each standing."""
    found = {"Same": 1, "Other values": 2, "Missing in master": 3, "New": 4}
    shows = {word: staged(number) for word, number in found.items()}
    staged(1, MasterShow)
    staged(2, MasterShow, rating="U", title="film 2")
    staged(3, MasterShow, missing_since=NOW, is_active="N")
    return shows


def test_the_list_tells_how_each_show_stands_to_master(operator: Client) -> None:
    shows = four()
    text = words(page(operator, LIST))
    for word, show in shows.items():
        assert f"{show.title} – Y {word}" in text
    assert "Other values title, rating" in text


def test_what_the_newest_change_set_did_not_apply_is_found_and_linked(operator: Client) -> None:
    shows = four()
    older, made = change_set(), change_set()
    change(older, "update", state="held", sync_id=shows["Same"].pk)
    waits = change(made, "insert", state="held", sync_id=shows["New"].pk)
    change(made, "update", state="applied", sync_id=shows["Other values"].pk)
    change(made, "revive", state="rejected", sync_id=shows["Missing in master"].pk)
    text = page(operator, f"{LIST}?differs=any")
    assert "New insert held" in words(text)
    assert reverse("admin:reconcile_change_change", args=[waits.pk]) in text
    assert "Film 4" in text
    assert "Film 3" in text
    assert "Film 1" not in text
    assert "Film 2" not in text
    only = page(operator, f"{LIST}?differs=insert")
    assert "Film 4" in only
    assert "Film 3" not in only
    assert "Film 1" in page(operator, f"{LIST}?differs=odd")


def test_the_page_of_a_show_puts_it_beside_master(operator: Client) -> None:
    shows = four()
    text = page(operator, reverse("admin:reconcile_syncshow_change", args=[shows["New"].pk]))
    assert "Master has no show of this film at this time on this screen." in words(text)
    other = shows["Other values"]
    made = change(change_set(), "update", state="rejected", sync_id=other.pk)
    text = page(operator, reverse("admin:reconcile_syncshow_change", args=[other.pk]))
    assert "<del>film</del>" in text
    assert "<ins>Film</ins>" in text
    assert f"Change set {made.change_set_id} has a change for it that is not applied" in text
    assert Change.objects.count() == 1


@pytest.mark.parametrize("given", ["x", "9" * 30, "²"])
def test_a_number_that_no_show_has_is_no_page(operator: Client, given: str) -> None:
    path = reverse("admin:reconcile_syncshow_change", args=[given])
    assert operator.get(path).status_code in (302, 404)
