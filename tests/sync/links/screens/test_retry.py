"""Having TMDB asked again: one title, those ticked, all that match a filter, everything due."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from popflix.engine import pauses
from popflix.engine.models import Run
from popflix.lib.models import AuditEntry
from sync.links import finding
from sync.links.finding import clean_choice
from sync.links.models import Enrichment, MediaLinks
from sync.links.screens import links
from tests.sync.links.rows import answered, link, stored_link, stored_work, tconst, title
from tests.sync.links.screens.visits import LINKS, MATCHING, act, client_with, ids, page, press

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SYNC, RETRY_ALL = "sync-media-links", "retry-media-links"


@pytest.fixture(autouse=True)
def key(settings: Settings) -> None:
    settings.TMDB_API_KEY = "invented-key"


def failed(*numbers: int) -> None:
    for number in numbers:
        work = {"due_at": None, "failure_kind": "gave_up", "given_up_at": timezone.now()}
        link(number, processed_status="FAILED", work=work)


def paused(unit: str) -> None:
    pauses.pause(unit, by="anna", why="TMDB is being mended", now=timezone.now())


# --- one title --------------------------------------------------------------------------------


def test_retry_of_a_row_makes_it_due_and_starts_a_run_for_it(operator: Client) -> None:
    failed(1, 2)
    text = press(operator, "retry", tconst(1), next=reverse(LINKS))
    run = Run.objects.get()
    assert f"Film 1 is due now. Run {run.pk} asks TMDB." in text
    assert "<h1>Media links</h1>" in text
    assert (run.unit, run.trigger, run.params["imdb_ids"]) == (SYNC, "admin", [tconst(1)])
    assert stored_work(1).due_at is not None
    assert stored_work(1).lane == 0
    assert stored_link(1).processed_status == "PENDING"
    assert stored_work(2).due_at is None
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target) == (
        "ada",
        "retry media links",
        tconst(1),
    )


def test_a_run_that_takes_all_that_is_due_needs_no_company(operator: Client) -> None:
    failed(1, 2)
    press(operator, "sync_now")
    general = Run.objects.get()
    assert f"Run {general.pk} asks TMDB." in press(operator, "retry", tconst(1))
    assert Run.objects.count() == 1


def test_runs_for_other_titles_do_not_take_this_one(operator: Client) -> None:
    failed(1, 2, 3)
    press(operator, "retry", tconst(1))
    press(operator, "retry", tconst(2))
    assert [run.params["imdb_ids"] for run in Run.objects.order_by("pk")] == [
        [tconst(1)], [tconst(2)],
    ]  # fmt: skip
    assert "ask TMDB" in press(operator, "retry", tconst(3))
    assert stored_work(3).due_at is not None


def test_a_pause_is_told_with_its_cure_and_the_row_is_due_all_the_same(operator: Client) -> None:
    failed(1)
    paused(SYNC)
    text = press(operator, "retry", tconst(1))
    assert "TMDB is not asked yet: sync-media-links is paused (by anna" in text
    assert stored_work().due_at is not None


def test_a_missing_key_is_told(operator: Client, settings: Settings) -> None:
    failed(1)
    settings.TMDB_READ_TOKEN = settings.TMDB_API_KEY = ""
    assert "Neither TMDB_READ_TOKEN nor TMDB_API_KEY" in press(operator, "retry", tconst(1))
    assert "Neither TMDB_READ_TOKEN nor TMDB_API_KEY" in press(operator, "sync_now")
    assert not Run.objects.exists()


@pytest.mark.parametrize("name", ["retry", "unlock", "choose"])
def test_a_title_that_is_gone_is_not_found(operator: Client, name: str) -> None:
    url = reverse(f"admin:sync_medialinks_{name}", args=[tconst(9)])
    assert operator.post(url).status_code == 404


# --- those ticked -----------------------------------------------------------------------------


def test_retry_makes_the_ticked_rows_due_now_and_is_audited(operator: Client) -> None:
    failed(1, 2, 3)
    assert act(operator, "retry", 1, 3, why=" TMDB has posters now ").status_code == 302
    assert Run.objects.get().params["imdb_ids"] == [tconst(1), tconst(3)]
    assert stored_work(2).due_at is None
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.count, entry.why) == (
        "retry media links", 2, "TMDB has posters now",
    )  # fmt: skip


def test_unlock_releases_the_ticked_rows(operator: Client) -> None:
    answered(1, locked_fields=["poster_url"])
    assert act(operator, "unlock", 1).status_code == 302
    assert stored_work().locked_fields == []


def test_a_whole_list_is_not_ticked_at_once(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_MOST_CHOSEN", 2)
    failed(1, 2, 3)
    answer = operator.post(
        reverse(LINKS),
        {"action": "retry", "_selected_action": [tconst(1)], "select_across": "1"},
        follow=True,
    )
    assert "Only the first 2 were taken" in answer.content.decode()
    assert Enrichment.objects.filter(due_at=None).count() == 1


# --- all that match ---------------------------------------------------------------------------


def matching(client: Client, why: str = "TMDB was down", **query: str) -> str:
    url = f"{reverse(MATCHING)}?{urlencode(query)}"
    return client.post(url, {"why": why}, follow=True).content.decode()


def test_the_button_appears_with_a_filter_or_a_search(operator: Client) -> None:
    failed(1)
    assert "Retry all that match" not in page(operator, LINKS)
    text = page(operator, LINKS, kind="gave_up", q="film")
    assert f'{reverse(MATCHING)}?kind=gave_up&amp;q=film"' in text


def test_the_confirmation_says_what_and_how_many(operator: Client) -> None:
    failed(1, 2)
    answered(3)
    query = {"kind": "gave_up", "processed_status__exact": "FAILED", "type": "movie", "q": "film"}
    text = page(operator, MATCHING, **query)
    assert "2 titles" in text
    for words in ("Gave up", "Failed", "movie", "film"):
        assert f"<bdi>{words}</bdi>" in text


def test_more_than_the_cap_is_said_so(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.links.screens.matching.MOST_COUNTED", 1)
    failed(1, 2)
    assert "over 1 titles" in page(operator, MATCHING, kind="gave_up")


def test_confirming_stores_the_filter_and_leads_to_the_run(operator: Client) -> None:
    failed(1)
    text = matching(operator, kind="gave_up", processed_status__exact="FAILED", q="film")
    run = Run.objects.get()
    assert f"Run {run.pk} makes all of them due" in text
    assert run.unit == RETRY_ALL
    assert run.params == {
        "status": "FAILED", "kind": "gave_up", "title_type": "", "search": "film",
        "why": "TMDB was down", "by": "ada",
    }  # fmt: skip
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.why) == ("ada", "run unit", "TMDB was down")
    assert stored_work().due_at is None


FILTERS: list[dict[str, str]] = [
    {}, {"kind": "gave_up"}, {"processed_status__exact": "FAILED"}, {"type": "movie"},
    {"kind": "gave_up", "processed_status__exact": "FAILED", "type": "movie"},
]  # fmt: skip
SEARCHES = (
    "", "film", "tt", "1", f"https://www.imdb.com/title/{tconst(1)}/?ref_=fn", "tt0000009",
    "https://www.themoviedb.org/movie/9000003-film",
)  # fmt: skip


@pytest.mark.parametrize("narrowed", FILTERS, ids=str)
def test_what_is_retried_is_what_the_list_shows(
    operator: Client, narrowed: dict[str, str]
) -> None:
    """And the number that is confirmed is theirs."""
    failed(1, 2)
    answered(3)
    MediaLinks.objects.filter(pk=tconst(2)).update(tmdb_id=9_000_003)
    for search in SEARCHES:
        query = narrowed | ({"q": search} if search else {})
        if not query:
            continue
        shown = ids(page(operator, LINKS, **query))
        many = f"{len(shown)} title{'' if len(shown) == 1 else 's'}"
        assert f"<h2>{many}</h2>" in page(operator, MATCHING, **query), query
        matching(operator, **query)
        assert list(clean_choice(Run.objects.get().params).keys()) == shown, query
        Run.objects.all().delete()


def test_a_search_that_finds_too_many_says_how_many_are_meant(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_FOUND", 1)
    monkeypatch.setattr("sync.links.screens.matching.MOST_FOUND", 1)
    failed(1, 2)
    text = page(operator, MATCHING, q="film")
    assert "More than 1 titles begin so; only 1 of them are meant" in text
    assert "<h2>1 title</h2>" in text
    assert "begin so" not in page(operator, MATCHING, q=tconst(1))


def test_without_a_reason_nothing_starts(operator: Client) -> None:
    failed(1)
    assert "needs a reason" in matching(operator, why=" ", kind="gave_up")
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {}, {"kind": "nonsense"}, {"type": "podcast"}, {"q": "\0film"},
        {"kind": "gave_up", "tmdb_id__isnull": "True"}, {"kind": "gave_up", "run": "1"},
    ],
    ids=str,
)  # fmt: skip
def test_without_a_filter_nothing_is_offered(operator: Client, query: dict[str, str]) -> None:
    failed(1)
    assert "Narrow the list first" in matching(operator, **query)
    assert not Run.objects.exists()


def test_a_paused_or_busy_unit_is_told_with_its_cure(operator: Client) -> None:
    failed(1)
    matching(operator, kind="gave_up")
    assert "All slots of retry-media-links are taken" in matching(operator, kind="gave_up")
    paused(RETRY_ALL)
    assert "etry-media-links is paused (by anna" in matching(operator, kind="gave_up")


# --- everything due ---------------------------------------------------------------------------


def test_sync_now_starts_a_run_and_leads_to_it(operator: Client) -> None:
    title(1)
    answer = operator.post(reverse("admin:sync_medialinks_sync_now"))
    run = Run.objects.get()
    assert answer["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    assert (run.unit, run.trigger) == (SYNC, "admin")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target) == (
        "ada",
        "run unit",
        f"{SYNC} run {run.pk}",
    )


def test_sync_now_tells_what_is_in_the_way(operator: Client) -> None:
    assert "TitleBasics holds no titles" in press(operator, "sync_now")
    title(1)
    paused(SYNC)
    assert "ync-media-links is paused (by anna" in press(operator, "sync_now")


# --- who may ----------------------------------------------------------------------------------


def test_who_may_only_look_cannot_do_any_of_it() -> None:
    failed(1)
    looker = client_with("view_medialinks", "view_run")
    names = ["retry", "unlock", "choose"]
    urls = [reverse(f"admin:sync_medialinks_{name}", args=[tconst(1)]) for name in names]
    urls += [reverse("admin:sync_medialinks_sync_now"), f"{reverse(MATCHING)}?kind=gave_up"]
    for url in urls:
        assert looker.post(url, {"why": "x"}).status_code == 403
    act(looker, "retry", 1)
    assert stored_work().due_at is None
    assert not Run.objects.exists()


def test_operators_may_retry_and_sync() -> None:
    failed(1)
    member = client_with(group="operator")
    assert "Run " in press(member, "retry", tconst(1))
    press(member, "sync_now")
    assert Run.objects.count() == 2
    assert "1 title" in page(member, MATCHING, processed_status__exact="PENDING")


@pytest.mark.parametrize("name", ["retry", "unlock", "choose", "sync_now"])
def test_looking_at_a_buttons_address_does_nothing(operator: Client, name: str) -> None:
    failed(1)
    args = [] if name == "sync_now" else [tconst(1)]
    assert operator.get(reverse(f"admin:sync_medialinks_{name}", args=args)).status_code == 405
    operator.get(reverse(LINKS), {"action": "retry", "_selected_action": tconst(1)})
    assert stored_work().due_at is None
    assert not MediaLinks.objects.filter(processed_status="PENDING").exists()
