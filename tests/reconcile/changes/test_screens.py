"""The pages of change sets and changes."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reconcile.changes.judging.store import counts_of
from reconcile.changes.models import ChangeSet, ProgrammeWarning, SetState
from tests.popflix.console.shown import page
from tests.reconcile.changes.stored import (
    EVENING,
    WHY,
    change,
    change_set,
    cinema,
    master,
    missing,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SETS, CHANGES = (reverse(f"admin:reconcile_{name}_changelist") for name in ("changeset", "change"))


def words(text: str) -> str:
    """As they are read, of the page's own part."""
    inside = text[text.index('id="content"') :]
    return " ".join(unescape(re.sub("<[^>]*>", " ", inside)).split())


def listed(client: Client, url: str = CHANGES, **query: Any) -> str:
    """The rows of a list."""
    answer = client.get(url, query)
    assert answer.status_code == 200
    text = answer.content.decode()
    _, _, rows = text.partition('id="result_list"')
    return " ".join(unescape(re.sub("<[^>]*>", " ", rows.partition("</table>")[0])).split())


def counted(made: ChangeSet) -> ChangeSet:
    """With the figures of the changes that it has, like a judgement leaves it."""
    made.counts, made.finished_at = counts_of(made), EVENING
    made.save()
    return made


def page_of(client: Client, row: Any) -> str:
    name = row._meta.model_name
    return page(client, reverse(f"admin:reconcile_{name}_change", args=[row.pk]))


# --- change sets --------------------------------------------------------------------------------


def test_the_list_tells_what_each_load_came_to(operator: Client) -> None:
    change_set(run_id=12)
    change_set(state=SetState.APPLIED, counts={"insert": {"applied": 2135}}, unchanged_count=0)
    text = listed(operator, SETS)
    assert re.search(r"\d+ city Open Updated 1 Missing 2 2 1,069", text)
    assert "Applied New 2,135 - 0" in text
    assert listed(operator, SETS, state__exact="applied").count("city") == 1


def test_a_list_without_rows_says_what_fills_it(operator: Client) -> None:
    assert "manage.py load_shows" in page(operator, SETS)
    assert "manage.py reconcile_shows" in page(operator, CHANGES)


def test_a_change_set_tells_what_is_held_and_why(operator: Client) -> None:
    cinema()
    made = change_set(run_id=12)
    for screen in ("AUDI 1", "AUDI 2"):
        missing(made, screen)
    text = page_of(operator, made)
    assert f"Lido, Saturday : 2 missing shows {WHY}" in words(text)
    assert "Kind Held Applied Updated 0 1 Missing 2 0" in words(text)
    url = reverse("admin:reconcile_changeset_review", args=[made.pk])
    assert f"{url}?state=held&amp;kind=missing" in text
    assert f"{url}?state=held&amp;cinema=3&amp;weekday=5" in text


def test_a_change_set_tells_what_most_of_it_is_about_and_where(operator: Client) -> None:
    cinema()
    made = change_set()
    for number in range(1, 10):
        change(made, fields="image_url", master_id=number, cinema_id=3 if number < 9 else 4)
    change(made, "insert", cinema_id=5)
    text = page_of(operator, counted(made))
    assert "80 % of the changes are picture at Lido." in words(text)
    assert "Cinema Changes Held Lido 8 0 Cinema 4 1 0 Cinema 5 1 0" in words(text)
    assert "Field Changes Held Picture 9 0" in words(text)
    url = reverse("admin:reconcile_changeset_review", args=[made.pk])
    assert f"{url}?state=&amp;field=image_url" in text


def test_what_is_spread_over_cinemas_or_nothing_in_particular_is_told_so(operator: Client) -> None:
    made = change_set()
    for number in range(1, 5):
        change(made, "missing", cinema_id=number)
    assert "100 % of the changes are missing shows." in words(page_of(operator, counted(made)))
    for number in range(1, 10):
        change(made, fields=("title", "rating", "length")[number % 3], cinema_id=number)
    assert "% of the changes" not in words(page_of(operator, counted(made)))


def test_the_slices_that_are_held_can_be_decided_where_they_are_told(operator: Client) -> None:
    cinema()
    made = change_set()
    missing(made)
    text = page_of(operator, counted(made))
    assert "Approve all 1 that wait" in words(text)
    slice_of = "state=held&amp;cinema=3&amp;weekday=5"
    for verdict in ("approve", "reject"):
        assert f"decide-all/?verdict={verdict}&amp;{slice_of}" in text
    made.state = SetState.CLOSED
    made.save()
    assert "decide-all" not in page_of(operator, made)


def test_a_change_set_names_what_undid_it_and_the_warnings_of_its_load(operator: Client) -> None:
    made = change_set(state=SetState.APPLIED)
    other = change_set(purpose="undo", undoes=made, state=SetState.APPLIED)
    ProgrammeWarning.objects.create(
        source="city", load_id=made.load_id, cinema_id=3, day=EVENING.date(), kind="overlap",
        words="odd", found_at=EVENING,
    )  # fmt: skip
    text = words(page_of(operator, made))
    assert f"Undone by change set {other.pk}" in text
    assert "Warnings 1 of its load" in text
    assert f"The reverse of change set {made.pk}" in words(page_of(operator, other))


def test_a_change_set_without_changes_is_shown(operator: Client) -> None:
    undone = change_set(counts={}, state=SetState.APPLYING)
    made = change_set(counts={}, state=SetState.CLOSED, undoes=undone)
    text = words(page_of(operator, made))
    assert f"Undoes change set {undone.pk}" in text
    assert "What is held" not in text


# --- changes ------------------------------------------------------------------------------------


def test_the_list_tells_what_changes_where_and_why(operator: Client) -> None:
    cinema()
    made = change_set()
    missing(made)
    change(made, before={"title": "Tide"}, after={"title": "Tide II"},
           master_id=master("AUDI 9", title="Tide II").pk)  # fmt: skip
    change(made, "insert", after={"title": "Gale", "show_time": EVENING.isoformat(),
                                  "screen_name": "AUDI 4"})  # fmt: skip
    change(made, "insert", row_count=45, cinema_id=9)
    text = listed(operator)
    assert "Updated title: Tide → Tide II Tide Sat 31 Jan 19:30, AUDI 9 Lido Sat 31 Jan" in text
    assert "New A new show Gale Sat 31 Jan 19:30, AUDI 4 Lido Sat 31 Jan 2026 Applied" in text
    assert "New 45 new shows - cinema 9 Sat 31 Jan 2026 Applied -" in text
    assert "Missing The feed has it no more Harbour <i>Lights</i> Sat 31 Jan 19:30, AUDI 1" in text
    assert WHY in text


def test_changes_are_narrowed_by_set_state_kind_and_cinema(operator: Client) -> None:
    first, second = change_set(), change_set()
    missing(first)
    change(second, cinema_id=4)
    assert listed(operator, set=first.pk).count("Held") == 1
    assert "cinema 4" not in listed(operator, set=first.pk)
    assert "cinema 4" in listed(operator, kind="update", set=second.pk)
    assert "cinema 3" not in listed(operator, cinema=4)
    assert listed(operator, state="held", set=second.pk) == ""
    title = words(page(operator, f"{CHANGES}?set={first.pk}"))
    assert f"Changes of change set {first.pk}" in title


@pytest.mark.parametrize("given", ["x", "9" * 30, "-1", "²", "1.5"])
def test_an_address_that_names_no_number_is_still_a_page(operator: Client, given: str) -> None:
    missing(change_set())
    for name in ("set", "cinema", "q", "kind", "state"):
        assert operator.get(CHANGES, {name: given}, follow=True).status_code == 200
    for kind in ("change", "changeset"):
        url = reverse(f"admin:reconcile_{kind}_change", args=[given])
        assert operator.get(url).status_code in (302, 404)


def test_the_changes_of_a_show_are_found_by_its_number(operator: Client) -> None:
    made = change_set()
    found = missing(made)
    change(made, master_id=99999)
    text = listed(operator, q=str(found.master_id))
    assert "Missing" in text
    assert "Updated" not in text
    assert "Updated" in listed(operator, q=" ")


def test_the_page_of_a_change_marks_only_the_words_that_differ(operator: Client) -> None:
    cinema()
    found = change(
        change_set(), before={"title": "Harbour Lights", "show_time": EVENING.isoformat()},
        after={"title": "Harbour Nights", "show_time": EVENING.isoformat()},
        master_id=master().pk, decided_by="ada", decided_at=EVENING, applied_at=EVENING,
        reason="by far the nearest",
    )  # fmt: skip
    text = page_of(operator, found)
    assert "Harbour <del>Lights</del>" in text.replace("\n", "")
    assert "Harbour <ins>Nights</ins>" in text.replace("\n", "")
    assert "<i>Lights" not in text
    assert "Lido, Sat 31 Jan 2026" in words(text)
    assert "Begins 2026-01-31 19:30 Asia/Kolkata (14:00 UTC), AUDI 1" in words(text)
    assert "Why by far the nearest" in words(text)
    assert "Decided ada" in words(text)


def test_changes_that_are_decided_together_say_so(operator: Client) -> None:
    made = change_set()
    first = change(made, group=1)
    change(made, group=1)
    change(made, group=1, cinema_id=4)
    change(change_set(), group=1)
    assert "together with 1 other change that needs its key" in words(page_of(operator, first))


def test_changes_of_rows_that_are_gone_or_are_many_are_shown(operator: Client) -> None:
    made = change_set()
    gone = change(made, master_id=99999)
    assert "show 99999, no longer in master" in words(page_of(operator, gone))
    assert "No value changes." in words(page_of(operator, gone))
    first_load = change(made, "insert", row_count=1200)
    assert "1,200 new shows" in words(page_of(operator, first_load))


def test_nothing_can_be_changed_here_and_a_stranger_sees_nothing(operator: Client) -> None:
    made = missing(change_set())
    for name, row in (("change", made), ("changeset", made.change_set)):
        assert operator.post(reverse(f"admin:reconcile_{name}_add")).status_code == 403
        url = reverse(f"admin:reconcile_{name}_delete", args=[row.pk])
        assert operator.post(url, {"post": "yes"}).status_code == 403
    vi = User.objects.create_user("vi", is_staff=True)
    client = Client()
    client.force_login(vi)
    assert client.get(CHANGES).status_code == client.get(SETS).status_code == 403
    vi.groups.set([Group.objects.get(name="viewer")])
    assert client.get(CHANGES).status_code == client.get(SETS).status_code == 200


def test_one_row_and_twenty_take_the_same_queries(operator: Client) -> None:
    def queries() -> list[int]:
        found = []
        for url in (SETS, CHANGES, reverse("admin:reconcile_changeset_change", args=[made.pk])):
            operator.get(url)
            with CaptureQueriesContext(connection) as caught:
                operator.get(url)
            found.append(len(caught))
        return found

    made = change_set()
    cinema()
    missing(made)
    few = queries()
    for number in range(2, 21):
        cinema(10 + number, f"Cinema {number}")
        missing(change_set(), f"AUDI {number}")
        missing(made, f"SCREEN {number}", reason=f"reason {number}")
    assert queries() == few
