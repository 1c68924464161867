"""The trail on its pages: what was changed, links to what was acted on, the file of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from popflix.console.trail import export, targets
from popflix.engine.registry import registry
from popflix.lib import audit
from popflix.lib.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime.now(dt.UTC)
LIST = "/admin/lib/auditentry/"
FILE = f"{LIST}export/"


def rows_of(client: Client, **query: str) -> list[list[str]]:
    answer = client.get(FILE, query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer).decode()
    return list(csv.reader(io.StringIO(text)))[1:]


def page_of(client: Client, entry: AuditEntry) -> str:
    return client.get(reverse("admin:lib_auditentry_change", args=[entry.pk])).content.decode()


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ({}, ["now", "then"]),
        ({"day": "today"}, ["now"]),
        ({"day": "7-days"}, ["now"]),
        ({"day": "2026-01-05"}, ["then"]),
        ({"day": "2026-01-06"}, []),
        ({"day": "soon"}, ["now", "then"]),
        ({"day": "2026-01-05", "action": "pause unit"}, []),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_entries_of_a_day(operator: Client, query: dict[str, str], targets: list[str]) -> None:
    audit.record("anna", "retry run", at=NOW, target="now")
    then = dt.datetime(2026, 1, 5, 23, 59, 59, tzinfo=dt.UTC)
    audit.record("anna", "retry run", at=then, target="then")
    found = operator.get(LIST, query).context["cl"].result_list
    assert [entry.target for entry in found] == targets
    assert [row[3] for row in rows_of(operator, **query)] == targets


def test_a_typed_day_stays_in_its_field_beside_the_other_filters(operator: Client) -> None:
    audit.record("anna", "retry run", at=NOW, target="x")
    page = operator.get(LIST, {"day": "2026-01-05", "action": "retry run"}).content.decode()
    assert 'name="day" value="2026-01-05"' in page
    assert '<input type="hidden" name="action" value="retry run">' in page


def test_a_change_is_told_before_and_after(operator: Client) -> None:
    kept = {"tmdb_id": {"before": 1, "after": 603}, "run": 17}
    entry = audit.record("anna", "edit media links", at=NOW, target="x", details=kept)
    page = page_of(operator, entry)
    assert "<del>1</del>" in page
    assert "<ins>603</ins>" in page
    assert f'<a href="{targets.run_link(17)}">17</a>' in page


def test_what_was_acted_on_is_linked(operator: Client) -> None:
    unit, movies = registry.names()[0], reverse("admin:sync_movie_changelist")
    audit.record("anna", "retry run", at=NOW, target="greet run 17")
    audit.record("anna", "pause unit", at=NOW, target=unit)
    audit.record("anna", "edit media links", at=NOW, target="tt0111161")
    audit.record("anna", "edit movie", at=NOW, target="movie 603")
    audit.record("anna", "check availability again", at=NOW, target="tv 1399 at tmdb")
    audit.record("anna", "log in", at=NOW, target="127.0.0.1")
    page = operator.get(LIST).content.decode()
    for href, text in (
        (reverse("admin:engine_run_change", args=[17]), "greet run 17"),
        (reverse("console_unit", args=[unit]), unit),
        (reverse("admin:sync_medialinks_change", args=["tt0111161"]), "tt0111161"),
        (f"{movies}?q=603&amp;excluded=all", "movie 603"),
        (f"{movies}?q=1399&amp;excluded=all", "tv 1399 at tmdb"),
    ):
        assert f'<a href="{href}">{text}</a>' in page
    assert ">127.0.0.1<" in page
    assert ">127.0.0.1</a>" not in page


@pytest.fixture
def shelf() -> Iterator[None]:
    targets.register("shelf", lambda target: "/shelf/" if target == "shelf" else "")
    yield
    targets.forget("shelf")


@pytest.mark.usefixtures("shelf")
def test_an_app_says_where_its_targets_are() -> None:
    assert targets.link_of("shelf") == "/shelf/"
    with pytest.raises(ValueError, match="twice"):
        targets.register("shelf", lambda target: "")


# --- the file -----------------------------------------------------------------------------------


def test_the_file_holds_each_column(operator: Client) -> None:
    audit.record("anna", "retry run", at=NOW, target="x", count=3, why='é, "q"', details={"a": 1})
    assert rows_of(operator) == [
        [NOW.isoformat(), "anna", "retry run", "x", "3", 'é, "q"', '{"a": 1}']
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\n"], ids=list("=+-@tn"))
def test_no_cell_of_the_file_is_a_formula(operator: Client, begin: str) -> None:
    audit.record("anna", "retry run", at=NOW, target=f"{begin}1", why=f"{begin}cmd")
    (row,) = rows_of(operator)
    assert (row[3], row[5]) == (f"'{begin}1", f"'{begin}cmd")


def test_a_file_that_is_cut_says_so() -> None:
    for number in range(3):
        audit.record("anna", "retry run", at=NOW, target=str(number))
    answer = export.as_file(AuditEntry.objects.order_by("-pk"), "x.csv", most=2)
    lines = b"".join(answer).decode().splitlines()
    assert [line.split(",")[3] for line in lines[1:3]] == ["2", "1"]
    assert "Only the newest 2 entries" in lines[3]
    assert len(lines) == 4


def test_the_file_of_a_lookup_that_is_none_leads_back_to_the_list(operator: Client) -> None:
    assert operator.get(FILE, {"nonsense": "1"}).headers["Location"] == LIST


def test_the_file_needs_the_permission_to_look(client: Client) -> None:
    client.force_login(User.objects.create_user("vi", is_staff=True))
    assert client.get(FILE).status_code == 403


def test_the_list_offers_the_file_of_what_it_shows(operator: Client) -> None:
    audit.record("anna", "retry run", at=NOW, target="x")
    page = operator.get(LIST, {"action": "retry run"}).content.decode()
    assert f'href="{FILE}?action=retry+run"' in page
