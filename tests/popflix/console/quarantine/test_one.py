"""One row of quarantine: shown field by field, mended, checked, taken, discarded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.lib.models import AuditEntry, QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from sync.links.models import Enrichment, MediaLinks, Title, TitleRating
from tests.popflix.engine.fakes import NOON
from tests.sync.links.imdb import fields, run, write

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TITLES, RATINGS = "title.basics", "title.ratings"
LIST = "/admin/lib/quarantinedrow/"


def kept(texts: list[str], *, reader: str = TITLES, source: str = "f.tsv", line: int = 5) -> int:
    quarantine(
        source, [BadRow(line, "startYear is odd", "\t".join(texts))], now=NOON, reader=reader
    )
    return QuarantinedRow.objects.latest("pk").pk


def shown(client: Client, key: int) -> str:
    answer = client.get(reverse("admin:lib_quarantinedrow_change", args=[key]))
    assert answer.status_code == 200
    return answer.content.decode()


def take(client: Client, key: int, texts: list[str] | None) -> Any:
    sent = {} if texts is None else {"field": texts}
    url = reverse("admin:lib_quarantinedrow_replay", args=[key])
    return client.post(url, sent, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def faults(answer: Any) -> dict[str, str]:
    cells = answer.context["sheet"].reading.cells
    return {cell.name: cell.fault for cell in cells if cell.fault}


# --- the page -----------------------------------------------------------------------------------


def test_the_fields_are_split_and_the_wrong_one_is_marked(operator: Client) -> None:
    page = shown(operator, kept(fields(4, startYear="MCM", primaryTitle="<b>Film</b>")))
    assert "startYear is odd" in page
    assert "It is no whole number." in page
    assert page.count('aria-invalid="true"') == 1
    assert "&lt;b&gt;Film&lt;/b&gt;" in page
    assert "<b>Film" not in page


def test_what_is_stored_stands_beside_what_would_be_read(operator: Client) -> None:
    Title.objects.create(tconst="tt0000004", primary_title="Film four", is_adult=False)
    page = shown(operator, kept(fields(4)))
    assert "What it would change" in page
    assert "<del>four</del>" in page
    assert "What it would change" not in shown(operator, kept(fields(5), line=6))


def test_a_row_that_nobody_takes_can_only_be_looked_at_and_discarded(operator: Client) -> None:
    key = kept(["a", "b"], reader="", source="feed-of-somebody.csv")
    page = shown(operator, key)
    assert "Nobody here takes rows of this file." in page
    assert "Check and take" not in page
    assert "cannot be read" in told(take(operator, key, None))
    assert QuarantinedRow.objects.exists()


def test_rows_without_a_reader_are_known_by_the_name_of_their_file(operator: Client) -> None:
    page = shown(operator, kept(fields(4), reader="", source="title.basics.tsv.gz"))
    assert "The row can be read now" in page


def test_the_page_takes_as_many_queries_however_many_rows_wait(operator: Client) -> None:
    key = kept(fields(4, startYear="MCM"))
    shown(operator, key)  # what a process asks the database only once
    counts = []
    for lines in (range(6, 7), range(7, 30)):
        for line in lines:
            kept(fields(line), line=line)
        with CaptureQueriesContext(connection) as caught:
            shown(operator, key)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_row_that_is_gone_leads_to_the_list(operator: Client) -> None:
    for name in ("change", "replay", "discard"):
        url = reverse(f"admin:lib_quarantinedrow_{name}", args=[4711])
        send = operator.get if name == "change" else operator.post
        answer = send(url, {"why": "x"}, follow=True)
        assert answer.redirect_chain[-1][0] == LIST
        assert "gone" in told(answer)


# --- mend and take ------------------------------------------------------------------------------


def test_a_mended_row_is_taken_as_the_import_would_and_the_trail_keeps_both(
    operator: Client,
) -> None:
    key = kept(fields(4, startYear="MCM", endYear=r"\N"))
    answer = take(operator, key, fields(4, startYear="1900"))
    assert told(answer) == "Row f.tsv:5 is taken: 1 new."
    title = Title.objects.get()
    assert (title.pk, title.start_year, title.end_year) == ("tt0000004", 1900, None)
    assert MediaLinks.objects.get().processed_status == "PENDING"
    assert Enrichment.objects.get().due_at is not None
    assert not QuarantinedRow.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("ada", "mend quarantined row")
    assert entry.target == "f.tsv:5"
    assert "MCM" in entry.details["before"]
    assert "1900" in entry.details["after"]


def test_what_an_import_put_there_is_mended_whatever_its_file_is_called(
    operator: Client, tmp_path: Path
) -> None:
    run(write(tmp_path / "mine.tsv", [fields(1), fields(2, startYear="MCM")]))
    row = QuarantinedRow.objects.get()
    take(operator, row.pk, fields(2, startYear="1900"))
    assert list(Enrichment.objects.values_list("pk", flat=True)) == ["tt0000001", "tt0000002"]
    assert not QuarantinedRow.objects.exists()


def test_a_row_that_is_fine_is_taken_as_it_is(operator: Client) -> None:
    Title.objects.create(tconst="tt0000004", primary_title="Old")
    answer = take(operator, kept(fields(4)), None)
    assert told(answer) == "Row f.tsv:5 is taken: 1 changed."
    assert Title.objects.get().primary_title == "Film 4"
    assert AuditEntry.objects.get().action == "replay quarantined row"


def test_errors_are_told_at_their_fields_and_nothing_typed_is_lost(operator: Client) -> None:
    key = kept(fields(4, startYear="MCM"))
    answer = take(operator, key, fields(4, startYear="XIX", primaryTitle="Mended", isAdult="2"))
    assert answer.status_code == 200
    assert faults(answer) == {"startYear": "is no whole number", "isAdult": "is more than 1"}
    page = answer.content.decode()
    assert 'value="Mended"' in page
    assert 'value="XIX"' in page
    assert "2 fields cannot be read. Nothing was written." in told(answer)
    assert not Title.objects.exists()
    assert not AuditEntry.objects.exists()
    assert "MCM" in QuarantinedRow.objects.get().raw


def test_a_field_that_the_row_lacks_must_be_written(operator: Client) -> None:
    key = kept(["tt0000004", "movie"])
    page = shown(operator, key)
    assert page.count("It is missing") == 7
    answer = take(operator, key, fields(4, primaryTitle="", genres=""))
    assert list(faults(answer)) == ["primaryTitle", "genres"]
    take(operator, key, fields(4, genres=r"\N"))
    assert Title.objects.get().genres is None


def test_an_empty_title_that_the_file_had_is_taken_as_empty(operator: Client) -> None:
    take(operator, kept(fields(4, primaryTitle="", startYear="?")), fields(4, primaryTitle=""))
    assert Title.objects.get().primary_title == ""


def test_a_field_too_many_is_emptied(operator: Client) -> None:
    key = kept([*fields(4), "more"])
    assert faults(take(operator, key, [*fields(4), "more"])) == {
        "field 10": "is one field too many: leave it empty"
    }
    take(operator, key, [*fields(4), ""])
    assert Title.objects.get().genres == "Drama"


@pytest.mark.parametrize(
    "text",
    [r"F\xfclm", r"a\0b", "X… (12000 characters in all)", "two\nlines"],
    ids=["bytes", "nul", "cut", "line-end"],
)
def test_what_quarantine_could_not_keep_is_never_taken_as_it_stands(
    operator: Client, text: str
) -> None:
    key = kept(fields(4, primaryTitle=text))
    assert list(faults(take(operator, key, fields(4, primaryTitle=text)))) == ["primaryTitle"]
    assert list(faults(take(operator, key, None))) == ["primaryTitle"]
    take(operator, key, fields(4, primaryTitle="Fülm"))
    assert Title.objects.get().primary_title == "Fülm"


def test_a_rating_is_taken_for_a_title_that_is_held(operator: Client) -> None:
    key = kept(["tt0000004", "11", "90"], reader=RATINGS)
    answer = take(operator, key, ["tt0000004", "7.5", "90"])
    assert "tt0000004 is no title here" in told(answer)
    assert QuarantinedRow.objects.exists()
    Title.objects.create(tconst="tt0000004")
    take(operator, key, ["tt0000004", "7.5", "90"])
    rating = TitleRating.objects.get()
    assert (str(rating.average_rating), rating.num_votes) == ("7.5", 90)


def test_a_row_that_was_settled_meanwhile_is_not_taken_twice(operator: Client) -> None:
    key = kept(fields(4))
    take(operator, key, None)
    assert "gone" in told(take(operator, key, None))
    assert AuditEntry.objects.count() == 1


# --- discard, permissions -----------------------------------------------------------------------


def test_one_row_is_discarded_with_a_reason_alone(operator: Client) -> None:
    key = kept(fields(4, startYear="MCM"))
    url = reverse("admin:lib_quarantinedrow_discard", args=[key])
    operator.post(url, {"why": "  "})
    assert QuarantinedRow.objects.exists()
    operator.post(url, {"why": "IMDb took it back"})
    assert not QuarantinedRow.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.why) == ("discard quarantined rows", "IMDb took it back")
    [row] = entry.details["rows"]
    assert row["row"] == "f.tsv:5"
    assert "MCM" in row["raw"]


def test_who_may_only_look_sees_the_row_and_no_button(client: Client) -> None:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_quarantinedrow"))
    client.force_login(user)
    key = kept(fields(4))
    page = shown(client, key)
    assert "Check and take" not in page
    assert "Discard" not in page
    for name in ("replay", "discard"):
        url = reverse(f"admin:lib_quarantinedrow_{name}", args=[key])
        assert client.post(url, {"why": "x"}).status_code == 403
    assert QuarantinedRow.objects.exists()
