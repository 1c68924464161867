"""The plain admin pages of titles and media links: found fast, edited under lock, retried."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine.models import Event, Run
from popflix.lib.models import AuditEntry, QuarantinedRow
from sync.admin import search_by_id
from sync.links.models import MediaLinks, Title
from tests.sync.links.rows import (
    LONG_AGO,
    NOW,
    POSTER,
    answered,
    link,
    running_run,
    stored_link,
    stored_work,
    tconst,
    title,
)

pytestmark = pytest.mark.django_db
LINKS = "admin:sync_medialinks_changelist"
TITLES = "admin:sync_title_changelist"


@pytest.fixture
def viewer(client: Client) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_medialinks"))
    client.force_login(user)
    return client


def page(client: Client, name: str, **query: Any) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, action: str, *numbers: int, **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": [tconst(number) for number in numbers]}
    return client.post(reverse(LINKS), chosen | more)


# --- lists ------------------------------------------------------------------------------------


def test_the_list_shows_status_kind_and_reason(operator: Client) -> None:
    answered(1, poster_reason="TMDB's own pick for en.", trailer_reason="TMDB lists no video.")
    MediaLinks.objects.update(trailer_embed_url=None)
    failure = {"failure_kind": "ambiguous", "last_error": "Title and year fit several records."}
    link(2, processed_status="FAILED", work=failure)
    text = page(operator, LINKS)
    assert "TMDB lists no video." in text
    assert "Title and year fit several records." in text
    assert "Film 1 (2019)" in text


def test_a_title_without_year_and_a_link_without_work_are_shown(operator: Client) -> None:
    MediaLinks.objects.create(title=title(1, start_year=None))
    text = page(operator, LINKS)
    assert "Film 1<" in text
    assert (
        operator.get(reverse("admin:sync_medialinks_change", args=[tconst(1)])).status_code == 200
    )


def test_links_are_filtered_by_status_and_kind(operator: Client) -> None:
    answered(1)
    link(2, processed_status="FAILED", work={"failure_kind": "ambiguous"})
    link(3, processed_status="FAILED", work={"failure_kind": "gave_up"})
    text = page(operator, LINKS, processed_status__exact="FAILED", kind="gave_up")
    assert tconst(3) in text
    assert tconst(1) not in text
    assert tconst(2) not in text
    assert tconst(1) in page(operator, LINKS, kind="nonsense")


@pytest.mark.parametrize("name", [LINKS, TITLES])
@pytest.mark.parametrize(
    ("term", "found"),
    [
        (tconst(1), {1}),
        ("985", {12}),
        ("tt9900000", {1, 2}),
        ("https://www.imdb.com/title/tt99000002/", {2}),
        ("Film 1", set()),
        (" ", {1, 2, 12}),
    ],
)
def test_ids_are_found_whole_by_their_beginning_or_by_address(
    operator: Client, name: str, term: str, found: set[int]
) -> None:
    link(1)
    link(2)
    Title.objects.create(tconst="tt985000012", primary_title="Film 12")
    MediaLinks.objects.create(title_id="tt985000012")
    text = page(operator, name, q=term)
    shown = {1: ">Film 1", 2: ">Film 2", 12: ">Film 12"}
    ids = {1: f"{tconst(1)}<", 2: f"{tconst(2)}<", 12: "tt985000012<"}
    assert {number for number in shown if ids[number] in text} == found


def test_a_search_is_a_range_on_the_key() -> None:
    sql = str(search_by_id(Title.objects.all(), "tconst", "tt99").query)
    assert "LIKE" not in sql
    assert ">= tt99" in sql
    assert "< tt9:" in sql


@pytest.mark.parametrize("name", [LINKS, TITLES])
def test_one_row_and_twenty_take_the_same_queries(operator: Client, name: str) -> None:
    link(1)
    page(operator, name)
    with CaptureQueriesContext(connection) as one:
        page(operator, name)
    for number in range(2, 21):
        link(number)
    with CaptureQueriesContext(connection) as twenty:
        page(operator, name)
    assert len(twenty) == len(one) <= 6


def test_titles_are_read_only(operator: Client) -> None:
    title(1)
    url = reverse("admin:sync_title_change", args=[tconst(1)])
    assert operator.get(url).status_code == 200
    assert operator.post(url, {"primary_title": "x"}).status_code == 403
    assert operator.post(reverse("admin:sync_title_add")).status_code == 403


# --- editing ----------------------------------------------------------------------------------


def edit(client: Client, **values: Any) -> Any:
    given = {"tmdb_id": 9_000_001, "poster_url": POSTER, "trailer_embed_url": "", **values}
    return client.post(reverse("admin:sync_medialinks_change", args=[tconst(1)]), given)


def test_an_edit_locks_the_edited_field_alone(operator: Client) -> None:
    answered(1)
    MediaLinks.objects.update(trailer_embed_url=None, last_updated=LONG_AGO)
    answer = edit(operator, poster_url="https://example.org/mine.jpg")
    assert answer.status_code == 302
    assert stored_link().poster_url == "https://example.org/mine.jpg"
    assert stored_link().trailer_embed_url is None
    assert stored_work().locked_fields == ["poster_url"]
    assert stored_link().last_updated != LONG_AGO
    assert AuditEntry.objects.get().actor_name == "ada"


def test_saving_without_an_edit_changes_nothing(operator: Client) -> None:
    answered(1)
    MediaLinks.objects.update(trailer_embed_url=None, last_updated=LONG_AGO)
    assert edit(operator).status_code == 302
    assert stored_link().last_updated == LONG_AGO
    assert stored_work().locked_fields == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("poster_url", "javascript:alert(1)"),
        ("poster_url", "/relative.jpg"),
        ("trailer_embed_url", "ftp://example.org/x"),
        ("tmdb_id", "0"),
        ("tmdb_id", "film"),
    ],
)
def test_an_odd_value_is_refused_in_the_form(operator: Client, field: str, value: str) -> None:
    answered(1)
    answer = edit(operator, **{field: value})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert stored_link().poster_url == POSTER
    assert stored_link().tmdb_id == 9_000_001


def test_links_are_neither_added_nor_deleted_by_hand(operator: Client) -> None:
    answered(1)
    assert operator.post(reverse("admin:sync_medialinks_add")).status_code == 403
    delete = reverse("admin:sync_medialinks_delete", args=[tconst(1)])
    assert operator.post(delete, {"post": "yes"}).status_code == 403


# --- actions ----------------------------------------------------------------------------------


def test_retry_makes_the_chosen_rows_due_now_and_is_audited(operator: Client) -> None:
    link(1, processed_status="FAILED", work={"due_at": None, "failure_kind": "gave_up"})
    link(2, work={"due_at": None})
    answer = operator.post(
        reverse(LINKS), {"action": "retry", "_selected_action": [tconst(1)]}, follow=True
    )
    assert "1 titles are due now" in answer.content.decode()
    assert stored_work(1).due_at is not None
    assert stored_link(1).processed_status == "PENDING"
    assert stored_work(2).due_at is None
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.count) == ("ada", "retry media links", 1)


def test_the_why_that_was_said_in_the_bar_is_in_the_audit_trail(operator: Client) -> None:
    link(1, work={"due_at": None})
    act(operator, "retry", 1, why=" TMDB has a poster now ")
    assert AuditEntry.objects.get().why == "TMDB has a poster now"


def test_unlock_releases_the_chosen_rows(operator: Client) -> None:
    answered(1, locked_fields=["poster_url"])
    assert act(operator, "unlock", 1).status_code == 302
    assert stored_work().locked_fields == []


def test_a_get_never_retries(operator: Client) -> None:
    link(1, work={"due_at": None})
    operator.get(reverse(LINKS), {"action": "retry", "_selected_action": tconst(1)})
    assert stored_work().due_at is None


def test_who_may_only_look_cannot_retry_or_edit(viewer: Client) -> None:
    link(1, work={"due_at": None})
    assert "Retry now" not in page(viewer, LINKS)
    act(viewer, "retry", 1)
    assert stored_work().due_at is None
    assert edit(viewer).status_code == 403


# --- the platform's pages ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "event", "auditentry", "quarantinedrow"])
def test_what_the_machine_writes_can_only_be_looked_at(operator: Client, name: str) -> None:
    run = running_run()
    Event.objects.create(run=run, unit=run.unit, at=NOW, kind="start")
    AuditEntry.objects.create(at=NOW, actor_name="ada", action="retry")
    QuarantinedRow.objects.create(source="f.tsv", line=2, reason="short", raw="x", at=NOW)
    app = "engine" if name in ("run", "event") else "lib"
    assert page(operator, f"admin:{app}_{name}_changelist")
    assert operator.post(reverse(f"admin:{app}_{name}_add")).status_code == 403
    model = {"run": Run, "event": Event, "auditentry": AuditEntry}.get(name, QuarantinedRow)
    key = model.objects.get().pk  # type: ignore[attr-defined]
    assert operator.get(reverse(f"admin:{app}_{name}_change", args=[key])).status_code == 200
    delete = reverse(f"admin:{app}_{name}_delete", args=[key])
    assert operator.post(delete, {"post": "yes"}).status_code == 403
