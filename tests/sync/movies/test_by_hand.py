"""An operator keeps fields of a movie, writes them, and gives them back to the sources."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry, FieldLock
from sync.movies.field_words import BY_HAND, TOGETHER, worded
from sync.movies.fields import BLANK, FIELDS
from sync.movies.models import ImdbConflict, Movie, StoredPayload
from sync.movies.outcomes import locks_of
from sync.movies.store import store_movies
from tests.sync.movies.invented import IMAGES, NOW, fetched, movie

pytestmark = pytest.mark.django_db
OLD, NEW = "The Glass Harbour", "The Harbour of Glass"


@pytest.fixture(autouse=True)
def held(settings: Settings) -> None:
    settings.TMDB_IMAGE_BASE_URL = IMAGES.base_url
    settings.TMDB_POSTER_SIZE, settings.TMDB_BACKDROP_SIZE = "w500", "w1280"
    tmdb_says(minutes=0)


def tmdb_says(*, minutes: int, **facts: Any) -> None:
    at = NOW + dt.timedelta(minutes=minutes)
    now = SYSTEM_CLOCK.now()
    store_movies(
        [fetched(movie(1, **facts), at=at)], now=at, locks_of=lambda ids: locks_of(ids, now)
    )


def one() -> Movie:
    return Movie.objects.get(tmdb_id=1)


def did(client: Client, what: str, **sent: Any) -> str:
    """What the page says after a POST from it."""
    page = reverse("admin:sync_movie_change", args=[one().pk])
    sent = {"why": "the distributor wrote", "until_when": "forever", "next": page, **sent}
    answer = client.post(reverse(f"admin:sync_movie_{what}", args=[one().pk]), sent, follow=True)
    return answer.content.decode()


def test_every_field_belongs_to_one_that_an_operator_sees() -> None:
    together = [field for fields in TOGETHER.values() for field in fields]
    assert sorted(together) == sorted(FIELDS)
    assert set(BY_HAND) <= set(TOGETHER)
    assert {worded(name, BLANK) for name in TOGETHER} == {"–"}


@pytest.mark.both_databases
def test_a_locked_field_stays_whatever_tmdb_says_and_follows_at_once_when_it_is_unlocked(
    operator: Client,
) -> None:
    told = did(operator, "lock", field=["title", "release_date"])
    assert "Locked: title, release date. Sources leave them alone." in told
    assert "for ever, by ada: the distributor wrote" in told
    assert set(FieldLock.objects.values_list("field", flat=True)) == {
        "title", "release_date", "year",
    }  # fmt: skip
    tmdb_says(minutes=1, title=NEW, release_date="2021-01-02", status="Rumored")
    assert (one().title, one().year, one().status) == (OLD, 2019, "Rumored")
    page = operator.get(reverse("admin:sync_movie_change", args=[one().pk])).content.decode()
    assert f"TMDB says {NEW}: an operator locked the field." in page
    told = did(operator, "unlock", field=["title", "release_date", "genres"])
    assert "again: title, release date. What TMDB said last was taken." in told
    assert (one().title, one().year) == (NEW, 2021)
    assert not FieldLock.objects.exists()
    done = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "why", "target")
    assert [entry[0] for entry in done] == ["lock fields", "unlock fields", "edit movie"]
    assert {entry[1:] for entry in done} == {("ada", "the distributor wrote", "movie 1")}


def test_a_lock_until_a_date_is_over_when_the_date_has_come(operator: Client) -> None:
    assert "needs one that is to come" in did(
        operator, "lock", field="title", until_when="date", until="2020-01-01"
    )
    told = did(operator, "lock", field="title", until_when="date", until="2099-01-01")
    assert "until 2099-01-01 00:00 UTC, by ada" in told
    FieldLock.objects.update(until=NOW)
    tmdb_says(minutes=1, title=NEW)
    assert one().title == NEW


@pytest.mark.both_databases
def test_what_is_written_by_hand_outdoes_tmdb_until_it_is_given_back(operator: Client) -> None:
    did(operator, "write", field="main_poster", value="https://image.example/t/p/w92/better.jpg")
    told = did(operator, "write", field="release_date", value="2018-03-04")
    assert "The release date is stored." in told
    assert "An operator" in told
    row = one()
    assert (row.poster_path, row.main_poster) == (
        "/better.jpg", "https://image.example/t/p/w500/better.jpg",
    )  # fmt: skip
    assert (row.year, row.release_date) == (2018, dt.date(2018, 3, 4))
    tmdb_says(minutes=1, poster_path="/worse.jpg", release_date="", title=NEW)
    assert (one().poster_path, one().year, one().title) == ("/better.jpg", 2018, NEW)
    did(operator, "unlock", field=["main_poster", "release_date"])
    row = one()
    assert (row.poster_path, row.release_date, row.release_date_known) == (
        "/worse.jpg", None, False,
    )  # fmt: skip
    assert row.origins == {}


def test_what_was_written_stays_where_tmdb_says_nothing_else(operator: Client) -> None:
    did(operator, "write", field="title", value=NEW)
    StoredPayload.objects.update(body=b"damaged")
    did(operator, "unlock", field="title")
    assert (one().title, one().origins) == (NEW, {})


def test_an_imdb_id_by_hand_settles_the_conflict_and_finds_who_else_has_it(
    operator: Client,
) -> None:
    store_movies([fetched(movie(2))], now=NOW)
    tmdb_says(minutes=1, imdb_id="tt0000777", external_ids={"imdb_id": "tt0000777"})
    assert ImdbConflict.objects.get().kind == "changed"
    did(operator, "write", field="imdb_id", value="https://www.imdb.com/title/tt0000777/")
    assert one().imdb_id == "tt0000777"
    assert not ImdbConflict.objects.exists()
    did(operator, "write", field="imdb_id", value="tt0000002")
    assert ImdbConflict.objects.get().kind == "shared"
    did(operator, "unlock", field="imdb_id")
    assert one().imdb_id == "tt0000777"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", " ", "No title is written."),
        ("title", "x" * 501, "This title has 501 letters."),
        ("release_date", "2019-02-31", "is no release date."),
        ("release_date", "19190101", "is no release date."),
        ("main_poster", "/../secret", "names no picture of TMDB"),
        ("imdb_id", "603", "is no IMDb id."),
        ("runtime", "-1", "is no runtime."),
        ("genres", "Drama", "Genres is not written by hand."),
        ("fetched_at", "2019-01-01", "No field was chosen."),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_cure(
    operator: Client, field: str, value: str, told: str
) -> None:
    before = one().updated_at
    assert told in did(operator, "write", field=field, value=value).replace("&#x27;", "'")
    assert one().updated_at == before
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("what", "sent", "told"),
    [
        ("lock", {"field": "title", "why": " "}, "Nobody said why."),
        ("lock", {"why": "x"}, "No field was chosen."),
        ("lock", {"field": "title", "until_when": "agrees"}, "Nobody said until when to lock."),
        ("unlock", {"field": "title"}, "Nothing of these was locked or written by hand."),
    ],
)
def test_a_lock_says_of_what_until_when_and_why(
    operator: Client, what: str, sent: dict[str, str], told: str
) -> None:
    assert told in did(operator, what, **sent)
    assert not FieldLock.objects.exists()


def test_a_replay_is_previewed_on_the_page_and_done_with_a_button(
    operator: Client, settings: Settings
) -> None:
    page = reverse("admin:sync_movie_change", args=[one().pk])
    assert "Replay" not in operator.get(page).content.decode()
    settings.TMDB_POSTER_SIZE = "w780"
    previewed = operator.get(page).content.decode()
    assert "A replay writes https://image.example/t/p/w780/glassharbour.jpg: TMDB says so" in (
        previewed
    )
    assert ">Replay</button>" in previewed
    assert "Replayed; changed: main_poster." in did(operator, "replay")
    assert one().main_poster == "https://image.example/t/p/w780/glassharbour.jpg"
    StoredPayload.objects.update(body=b"damaged")
    assert "The body cannot be read" in did(operator, "replay")


def test_locks_of_movies_stand_among_all_locks_and_are_let_go_there(operator: Client) -> None:
    did(operator, "lock", field=["release_date"])
    tmdb_says(minutes=1, release_date="2021-01-02")
    page = reverse("admin:lib_fieldlock_changelist")
    listed = operator.get(page).content.decode()
    assert f'href="/admin/sync/movie/{one().pk}/change/"' in listed
    chosen = [str(pk) for pk in FieldLock.objects.values_list("pk", flat=True)]
    sent = {"action": "unlock", "_selected_action": chosen, "why": "it agrees"}
    answered = operator.post(page, sent, follow=True).content.decode()
    assert "Unlocked: 2 of movies. What TMDB said last was taken." in answered
    assert "The next load" not in answered
    assert one().year == 2021


@pytest.mark.parametrize(
    ("may", "said", "left"),
    [("change_movie", "Unlocked: 1 of movies.", 0),
     ("approve_change", "Left alone: 1 of movies, which you may not change.", 1)],
)  # fmt: skip
def test_who_may_change_but_one_kind_unlocks_that_kind_alone(
    operator: Client, may: str, said: str, left: int
) -> None:
    did(operator, "lock", field=["title"])
    account = User.objects.create_user("bo", is_staff=True)
    wanted = Permission.objects.filter(codename__in=["view_fieldlock", may])
    account.user_permissions.set(wanted)
    client = Client()
    client.force_login(account)
    sent = {"action": "unlock", "_selected_action": [str(FieldLock.objects.get().pk)], "why": "x"}
    page = reverse("admin:lib_fieldlock_changelist")
    assert said in client.post(page, sent, follow=True).content.decode()
    assert FieldLock.objects.count() == left


@pytest.mark.parametrize("what", ["lock", "unlock", "write", "replay"])
def test_only_who_may_edit_does_it_and_never_by_looking(operator: Client, what: str) -> None:
    path = reverse(f"admin:sync_movie_{what}", args=[one().pk])
    assert operator.get(path).status_code == 405
    viewer = Client()
    account = User.objects.create_user("bo", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_movie"))
    viewer.force_login(account)
    assert viewer.post(path, {"field": "title", "why": "x"}).status_code == 403
    shown = viewer.get(reverse("admin:sync_movie_change", args=[one().pk])).content.decode()
    assert "Why it holds this" in shown
    assert ">Lock</button>" not in shown
