"""The list of answers: narrowed by filters and exact ids, told with age, checked again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from popflix.engine.models import Run
from popflix.lib.models import AuditEntry
from sync.availability.finding import Choice
from sync.availability.models import Availability
from sync.availability.screens import matching
from tests.sync.availability.answers import (
    LIST,
    URL,
    ago,
    answer,
    client_with,
    listed,
    told,
    unknown,
)
from tests.sync.availability.fakes import configured

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ALL = f"{LIST}recheck-all/"


@pytest.fixture(autouse=True)
def rows() -> None:
    answer(1, "available", "watch")
    answer(1, "available", "watch", region="DE")
    answer(1, "unavailable", "harbour", last_outcome="available", differs_since=ago(hours=1))
    answer(2, "unavailable", "watch")
    unknown(2, "available", "harbour")
    answer(3, at="watch")
    unknown(3, at="harbour", due_at=None, given_up_at=ago(hours=2))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {(1, "watch"), (1, "harbour"), (2, "watch"), (2, "harbour"), (3, "watch"),
              (3, "harbour")}),
        ("?provider=harbour", {(1, "harbour"), (2, "harbour"), (3, "harbour")}),
        ("?state=available", {(1, "watch"), (2, "harbour")}),
        ("?state=unavailable", {(1, "harbour"), (2, "watch")}),
        ("?state=not-checked", {(3, "watch"), (3, "harbour")}),
        ("?outcome=unknown", {(2, "harbour"), (3, "harbour")}),
        ("?outcome=unknown&state=available", {(2, "harbour")}),
        ("?waits=yes", {(1, "harbour")}),
        ("?given_up=yes", {(3, "harbour")}),
        ("?q=2", {(2, "watch"), (2, "harbour")}),
        ("?q=tt0000003", {(3, "watch"), (3, "harbour")}),
        ("?q=https://www.imdb.com/title/tt0000003/", {(3, "watch"), (3, "harbour")}),
        ("?q=Film", set()),
        ("?q=9999999999999999999999", set()),
        ("?provider=nobody", set()),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_by_filters_and_ids(
    operator: Client, query: str, expected: set[tuple[int, str]]
) -> None:
    assert listed(operator, query) == {(*each, "") for each in expected}


def test_rows_of_a_region_stand_there_when_they_are_asked_for(operator: Client) -> None:
    assert listed(operator, "?region=DE") == {(1, "watch", "DE")}
    assert len(listed(operator, "?region=all")) == Availability.objects.count()


def test_an_unknown_check_shows_the_older_answer_with_its_age_and_why(operator: Client) -> None:
    text = told(operator.get(f"{LIST}?provider=harbour&q=2").content.decode())
    assert "Available 4 days ago" in text
    assert "Unknown 20 min ago : answered 403: a login, or a wall against bots" in text


def test_a_second_look_that_is_to_come_is_told(operator: Client) -> None:
    text = told(operator.get(f"{LIST}?waits=yes").content.decode())
    assert "Unavailable 3 h ago ; a second look decides" in text


def test_a_row_is_checked_again_with_its_button(operator: Client) -> None:
    row = Availability.objects.get(movie__tmdb_id=2, provider__name="harbour")
    with configured(URL):
        path = reverse("admin:sync_availability_recheck", args=[row.pk])
        answered = operator.post(path, {"next": LIST}, follow=True)
        run = Run.objects.get()
    said = f"Film 2 at harbour is checked next. Run {run.pk} asks harbour."
    assert said in answered.content.decode()
    row.refresh_from_db()
    assert (row.lane, row.attempts, row.status) == (0, 0, "available")
    assert (run.unit, run.params["movie_ids"]) == ("check-availability-harbour", [row.movie_id])
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.count) == ("ada", 1)


def test_a_provider_that_nobody_names_any_more_is_told_with_the_click(operator: Client) -> None:
    row = Availability.objects.get(movie__tmdb_id=2, provider__name="harbour")
    path = reverse("admin:sync_availability_recheck", args=[row.pk])
    answered = operator.post(path, {"next": LIST}, follow=True)
    assert "harbour is not asked: POPFLIX_PROVIDERS names it no longer." in (
        answered.content.decode()
    )
    assert not Run.objects.exists()


def test_justwatch_is_credited_where_tmdbs_answers_are_listed_and_nowhere_else(
    operator: Client,
) -> None:
    assert "Data by JustWatch" in operator.get(f"{LIST}?provider=watch").content.decode()
    assert "JustWatch" not in operator.get(f"{LIST}?provider=harbour").content.decode()


def test_second_looks_are_found_through_an_index_of_their_own() -> None:
    assert "availability_in_doubt" in Choice(waits="yes").rows().explain()


def test_what_is_ticked_is_checked_again(operator: Client) -> None:
    keys = list(Availability.objects.filter(provider__name="harbour").values_list("pk", flat=True))
    sent = {"action": "recheck_chosen", "_selected_action": keys, "why": "A viewer says so"}
    with configured(URL):
        answered = operator.post(LIST, sent, follow=True)
    assert f"Checked next: 3. Run {Run.objects.get().pk} asks harbour." in (
        answered.content.decode()
    )
    assert Availability.objects.filter(lane=0, due_at__isnull=False).count() == 3
    assert AuditEntry.objects.get().why == "A viewer says so"


def test_all_that_match_are_confirmed_with_a_count_and_left_to_a_run(operator: Client) -> None:
    page = told(operator.get(f"{ALL}?state=unavailable&provider=harbour").content.decode())
    assert "1 answer " in page
    assert "Checked &amp; unavailable" in page
    answered = operator.post(f"{ALL}?state=unavailable&provider=harbour", {"why": "It is there"})
    run = Run.objects.get()
    assert answered.headers["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    assert run.unit == "recheck-availability"
    assert run.params["state"] == "unavailable"
    assert (run.params["provider"], run.params["by"]) == ("harbour", "ada")
    assert run.params["why"] == "It is there"


def test_of_many_nobody_counts_how_many_they_are(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MOST_COUNTED", 1)
    assert "over 1 answers" in told(operator.get(f"{ALL}?outcome=unknown").content.decode())


def test_without_a_reason_nothing_is_started(operator: Client) -> None:
    answered = operator.post(f"{ALL}?state=unavailable", {"why": " "}, follow=True)
    assert "needs a reason" in answered.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "query", ["", "?p=2", "?state=tea", "?state=available&movie__id__exact=1"]
)
def test_a_list_that_no_filter_narrows_is_not_checked_as_a_whole(
    operator: Client, query: str
) -> None:
    assert operator.get(f"{ALL}{query}").headers["Location"] == LIST
    assert operator.post(f"{ALL}{query}", {"why": "all"}).headers["Location"] == LIST
    assert not Run.objects.exists()


def test_who_may_only_look_has_no_buttons_and_is_refused() -> None:
    client = client_with("view_availability", "view_movie")
    page = client.get(f"{LIST}?state=available").content.decode()
    assert "Re-check" not in page
    row = Availability.objects.filter(region="").first()
    assert row is not None
    for path in (
        reverse("admin:sync_availability_recheck", args=[row.pk]),
        reverse("admin:sync_availability_recheck_movie", args=[row.movie_id]),
        f"{ALL}?state=available",
    ):
        assert client.post(path, {"why": "because"}).status_code == 403
    assert not Run.objects.exists()


def test_a_get_does_nothing(operator: Client) -> None:
    row = Availability.objects.filter(region="").first()
    assert row is not None
    for name, key in (("recheck", row.pk), ("recheck_movie", row.movie_id)):
        path = reverse(f"admin:sync_availability_{name}", args=[key])
        assert operator.get(path).status_code == 405
    assert not AuditEntry.objects.exists()
