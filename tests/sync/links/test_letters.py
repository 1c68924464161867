"""Titles that were given up are dead letters; those that are asked again by themselves are not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from popflix.engine.deadletters import Source
from popflix.engine.deadletters.letters import Letter, Verdict
from popflix.engine.deadletters.sources import find
from popflix.engine.grouping import error_group
from sync.links import selection
from sync.links.choose import Choice
from sync.links.decide import Answer, Failure, Fault, Kind, Outcome, Policy
from sync.links.models import Enrichment
from sync.links.store import apply_outcomes, load_questions
from tests.popflix.engine.fakes import FakeClock
from tests.sync.links.rows import NOW, link, stored_link, stored_work, tconst

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ANSWER = Answer("movie", 9_000_001, Choice(None, "none."), Choice(None, "none."))


@pytest.fixture
def titles() -> Source:
    return find("titles")


def settled(number: int, outcome: Outcome, *, attempts: int = 5) -> None:
    """The title's row as a run leaves it."""
    keys = [tconst(number)]
    Enrichment.objects.filter(pk__in=keys).update(lease_token="7-1-1", attempts=attempts)
    results = [(question, outcome) for question in load_questions(keys, "7-1-1")]
    with transaction.atomic():
        apply_outcomes(results, run_id=7, now=NOW, policy=Policy(5, 150))


def given_up(number: int, words: str = "") -> None:
    link(number)
    settled(number, Fault(words or f"TMDB answered 503 after {number} s"))


def letters(titles: Source) -> list[Letter]:
    return [each for group in titles.groups() for each in titles.letters(group, limit=100)]


def test_given_up_titles_stand_in_groups_of_the_same_error(titles: Source) -> None:
    for number in (1, 2, 3):
        given_up(number)
    given_up(4, "TMDB broke the connection")
    link(5)
    settled(5, Failure(Kind.AMBIGUOUS, f"2 candidates for {tconst(5)}"))
    told = {(group.kind, group.text, group.count) for group in titles.groups()}
    assert told == {
        ("gave_up", error_group("Gave up after 5 attempts: TMDB answered 503 after 1 s"), 3),
        ("gave_up", error_group("Gave up after 5 attempts: TMDB broke the connection"), 1),
        ("ambiguous", error_group("2 candidates for tt99000001"), 1),
    }
    assert {group.oldest for group in titles.groups()} == {NOW}
    assert titles.unit == "sync-media-links"


def test_ambiguous_titles_are_one_group_whatever_they_could_be(titles: Source) -> None:
    for number, name in enumerate(("One Windmill", "The Lantern"), start=1):
        link(number)
        records = f'movie {number} "{name}" (2003), movie 9{number} "{name}" (2003)'
        reason = f"Title and year fit several records: {records}."
        settled(number, Failure(Kind.AMBIGUOUS, reason))
    (group,) = titles.groups()
    assert (group.text, group.count) == ("Title and year fit several records", 2)


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [(Failure(Kind.NOT_FOUND, "unknown"), 1), (Fault("TMDB is away"), 1), (ANSWER, 1)],
)
def test_what_is_asked_again_by_itself_is_no_dead_letter(
    titles: Source, outcome: Outcome, attempts: int
) -> None:
    link(1)
    settled(1, outcome, attempts=attempts)
    assert titles.groups() == []
    assert (stored_work().error_group, stored_work().given_up_at) == ("", None)


def test_a_retried_letter_is_pending_work_until_it_is_settled(titles: Source) -> None:
    for number in (1, 2, 3):
        given_up(number)
    chosen = letters(titles)
    due = [NOW + dt.timedelta(seconds=number) for number in range(3)]
    with transaction.atomic():
        titles.retry(chosen, due, by="anna", clock=FakeClock(NOW))
    assert titles.groups() == []
    assert titles.verdicts(chosen) == [Verdict.PENDING] * 3
    assert [stored_link(number).processed_status for number in (1, 2, 3)] == ["PENDING"] * 3
    assert stored_work(2).due_at == NOW + dt.timedelta(seconds=1)
    settled(1, ANSWER)
    settled(2, Fault("TMDB is away"), attempts=1)
    settled(3, Fault("TMDB is away"))
    assert titles.verdicts(chosen) == [Verdict.PASSED, Verdict.PENDING, Verdict.FAILED]
    assert [letter.key for letter in letters(titles)] == [tconst(3)]


def test_a_title_that_an_operator_asks_for_is_a_letter_no_longer(titles: Source) -> None:
    for number in (1, 2):
        given_up(number)
    with transaction.atomic():
        selection.ask_now([tconst(1)], NOW, [])
        selection.retry([tconst(2)], NOW, lane=None)
    assert letters(titles) == []


def test_a_discarded_letter_stays_failed_with_its_words(titles: Source) -> None:
    given_up(1)
    assert titles.discard(letters(titles), NOW) == 1
    assert letters(titles) == []
    assert stored_link().processed_status == "FAILED"
    assert stored_work().last_error.startswith("Gave up after 5 attempts")
