"""The list of quarantine: found by file and line, replayed and discarded by the dozen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from popflix.console.quarantine import many
from popflix.lib import replaying
from popflix.lib.models import AuditEntry, QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from popflix.lib.replaying import Reading, Took
from sync.links.models import Enrichment, Title
from tests.popflix.engine.fakes import NOON
from tests.sync.links.imdb import fields

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = "/admin/lib/quarantinedrow/"


def kept(*rows: list[str], source: str = "f.tsv", reader: str = "title.basics") -> None:
    bad = [BadRow(line, "odd", "\t".join(row)) for line, row in enumerate(rows, 2)]
    quarantine(source, bad, now=NOON, reader=reader)


def act(client: Client, action: str, **more: Any) -> Any:
    keys = [str(key) for key in QuarantinedRow.objects.values_list("pk", flat=True)]
    return client.post(LIST, {"action": action, "_selected_action": keys, **more}, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def listed(client: Client, term: str = "") -> list[str]:
    answer = client.get(LIST, {"q": term} if term else {})
    return sorted(replaying.name_of(row) for row in answer.context["cl"].result_list)


# --- the list -----------------------------------------------------------------------------------


def test_the_list_says_which_rows_can_be_mended(operator: Client) -> None:
    kept(fields(4))
    kept(["a"], source="feed", reader="")
    page = operator.get(LIST).content.decode()
    assert page.count("Can be mended") == page.count("Only kept") == 1


def test_rows_are_found_by_the_beginning_of_their_file_and_by_a_line(operator: Client) -> None:
    kept(fields(4), fields(5), source="title.basics.tsv")
    kept(fields(4), source="title.ratings.tsv")
    assert len(listed(operator)) == len(listed(operator, "title.")) == 3
    assert listed(operator, "title.r") == ["title.ratings.tsv:2"]
    assert listed(operator, "title.basics.tsv:3") == ["title.basics.tsv:3"]
    assert listed(operator, "basics") == listed(operator, f"f:{'9' * 30}") == []


# --- replay -------------------------------------------------------------------------------------


def test_rows_that_can_be_read_by_now_are_taken_and_the_others_stay(operator: Client) -> None:
    kept(fields(1), fields(2, startYear="MCM"), fields(3))
    kept(["a"], source="feed", reader="")
    answer = act(operator, "replay", why="the rule was wrong")
    assert "2 of 4 rows are taken." in told(answer)
    assert "startYear is no whole number" in told(answer)
    assert "nobody here takes rows of feed" in told(answer)
    assert set(Title.objects.values_list("pk", flat=True)) == {"tt0000001", "tt0000003"}
    assert Enrichment.objects.count() == 2
    assert listed(operator) == ["f.tsv:3", "feed:2"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.count, entry.why) == (
        "replay quarantined rows", 2, "the rule was wrong",
    )  # fmt: skip
    assert [row["row"] for row in entry.details["rows"]] == ["f.tsv:2", "f.tsv:4"]


def test_of_two_rows_of_one_title_the_later_one_wins(operator: Client) -> None:
    kept(fields(1), fields(1, primaryTitle="Renamed"))
    act(operator, "replay")
    assert Title.objects.get().primary_title == "Renamed"
    assert not QuarantinedRow.objects.exists()


def test_when_the_app_fails_nothing_of_its_rows_is_lost(operator: Client) -> None:
    class Breaks:
        title = "Breaks"

        def read(self, raw: str) -> Reading:
            return Reading([])

        def joined(self, texts: Any) -> str:
            return ""

        def take(self, rows: Any, now: Any) -> Took:
            Title.objects.create(tconst="tt0000009")
            raise ZeroDivisionError

    replaying.register("breaks", Breaks())
    try:
        kept(fields(4), reader="breaks")
        with pytest.raises(ZeroDivisionError):
            act(operator, "replay")
    finally:
        replaying.forget("breaks")
    assert QuarantinedRow.objects.count() == 1
    assert not Title.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_reader_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        replaying.register("title.basics", replaying._replayers["title.basics"])


# --- discard ------------------------------------------------------------------------------------


def test_discarding_asks_first_with_the_number_and_for_a_reason(operator: Client) -> None:
    kept(fields(1), fields(2), fields(3), fields(4))
    answer = act(operator, "discard")
    page = answer.content.decode()
    assert "Discard 4 rows?" in page
    assert "and 1 more" in page
    act(operator, "discard", post="yes", why=" ")
    assert QuarantinedRow.objects.count() == 4
    assert not AuditEntry.objects.exists()


def test_discarded_rows_are_in_the_trail_and_nowhere_else(operator: Client) -> None:
    kept(fields(1), fields(2))
    answer = act(operator, "discard", post="yes", why="a broken file")
    assert "2 rows are discarded" in told(answer)
    assert not QuarantinedRow.objects.exists()
    assert not Title.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.count, entry.why, entry.target) == (2, "a broken file", "f.tsv:2 and 1 more")


def test_all_that_match_are_discarded_as_far_as_a_click_goes(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST_AT_ONCE", 2)
    kept(fields(1), fields(2), fields(3))
    key = QuarantinedRow.objects.latest("pk").pk
    every = {"action": "discard", "select_across": "1", "_selected_action": [str(key)]}
    page = operator.post(LIST, every).content.decode()
    assert "Discard 2 rows?" in page
    assert 'name="select_across" value="1"' in page
    operator.post(LIST, every | {"post": "yes", "why": "all"})
    assert [row.line for row in QuarantinedRow.objects.all()] == [4]


def test_of_all_that_match_those_that_came_after_the_look_are_left(operator: Client) -> None:
    kept(fields(1), fields(2))
    key = QuarantinedRow.objects.latest("pk").pk
    every = {"action": "discard", "select_across": "1", "_selected_action": [str(key)]}
    last = re.search(r'name="last" value="(\d+)"', operator.post(LIST, every).content.decode())
    assert last is not None
    QuarantinedRow.objects.create(source="g.tsv", line=9, reason="new", raw="x", at=NOON)
    operator.post(LIST, every | {"post": "yes", "why": "all", "last": last[1]})
    assert [row.source for row in QuarantinedRow.objects.all()] == ["g.tsv"]
