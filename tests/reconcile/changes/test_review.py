"""The review page: changes side by side, decided one by one or all that match."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine.models import Run
from popflix.lib.models import AuditEntry, FieldLock
from reconcile.changes.models import Change, ChangeSet, ChangeState, ProgrammeWarning, SetState
from tests.popflix.console.shown import page
from tests.reconcile.changes.stored import (
    EVENING,
    NOW,
    WHY,
    change,
    change_set,
    cinema,
    master,
    missing,
)
from tests.reconcile.changes.test_screens import counted, words

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HTMX = {"HX-Request": "true"}


def url(of: ChangeSet, name: str = "review") -> str:
    return reverse(f"admin:reconcile_changeset_{name}", args=[of.pk])


def held_set(count: int = 2, **values: Any) -> tuple[ChangeSet, list[Change]]:
    made = change_set(**values)
    rows = [missing(made, f"AUDI {number}") for number in range(count)]
    return counted(made), rows


def review(client: Client, of: ChangeSet, **query: Any) -> str:
    answer = client.get(url(of), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, of: ChangeSet, name: str = "decide", **sent: Any) -> Any:
    return client.post(url(of, name), sent)


def states(of: ChangeSet) -> list[str]:
    return list(
        Change.objects.filter(change_set=of).order_by("pk").values_list("state", flat=True)
    )


def viewer() -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.groups.set([Group.objects.get(name="viewer")])
    client = Client()
    client.force_login(user)
    return client


# --- what it shows ------------------------------------------------------------------------------


def test_a_card_shows_master_beside_the_feed_with_the_changed_words_marked(
    operator: Client,
) -> None:
    cinema()
    made = change_set()
    row = master("AUDI 9", title="Harbour Lights", rating="U/A 13+")
    change(
        made, state=ChangeState.HELD, master_id=row.pk, fields="rating", reason="60 % would go",
        before={"rating": "U/A 13+"}, after={"rating": "U/A 16+"},
    )  # fmt: skip
    text = review(operator, counted(made))
    assert "<del>13</del>" in text
    assert "<ins>16</ins>" in text
    assert "Updated Harbour Lights Lido, Sat 31 Jan 19:30, AUDI 9" in words(text)
    assert "Lido, Saturday is held 60 % would go" in words(text)


def test_a_field_that_a_lock_keeps_says_until_when(operator: Client) -> None:
    made = change_set()
    row = master(image_url="https://example.org/own.jpg")
    FieldLock.objects.create(
        table="reconcile.mastershow", row=str(row.pk), field="image_url", mode="passed", by="ada",
        at=NOW,
    )  # fmt: skip
    change(
        made, state=ChangeState.HELD, master_id=row.pk, fields="rating", before={"rating": "U"},
        after={"rating": "A"}, locked={"image_url": "https://example.org/feeds.jpg"},
    )  # fmt: skip
    text = words(review(operator, counted(made)))
    assert "own.jpg locked until the show has passed https://example.org/feeds.jpg" in text


def test_new_shows_warnings_and_linked_changes_are_told(operator: Client) -> None:
    made = change_set()
    new = {
        "title": "Gale",
        "show_time": EVENING.isoformat(),
        "screen_name": "AUDI 4",
        "length": 90,
    }
    change(made, "insert", state=ChangeState.HELD, after=new, sync_id=77, group=1)
    missing(made).__class__.objects.filter(kind="missing").update(group=1)
    ProgrammeWarning.objects.create(
        source="city", load_id=made.load_id, cinema_id=3, day=EVENING.date(), kind="overlap",
        words="Gale begins before Tide ends", sync_ids=[77], found_at=NOW,
    )  # fmt: skip
    text = words(review(operator, counted(made)))
    assert "New Gale" in text
    assert "length – none 90 min" in text
    assert "Odd Gale begins before Tide ends." in text
    assert text.count("Decided together with 1 other change that needs its place.") == 2


def test_it_begins_with_what_is_held_and_shows_all_where_nothing_is(operator: Client) -> None:
    made, _ = held_set(1)
    change(made, after={"title": "x"}, before={"title": "y"}, fields="title", cinema_id=9)
    assert "cinema 9, Sat" not in words(review(operator, counted(made)))
    assert "cinema 9, Sat" in words(review(operator, made, state=""))
    Change.objects.filter(state="held").delete()
    assert "cinema 9, Sat" in words(review(operator, counted(made)))


def test_changes_are_narrowed_by_kind_cinema_weekday_and_field(operator: Client) -> None:
    made, _ = held_set(1)
    other = change(
        made, state=ChangeState.HELD, cinema_id=4, weekday=0, fields="title,rating",
        before={"title": "Tide"}, after={"title": "Tide II"},
    )  # fmt: skip
    counted(made)
    for name, value in {"kind": "update", "cinema": 4, "weekday": 0, "field": "rating"}.items():
        text = review(operator, made, **{name: value})
        assert text.count("<article") == 1, name
        assert f'id="change-{other.pk}"' in text
        assert "Approve all 1 matching" in text


def test_a_search_finds_films_in_master_and_new_ones(operator: Client) -> None:
    made = change_set()
    change(made, state="held", master_id=master("A", title="Tide", movie_id="F77").pk)
    change(made, state="held", master_id=master("B", title="Gale", movie_id="F88").pk)
    change(made, "insert", state="held", after={"title": "Tidal Wave", "movie_id": "F99"})
    counted(made)
    assert review(operator, made, q="tid").count("<article") == 2
    assert review(operator, made, q="F8").count("<article") == 1
    assert review(operator, made, q="F99").count("<article") == 1
    text = words(review(operator, made, q="nothing such"))
    assert "No change matches." in text
    assert "Approve all" not in words(review(operator, made, q="tid"))


def test_fifty_stand_on_a_page_and_the_rest_behind_it(operator: Client) -> None:
    made = change_set()
    rows = [change(made, state="held", cinema_id=number) for number in range(1, 121)]
    counted(made)
    first = review(operator, made)
    assert first.count("<article") == 50
    assert "120 changes match" in words(first)
    assert f"after={rows[49].pk}" in first
    second = review(operator, made, after=rows[49].pk)
    assert f'id="change-{rows[50].pk}"' in second
    assert f"before={rows[50].pk}" in second
    assert f'id="change-{rows[0].pk}"' in review(operator, made, before=rows[50].pk)
    last = review(operator, made, after=rows[99].pk)
    assert last.count("<article") == 20
    assert "Further changes" not in last


@pytest.mark.parametrize("given", ["x", "9" * 30, "-1", "²", "1.5", "\0"])
def test_an_odd_address_is_still_a_page(operator: Client, given: str) -> None:
    made, _ = held_set(1)
    for name in ("state", "kind", "cinema", "weekday", "field", "q", "after", "before", "verdict"):
        for view in ("review", "decide_all"):
            answer = operator.get(url(made, view), {name: given}, follow=True)
            assert answer.status_code == 200
    for view in ("review", "decide_all", "undo"):
        path = url(made, view).replace(f"/{made.pk}/", "/999999999999999999999/")
        assert operator.get(path).status_code == 404


def test_one_change_and_two_hundred_take_the_same_queries(operator: Client) -> None:
    def queries(of: ChangeSet) -> list[int]:
        found = []
        for view in ("review", "decide_all"):
            operator.get(url(of, view))
            with CaptureQueriesContext(connection) as caught:
                assert operator.get(url(of, view)).status_code == 200
            found.append(len(caught))
        return found

    cinema()
    few, _ = held_set(1)
    Change.objects.update(group=1)
    many = change_set()
    rows = [master(f"S {number}") for number in range(200)]
    Change.objects.bulk_create(
        [
            Change(
                change_set=many, kind="missing", state="held", cinema_id=number % 40, weekday=5,
                day=EVENING.date() + dt.timedelta(days=number % 3), master_id=row.pk,
                before={"is_active": "Y"}, after={"is_active": "N"}, group=number // 2, reason=WHY,
            )
            for number, row in enumerate(rows)
        ]
    )  # fmt: skip
    assert queries(counted(many)) == queries(few) == [15, 16]


# --- one decision -------------------------------------------------------------------------------


def test_approve_and_reject_lead_back_to_the_same_filter(operator: Client) -> None:
    made, (first, second) = held_set()
    back = f"{url(made)}?state=held&cinema=3"
    answer = post(operator, made, ids=[first.pk], verdict="approve", next=back)
    assert (answer.status_code, answer["Location"]) == (302, back)
    post(operator, made, ids=[second.pk], verdict="reject", why="it is open", next=back)
    assert states(made) == ["approved", "rejected"]
    entries = AuditEntry.objects.filter(action__endswith="changes").order_by("pk")
    assert [each.actor_name for each in entries] == ["ada", "ada"]
    assert entries[1].why == "it is open"
    assert Run.objects.filter(unit="apply-changes").count() == 1
    assert "Rejected: 1 change." in page(operator, back)


def test_a_decided_card_is_replaced_with_the_cards_of_its_group(operator: Client) -> None:
    made, (first, second, _) = held_set(3)
    Change.objects.filter(pk__in=[first.pk, second.pk]).update(group=1)
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{url(made)}?state=held"}
    sent = {"ids": [first.pk], "verdict": "reject"}
    answer = operator.post(url(made, "decide"), sent, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.count("<article") == 2
    assert text.count('hx-swap-oob="true"') == 4  # the other card, figures, tools, what was said
    assert text.index(f'id="change-{first.pk}"') < text.index(f'id="change-{second.pk}"')
    assert "Rejected: 2 changes, 1 of them because they are linked." in text
    assert "Approve all 1 matching" in text
    assert states(made) == ["rejected", "rejected", "held"]


def test_what_cannot_be_decided_is_told_and_no_card_is_touched(operator: Client) -> None:
    made, (first, _) = held_set()
    sent = {"ids": [first.pk], "verdict": "approve"}
    newer = counted(change_set())
    ChangeSet.objects.filter(pk=made.pk).update(state=SetState.CLOSED)
    answer = operator.post(url(made, "decide"), sent, headers=HTMX)
    assert answer["HX-Reswap"] == "none"
    assert f"Decide in change set {newer.pk}." in answer.content.decode()
    told = operator.post(url(made, "decide"), sent, follow=True).content.decode()
    assert f"Decide in change set {newer.pk}." in told
    text = review(operator, made, state="held")
    assert "A newer change set took the place" in words(text)
    assert 'value="approve"' not in text
    assert states(made) == ["held", "held"]


@pytest.mark.parametrize(
    "sent", [{}, {"verdict": "approve"}, {"ids": ["1"], "verdict": "odd"}, {"ids": ["x", "²"]}]
)
def test_a_decision_without_a_change_or_a_verdict_is_refused(
    operator: Client, sent: dict[str, Any]
) -> None:
    made, _ = held_set()
    assert post(operator, made, **sent).status_code == 302
    assert states(made) == ["held", "held"]


def test_changes_of_another_set_are_not_decided_here(operator: Client) -> None:
    made, _ = held_set()
    other = change_set(source="other")
    foreign = missing(other, "AUDI 9")
    counted(other)
    post(operator, made, ids=[foreign.pk], verdict="approve")
    assert states(other) == ["held"]


def test_a_single_change_is_decided_on_its_own_page(operator: Client) -> None:
    made, (first, _) = held_set()
    path = reverse("admin:reconcile_change_change", args=[first.pk])
    assert 'value="approve"' in page(operator, path)
    answer = post(operator, made, ids=[first.pk], verdict="reject", why="open", next=path)
    assert answer["Location"] == path
    text = page(operator, path)
    assert "Decided ada" in words(text)
    assert 'value="reject"' not in text


# --- all that match -----------------------------------------------------------------------------


def test_before_all_are_approved_a_page_tells_what_it_comes_to(operator: Client) -> None:
    cinema()
    made, (first, *_) = held_set(12)
    Change.objects.filter(pk=first.pk).update(group=1)
    change(made, "insert", state=ChangeState.APPROVED, group=1, after={"title": "Gale"})
    text = page(
        operator, f"{url(counted(made), 'decide_all')}?verdict=approve&cinema=3&state=held"
    )
    assert "Approve 12 changes?" in words(text)
    assert "Missing 12 shows become inactive" in words(text)
    assert "Lido (12)" in words(text)
    assert "1 more change is decided along" in words(text)
    assert "The first 10 of 12" in words(text)
    assert text.count("<article") == 10
    rejected = page(operator, f"{url(made, 'decide_all')}?verdict=reject")
    assert "Nothing is written." in words(rejected)
    assert not Run.objects.exists()


def test_approving_all_that_match_is_one_post_and_one_run(operator: Client) -> None:
    made, _ = held_set()
    sent = {"verdict": "approve", "state": "held", "cinema": "3", "why": "the cinema is closed"}
    answer = post(operator, made, "decide_all", **sent)
    run = Run.objects.get(unit="decide-changes")
    assert answer["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    wanted = {"change_set": made.pk, "verdict": "approve", "state": "held", "cinema": 3,
              "why": "the cinema is closed", "by": "ada"}  # fmt: skip
    assert wanted.items() <= run.params.items()
    assert AuditEntry.objects.filter(action="run unit", why="the cinema is closed").exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"verdict": "approve"}, {"verdict": "odd", "why": "x"}, {"why": "x", "state": "applied"},
        {"why": "x", "cinema": "odd"},
    ],
)  # fmt: skip
def test_all_that_match_need_a_reason_and_a_filter_that_holds(
    operator: Client, sent: dict[str, str]
) -> None:
    made, _ = held_set()
    assert post(operator, made, "decide_all", **sent).status_code == 302
    assert not Run.objects.exists()


# --- undo ---------------------------------------------------------------------------------------


def applied_set() -> ChangeSet:
    made = change_set(state=SetState.APPLIED)
    row = master("AUDI 8", title="Tide II")
    change(
        made, master_id=row.pk, before={"title": "Tide"}, after={"title": "Tide II"},
        fields="title", applied_at=NOW,
    )  # fmt: skip
    return counted(made)


def test_a_page_tells_what_undoing_comes_to_and_one_post_starts_it(operator: Client) -> None:
    made = applied_set()
    assert url(made, "undo") in page(operator, url(made, "change"))
    text = words(page(operator, url(made, "undo")))
    assert "Updated 1 get the values back that they had" in text
    answer = post(operator, made, "undo", why="the feed was wrong")
    run = Run.objects.get(unit="undo-changes")
    assert answer["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    assert run.params["change_set"] == made.pk


def test_what_was_edited_since_is_listed_as_kept(operator: Client) -> None:
    made = applied_set()
    type(master("AUDI 2")).objects.filter(title="Tide II").update(title="Tide, by hand")
    text = words(page(operator, url(made, "undo")))
    assert "Edited since, and kept: 1 show" in text
    assert "Tide, by hand" in text


def test_undo_needs_a_reason_and_a_set_that_can_be_undone(operator: Client) -> None:
    made, _ = held_set()
    assert url(made, "undo") not in page(operator, url(made, "change"))
    assert "still waits for a person" in words(page(operator, url(made, "undo")))
    post(operator, made, "undo", why="x")
    post(operator, applied_set(), "undo")
    assert not Run.objects.exists()


# --- who may ------------------------------------------------------------------------------------


def test_who_may_only_look_is_offered_nothing_and_refused_everywhere() -> None:
    made, (first, _) = held_set()
    client = viewer()
    own = reverse("admin:reconcile_change_change", args=[first.pk])
    for path in (url(made), url(made, "change"), own):
        text = page(client, path)
        assert "decide" not in text.replace("decided", "")
        assert "Approve" not in words(text)
    for name in ("decide", "decide_all", "undo"):
        sent: dict[str, Any] = {"ids": [first.pk], "verdict": "approve", "why": "x"}
        assert post(client, made, name, **sent).status_code == 403
    for name in ("decide_all", "undo"):
        assert client.get(url(made, name)).status_code == 403
    assert states(made) == ["held", "held"]
    assert not Run.objects.exists()


def test_a_decision_is_sent_and_never_looked_at(operator: Client) -> None:
    made, _ = held_set()
    assert operator.get(url(made, "decide")).status_code == 405


def test_who_was_logged_out_has_the_page_loaded_again() -> None:
    made, (first, _) = held_set()
    sent = {"ids": [first.pk], "verdict": "approve"}
    answer = Client().post(url(made, "decide"), sent, headers=HTMX)
    assert answer["HX-Refresh"] == "true"
    assert states(made) == ["held", "held"]
