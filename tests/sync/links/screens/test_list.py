"""The list of media links: what a row says, filters, searches, and how many queries it takes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.lib import admin as lib_admin
from sync.links import finding
from sync.links.models import MediaLinks, Title
from sync.links.screens import listing
from tests.sync.links.rows import NOW, answered, link, tconst, title
from tests.sync.links.screens.visits import LINKS, TITLES, client_with, ids, page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_the_list_shows_status_kind_and_reason(operator: Client) -> None:
    answered(1, poster_reason="TMDB's own pick for en.", trailer_reason="TMDB lists no video.")
    MediaLinks.objects.update(trailer_embed_url=None)
    failure = {"failure_kind": "ambiguous", "last_error": "Title and year fit several records."}
    link(2, processed_status="FAILED", work={**failure, "given_up_at": NOW})
    answered(3, poster_reason="TMDB's own pick for en.", trailer_reason="Official Trailer.")
    text = page(operator, LINKS)
    assert "TMDB lists no video." in text
    assert "Official Trailer. Poster: TMDB&#x27;s own pick for en." in text
    assert "Title and year fit several records." in text
    assert "Several candidates" in text
    assert "Film 1</bdi>" in text


def test_a_poster_of_tmdbs_is_shown_small_and_another_one_is_a_link(operator: Client) -> None:
    answered(1)
    answered(2)
    link(3)
    MediaLinks.objects.filter(pk=tconst(2)).update(poster_url="https://example.org/mine.jpg")
    text = page(operator, LINKS)
    assert 'src="https://image.tmdb.org/t/p/w92/old.jpg"' in text
    assert 'alt="Poster of Film 1"' in text
    assert 'href="https://example.org/mine.jpg"' in text
    assert 'src="https://example.org' not in text
    assert "No poster" in text


def test_an_adopted_address_that_is_none_becomes_no_link(operator: Client) -> None:
    answered(1)
    MediaLinks.objects.update(poster_url="javascript:alert(1)", trailer_embed_url="data:x,y")
    assert "javascript:" not in page(operator, LINKS)
    text = page(operator, "admin:sync_medialinks_change", tconst(1))
    assert 'href="javascript:' not in text
    assert 'href="data:' not in text


def test_a_title_without_year_and_a_link_without_work_are_shown(operator: Client) -> None:
    MediaLinks.objects.create(title=title(1, start_year=None))
    assert "Film 1</bdi>" in page(operator, LINKS)
    assert "Film 1" in page(operator, "admin:sync_medialinks_change", tconst(1))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"processed_status__exact": "FAILED"}, [2, 3]),
        ({"kind": "gave_up"}, [3]),
        ({"kind": "gave_up", "processed_status__exact": "FAILED"}, [3]),
        ({"kind": "gave_up", "processed_status__exact": "SUCCESS"}, []),
        ({"kind": "ambiguous", "type": "movie"}, []),
        ({"type": "tvSeries"}, [2, 4]),
        ({"type": "tvSeries", "processed_status__exact": "FAILED"}, [2]),
        ({"type": "tvSeries", "processed_status__exact": "SUCCESS"}, [4]),
        ({"kind": "nonsense", "type": "nonsense"}, [1, 2, 3, 4]),
        ({"tmdb_id": "9000001"}, [1]),
        ({"processed_status__exact": "FAILED", "q": "Film"}, [2, 3]),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_links_are_filtered_and_keep_their_order(
    operator: Client, query: dict[str, str], found: list[int]
) -> None:
    answered(4)
    Title.objects.filter(pk=tconst(4)).update(title_type="tvSeries")
    link(3, processed_status="FAILED", work={"failure_kind": "gave_up"})
    kind = {"failure_kind": "ambiguous"}
    link(2, processed_status="FAILED", title_type="tvSeries", work=kind)
    answered(1)
    assert ids(page(operator, LINKS, **query)) == [tconst(number) for number in found]


@pytest.mark.parametrize("name", [LINKS, TITLES])
@pytest.mark.parametrize(
    ("term", "found"),
    [
        (tconst(1), {1}),
        ("985", {12}),
        ("tt9900000", {1, 2}),
        ("https://www.imdb.com/title/tt99000002/", {2}),
        ("m.imdb.com/title/tt99000002/?ref_=fn_al", {2}),
        ("https://www.themoviedb.org/movie/9000001-film", {1}),
        ("https://www.themoviedb.org/tv/9000001", set()),
        ("the grand", {1}),
        ("THE GRAND H", {1}),
        ("The grand hotel", {1}),
        ("élan", {2}),
        ("1917", {12}),
        ("grand", set()),
        ("100%", set()),
        (" ", {1, 2, 12}),
    ],
)
def test_titles_are_found_by_id_address_and_beginning(
    operator: Client, name: str, term: str, found: set[int]
) -> None:
    answered(1)
    Title.objects.update(primary_title="The Grand Hotel")
    link(2, primary_title="Élan Vital")
    Title.objects.create(tconst="tt985000012", primary_title="1917")
    MediaLinks.objects.create(title_id="tt985000012")
    keys = {1: tconst(1), 2: tconst(2), 12: "tt985000012"}
    assert set(ids(page(operator, name, q=term))) >= {keys[number] for number in found}
    assert len(set(ids(page(operator, name, q=term)))) == len(found)


def test_a_search_that_means_too_many_says_so(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_FOUND", 2)
    monkeypatch.setattr(listing, "MOST_FOUND", 2)
    for number in (1, 2, 3):
        link(number)
    text = page(operator, LINKS, q="film")
    assert "More than 2 titles begin so" in text
    assert len(ids(text)) == 2
    assert "begin so" not in page(operator, LINKS, q="film 3")


def test_no_search_and_no_filter_reads_a_whole_table(operator: Client) -> None:
    answered(1)
    for query in ({"q": "film"}, {"q": "tt99"}, {"q": "https://themoviedb.org/movie/9000001"}):
        with CaptureQueriesContext(connection) as asked:
            page(operator, LINKS, **query)
        texts = [each["sql"] for each in asked if "SELECT" in each["sql"]]
        assert not [sql for sql in texts if "LIKE '%" in sql or "LIKE BINARY" in sql]


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("MediaLinks WHERE processed_status = 'FAILED' ORDER BY imdb_id", "links_of_a_status"),
        ("MediaLinks WHERE tmdb_id = 7", "links_by_tmdb_id"),
        ("sync_enrichment WHERE failure_kind = 'x' ORDER BY imdb_id", "enrichment_of_a_kind"),
        ("TitleBasics WHERE titleType = 'movie' ORDER BY tconst", "titles_of_a_type"),
        ("TitleBasics WHERE primaryTitle LIKE 'the%' ESCAPE '\\'", "titles_by_beginning"),
    ],
    ids=["status", "tmdb", "kind", "type", "title"],
)
def test_an_index_serves(sql: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {sql}")
        plan = str(cursor.fetchall())
    assert index in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("name", [LINKS, TITLES])
@pytest.mark.parametrize("query", [{}, {"q": "film"}, {"type": "movie"}], ids=str)
def test_one_row_and_twenty_take_the_same_queries(
    operator: Client, name: str, query: dict[str, str]
) -> None:
    answered(1)
    page(operator, name, **query)
    with CaptureQueriesContext(connection) as one:
        page(operator, name, **query)
    for number in range(2, 21):
        answered(number)
    with CaptureQueriesContext(connection) as twenty:
        page(operator, name, **query)
    assert len(twenty) == len(one) <= 9


def test_a_long_list_is_counted_up_to_its_cap(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_ROWS", 3)
    monkeypatch.setattr(lib_admin, "MOST_ROWS", 3)
    for number in range(1, 6):
        link(number)
    text = page(operator, LINKS, processed_status__exact="PENDING")
    assert "3 media links" in text


def test_who_may_only_look_sees_no_button(operator: Client) -> None:
    answered(1)
    looker = client_with("view_medialinks")
    text = page(looker, LINKS, kind="gave_up") + page(looker, LINKS)
    assert "Sync now" not in text
    assert "Retry" not in text
    assert reverse("admin:sync_medialinks_retry", args=[tconst(1)]) in page(operator, LINKS)


def test_links_are_neither_added_nor_deleted_by_hand(operator: Client) -> None:
    answered(1)
    assert operator.post(reverse("admin:sync_medialinks_add")).status_code == 403
    delete = reverse("admin:sync_medialinks_delete", args=[tconst(1)])
    assert operator.post(delete, {"post": "yes"}).status_code == 403


def test_titles_are_read_only_and_lead_to_their_links(operator: Client) -> None:
    answered(1)
    title(2)
    url = reverse("admin:sync_title_change", args=[tconst(1)])
    to_links = reverse("admin:sync_medialinks_change", args=[tconst(1)])
    assert to_links in operator.get(url).content.decode()
    assert to_links in page(operator, TITLES)
    assert operator.post(url, {"primary_title": "x"}).status_code == 403
    assert operator.post(reverse("admin:sync_title_add")).status_code == 403
