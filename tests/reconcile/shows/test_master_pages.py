"""The page of a show of master: edited by hand, its fields kept, its story told."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from popflix.lib.models import AuditEntry, FieldLock
from reconcile.changes.models import Change
from reconcile.shows.models import MasterShow
from tests.reconcile.changes import stored
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import in_master, learn, load, reconcile

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LOCAL = "2026-01-31T19:30:00"  # 14:00 UTC at Lido


@pytest.fixture
def lido() -> MasterShow:
    stored.cinema()
    return MasterShow.objects.get(pk=stored.master(title="Harbour", length=90).pk)


@pytest.fixture
def viewer(client: Client) -> Client:
    user = User.objects.create_user("vera", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    client.force_login(user)
    return client


def url(what: str, pk: int) -> str:
    return reverse(f"admin:reconcile_mastershow_{what}", args=[pk])


def form(client: Client, pk: int, **values: Any) -> dict[str, Any]:
    """What the page would send, with other values in some fields."""
    answer = client.get(url("change", pk))
    form = answer.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent |= {"why": "the cinema rang", **values}
    return {name: "" if value is None else value for name, value in sent.items()}


def edit(client: Client, pk: int, **values: Any) -> Any:
    return client.post(url("change", pk), form(client, pk, **values))


def said(answer: Any) -> str:
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))


def faults(answer: Any) -> str:
    return re.sub(r"<[^>]+>", "", str(answer.context["adminform"].form.errors))


def test_an_edit_stores_what_was_edited_and_keeps_it_until_the_feed_agrees(
    operator: Client, lido: MasterShow
) -> None:
    answer = edit(operator, lido.pk, title="Harbour Lights", begins="2026-01-31T20:15:00")
    assert answer.status_code == 302
    now = MasterShow.objects.get(pk=lido.pk)
    assert (now.title, now.length, now.is_active) == ("Harbour Lights", 90, "Y")
    assert now.show_time == lido.show_time + dt.timedelta(minutes=45)
    assert now.updated_at > lido.updated_at
    found = {lock.field: (lock.mode, lock.feed_value) for lock in FieldLock.objects.all()}
    assert found == {
        "title": ("agrees", "Harbour"), "show_time": ("agrees", "2026-01-31T14:00:00+00:00"),
    }  # fmt: skip
    entry = AuditEntry.objects.get(action="edit show")
    assert (entry.target, entry.why) == (f"show {lido.pk}", "the cinema rang")
    assert entry.details["title"] == {"before": "Harbour", "after": "Harbour Lights"}


def test_an_edit_that_is_not_kept_locks_nothing(operator: Client, lido: MasterShow) -> None:
    edit(operator, lido.pk, title="Tide", keep="")
    assert MasterShow.objects.get(pk=lido.pk).title == "Tide"
    assert not FieldLock.objects.exists()


def test_what_nobody_edited_is_not_written(operator: Client, lido: MasterShow) -> None:
    MasterShow.objects.filter(pk=lido.pk).update(title="Harbour ", image_url="posters/1.jpg")
    edit(operator, lido.pk, rating="U")
    now = MasterShow.objects.get(pk=lido.pk)
    assert (now.title, now.image_url, now.rating) == ("Harbour ", "posters/1.jpg", "U")
    assert list(FieldLock.objects.values_list("field", flat=True)) == ["rating"]


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(
    operator: Client, lido: MasterShow
) -> None:
    sent = form(operator, lido.pk, title="Tide")
    MasterShow.objects.filter(pk=lido.pk).update(rating="U")
    answer = operator.post(url("change", lido.pk), sent)
    assert answer.status_code == 302
    assert "Somebody changed this show since the form was opened" in said(answer)
    assert "successfully" not in said(answer)
    assert MasterShow.objects.get(pk=lido.pk).title == "Harbour"
    assert not AuditEntry.objects.filter(action="edit show").exists()


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"title": " "}, "It cannot be empty."),
        ({"image_url": "javascript:alert(1)"}, "Only addresses that begin with http"),
        ({"begins": "tomorrow"}, "which is no date and time"),
        ({"keep": "date"}, "Give the date"),
        ({"keep": "date", "until": "0001-01-01"}, "no year"),
        ({"length": "-1"}, "greater than or equal to 0"),
        ({"screen_name": "a\x07"}, "cannot be printed"),
        ({"why": ""}, "required"),
        ({"seen": ""}, "required"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    operator: Client, lido: MasterShow, values: dict[str, str], fault: str
) -> None:
    answer = edit(operator, lido.pk, **values)
    assert answer.status_code == 200
    assert fault in faults(answer)
    assert not FieldLock.objects.exists()


def test_a_place_that_is_taken_is_told_with_a_link_to_who_has_it(
    operator: Client, lido: MasterShow
) -> None:
    other = stored.master("AUDI 2")
    answer = edit(operator, lido.pk, screen_name="AUDI 2")
    assert answer.status_code == 200
    assert url("change", other.pk) in answer.content.decode()
    assert "stands there already" in faults(answer)


def test_a_time_that_the_clocks_leave_out_is_refused(operator: Client) -> None:
    stored.cinema(zone="America/New_York")
    shown = stored.master()
    answer = edit(operator, shown.pk, begins="2026-03-08T02:30:00")
    assert "which the clocks of America/New_York leave out" in faults(answer)


def test_a_missing_show_that_is_said_to_take_place_is_missing_no_more(
    operator: Client, lido: MasterShow
) -> None:
    gone = {"is_active": "N", "missing_since": stored.NOW, "missing_loads": 2}
    MasterShow.objects.filter(pk=lido.pk).update(**gone)
    edit(operator, lido.pk, takes_place="yes")
    now = MasterShow.objects.get(pk=lido.pk)
    assert (now.is_active, now.missing_since, now.missing_loads) == ("Y", None, None)


def test_single_fields_are_locked_and_unlocked_without_an_edit(
    operator: Client, lido: MasterShow
) -> None:
    sent = {"field": ["title", "rating"], "until_when": "date", "until": "2199-02-01", "why": "ok"}
    answer = operator.post(url("lock", lido.pk), sent)
    assert "Locked: title, rating" in said(answer)
    lock = FieldLock.objects.get(field="title")
    assert lock.until == dt.datetime(2199, 1, 31, 18, 30, tzinfo=dt.UTC)  # midnight at Lido
    shown = operator.get(url("change", lido.pk)).content.decode()
    assert "until 2199-01-31 18:30 UTC" in shown
    assert "until 2199" in operator.get("/admin/reconcile/mastershow/?how=locked").content.decode()
    operator.post(url("unlock", lido.pk), {"field": ["title"], "why": "ok"})
    assert list(FieldLock.objects.values_list("field", flat=True)) == ["rating"]
    told = AuditEntry.objects.order_by("pk").values_list("action", "target")
    name = f"show {lido.pk}"
    assert [each for each in told if each[1] == name] == [
        ("lock fields", name), ("unlock fields", name),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"why": "ok", "until_when": "forever"}, "No field was chosen"),
        ({"field": "title", "until_when": "forever"}, "Nobody said why"),
        ({"field": "title", "why": "ok"}, "Nobody said until when"),
        ({"field": "title", "why": "x", "until_when": "date", "until": "x"}, "until a date needs"),
        ({"field": "movie_id", "why": "ok", "until_when": "forever"}, "No field was chosen"),
    ],
)  # fmt: skip
def test_a_lock_without_field_reason_or_end_is_refused(
    operator: Client, lido: MasterShow, sent: dict[str, str], fault: str
) -> None:
    assert fault in said(operator.post(url("lock", lido.pk), sent))
    assert not FieldLock.objects.exists()


def test_the_list_of_locks_unlocks(operator: Client, lido: MasterShow) -> None:
    sent = {"field": ["title"], "until_when": "forever", "why": "ok"}
    operator.post(url("lock", lido.pk), sent)
    page = reverse("admin:lib_fieldlock_changelist")
    assert f"show {lido.pk}" in operator.get(page).content.decode()
    chosen = {"action": "unlock", "_selected_action": [FieldLock.objects.get().pk], "why": "done"}
    operator.post(page, chosen)
    assert not FieldLock.objects.exists()


def test_who_may_only_look_sees_all_and_changes_nothing(viewer: Client, lido: MasterShow) -> None:
    shown = viewer.get(url("change", lido.pk)).content.decode()
    assert "Why it says what it says" in shown
    assert 'type="checkbox"' not in shown
    assert 'name="title"' not in shown
    for what in ("change", "lock", "unlock"):
        sent = {"field": ["title"], "until_when": "forever", "why": "x", "title": "Tide"}
        assert viewer.post(url(what, lido.pk), sent).status_code == 403
    assert not FieldLock.objects.exists()
    assert MasterShow.objects.get(pk=lido.pk).title == "Harbour"
    assert viewer.get(url("lock", lido.pk)).status_code in (403, 405)


def test_filters_find_what_is_missing_and_what_is_inactive(
    operator: Client, lido: MasterShow
) -> None:
    stored.master("GONE", missing_since=stored.NOW)
    stored.master("OFF", is_active="N")
    stored.master("OUT", is_active="cancelled")
    listed = {}
    for how in ("missing", "inactive", "locked"):
        shown = operator.get(f"/admin/reconcile/mastershow/?how={how}").content.decode()
        listed[how] = [each for each in ("GONE", "OFF", "OUT", "AUDI 1") if each in shown]
    assert listed == {"missing": ["GONE"], "inactive": ["OFF", "OUT"], "locked": []}


# --- history ------------------------------------------------------------------------------------


def test_the_page_tells_why_a_value_is_there(
    operator: Client,
) -> None:
    rows = [show(f"{hour}:00", f"S{hour}", movie_id=f"F{hour}") for hour in range(10, 16)]
    learn("city", [3], {})
    load(rows)
    reconcile()  # a first load
    first = MasterShow.objects.get(screen_name="S10")
    load([show("10:00", "S10", movie_id="F10", rating="PG"), *rows[1:]])
    reconcile()
    edit(operator, first.pk, title="Kept")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", _page(operator, first.pk)))
    assert "Came in with the first load of its cinema" in text
    assert re.search(r"Rating PG .*? load \d+ of city", text)
    assert re.search(r"Title Kept .*? until the feed agrees", text)
    assert "rating: U → PG" in text
    assert "approved by policy" in text
    assert "title: Harbour Lights → Kept" in text


def test_a_value_that_somebody_wrote_past_popflix_is_told_as_that(operator: Client) -> None:
    learn("city", [3], {})
    [row] = in_master([show("10:00")])
    assert "not known" in _page(operator, row.id)
    assert "it was in master before" in _page(operator, row.id)


def test_a_long_history_is_cut_and_linked(operator: Client, lido: MasterShow) -> None:
    found = stored.change_set()
    for number in range(60):
        stored.change(
            found, master_id=lido.pk, applied_at=stored.NOW, before={"rating": str(number)},
            after={"rating": str(number + 1)},
        )  # fmt: skip
    shown = _page(operator, lido.pk)
    assert "All changes of this show" in shown
    assert shown.count("rating: ") == 50
    assert Change.objects.count() == 60


def _page(client: Client, pk: int) -> str:
    return client.get(url("change", pk)).content.decode()
