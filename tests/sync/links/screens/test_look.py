"""Filters together: looked through a bounded number of titles at a time, and none is left out."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sync.links import looking
from sync.links.models import Enrichment
from tests.sync.links.rows import NOW, answered, link, running_run, tconst
from tests.sync.links.screens.visits import LINKS, MATCHING, ids, page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
BOTH = {"kind": "gave_up", "type": "movie"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three titles are looked through at a time."""
    monkeypatch.setattr(looking, "MOST_LOOKED", 3)


def failed(number: int, title_type: str = "movie", **work: object) -> None:
    facts = {"failure_kind": "gave_up", **work}
    link(number, title_type=title_type, processed_status="FAILED", work=facts)


def further(text: str) -> str:
    found = re.search(r'href="([^"]+)">Look further', text)
    return html.unescape(found[1]) if found else ""


@pytest.mark.usefixtures("few")
def test_part_after_part_every_title_that_fits_is_found_once(operator: Client) -> None:
    for number in range(1, 9):
        failed(number, "movie" if number % 2 else "tvSeries")
    found, url = [], f"{reverse(LINKS)}?kind=gave_up&type=movie"
    for _ in range(3):
        text = operator.get(url).content.decode()
        found.append(ids(text))
        url = reverse(LINKS) + further(text)
    assert found == [[tconst(n) for n in part] for part in ((1, 3), (5,), (7,))]
    assert url == reverse(LINKS), "nothing is left to look through"


@pytest.mark.usefixtures("few")
def test_it_is_told_how_far_one_has_looked(operator: Client) -> None:
    for number in (1, 2, 3, 4):
        failed(number, "tvSeries")
    text = page(operator, LINKS, **BOTH)
    assert f"0 fit up to {tconst(3)}" in text
    assert "Nothing matches." in text
    assert f"behind {tconst(3)}" in page(operator, LINKS, **BOTH, after=tconst(3))
    assert "Look further" not in page(operator, LINKS, kind="gave_up")


def test_where_all_were_looked_through_there_is_nothing_to_say(operator: Client) -> None:
    failed(1)
    text = page(operator, LINKS, **BOTH)
    assert ids(text) == [tconst(1)]
    assert "Look further" not in text


@pytest.mark.parametrize("query", [{"type": "movie"}, {}, {"q": "film"}], ids=str)
def test_any_list_begins_behind_the_title_that_the_address_names(
    operator: Client, query: dict[str, str]
) -> None:
    for number in (1, 2, 3):
        answered(number)
    assert ids(page(operator, LINKS, **query, after=tconst(2))) == [tconst(3)]
    assert len(ids(page(operator, LINKS, **query, after="no/place"))) == 3


@pytest.mark.usefixtures("few")
def test_what_a_run_touched_is_filtered_too(operator: Client) -> None:
    run, other = running_run(), running_run()
    for number in (1, 2, 3, 4, 5):
        failed(number, "movie" if number != 2 else "tvSeries", last_run=run)
    failed(6, last_run=other)
    assert ids(page(operator, LINKS, run=run.pk)) == [tconst(n) for n in (1, 2, 3, 4, 5)]
    text = page(operator, LINKS, run=run.pk, type="movie")
    assert ids(text) == [tconst(1), tconst(3)]
    assert ids(operator.get(reverse(LINKS) + further(text)).content.decode()) == [
        tconst(4), tconst(5),
    ]  # fmt: skip


@pytest.mark.usefixtures("few")
def test_an_action_on_all_that_is_listed_touches_nothing_beyond(operator: Client) -> None:
    for number in (1, 2, 3, 4):
        failed(number, "movie", due_at=None, given_up_at=NOW)
    chosen = {"action": "retry", "_selected_action": tconst(1), "select_across": "1"}
    operator.post(f"{reverse(LINKS)}?kind=gave_up&type=movie", {**chosen, "why": "try"})
    due = Enrichment.objects.exclude(due_at=None).values_list("pk", flat=True)
    assert sorted(due) == [tconst(1), tconst(2), tconst(3)]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("types", "told"),
    [
        (["movie"] * 3, "3 titles"),
        (["movie"] * 4, "at least 3 titles"),
        (["tvSeries"] * 4, "an unknown number of titles"),
    ],
    ids=["all", "more", "unknown"],
)
def test_the_confirmation_promises_no_number_that_nobody_knows(
    operator: Client, types: list[str], told: str
) -> None:
    for number, title_type in enumerate(types, 1):
        failed(number, title_type)
    assert f"<h2>{told}</h2>" in page(operator, MATCHING, **BOTH)


def test_no_statement_joins_the_tables_of_the_filters(operator: Client) -> None:
    """What fits both may be a handful among millions: a join would look for it in all of them."""
    failed(1)
    with CaptureQueriesContext(connection) as asked:
        page(operator, LINKS, **BOTH, processed_status__exact="FAILED")
    keys = [
        each["sql"] for each in asked if "failure_kind" in each["sql"] and "LIMIT" in each["sql"]
    ]
    assert len(keys) == 1
    assert "JOIN" not in keys[0]
