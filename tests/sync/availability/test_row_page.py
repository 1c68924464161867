"""The page of one answer: what it rests on, its regions, how it changed."""

from __future__ import annotations

import hashlib
import json
import zlib

import pytest
from django.test import Client

from popflix.engine.models import Run
from sync.availability.models import Availability, AvailabilityFlip
from sync.movies.models import StoredPayload
from tests.sync.availability.answers import URL, ago, answer, client_with, row_page, unknown
from tests.sync.availability.fakes import configured

pytestmark = [pytest.mark.django_db]
CREDIT = "Data by JustWatch"
OFFERS = {
    "link": "https://www.themoviedb.org/movie/1/watch?locale=DE",
    "flatrate": [{"id": 8, "name": "Lantern+"}, {"id": 9, "name": "Kinothek"}],
    "rent": [{"id": 10, "name": "Reel House"}],
}


def document(body: bytes) -> StoredPayload:
    return StoredPayload.objects.create(
        sha256=hashlib.sha256(body).hexdigest(), body=zlib.compress(body), size=len(body),
        kind="watch", first_seen_at=ago(days=1),
    )  # fmt: skip


def test_it_tells_what_the_answer_rests_on(operator: Client) -> None:
    row = answer(1, "available", rule="body_contains", excerpt_sha256="ab" * 32)
    text = row_page(operator, row)
    assert "Film 1 at harbour" in text
    assert "Available found 3 h ago , so since 5 days ago" in text
    assert "HTTP 200 from harbour.example ; rule: body_contains" in text
    assert "ab" * 32 in text
    assert "Next check in 8 h , lane backfill" in text
    assert CREDIT not in text


def test_an_unknown_keeps_the_older_answer_and_says_why(operator: Client) -> None:
    text = row_page(operator, unknown(1, "available", given_up_at=ago(hours=1), due_at=None))
    assert "Available found 4 days ago" in text
    assert "Last check Unknown 20 min ago" in text
    assert "Why unknown answered 403: a login, or a wall against bots" in text
    assert "Given up 1 h ago" in text
    assert "Next check when an operator asks" in text
    assert "2 since the last answer" in text


def test_a_flip_that_waits_for_its_second_look_is_told(operator: Client) -> None:
    row = answer(
        1, "available", last_outcome="unavailable", differs_since=ago(hours=2.5), agreement_count=1
    )
    text = row_page(operator, row)
    assert "unavailable since 2 h ago ; it counts once a later check agrees" in text
    assert "Last check Unavailable" in text


def test_the_history_of_flips_names_run_and_rule(operator: Client) -> None:
    row = answer(1, "unavailable")
    run = Run.objects.create(unit="prune", trigger="command", queued_at=ago(hours=5))
    AvailabilityFlip.objects.create(availability=row, at=ago(days=8), after="available", code=200)
    AvailabilityFlip.objects.create(
        availability=row, at=ago(days=5.5), before="available", after="unavailable", code=404,
        rule="404", final_host="harbour.example", run=run,
    )  # fmt: skip
    text = row_page(operator, row)
    newest, oldest = text.index("404, HTTP 404, harbour.example"), text.index("nothing known")
    assert newest < oldest
    assert f"harbour.example {run.pk}" in text


def test_offers_stand_by_region_and_are_credited(operator: Client) -> None:
    row = answer(1, "available", "watch", document=document(json.dumps({"AT": "é"}).encode()))
    answer(1, "available", "watch", region="DE", offers=OFFERS)
    answer(1, "unavailable", "watch", region="US")
    text = row_page(operator, row)
    assert "Subscription: Lantern+, Kinothek ; Rent: Reel House" in text
    assert "US Unavailable" in text
    assert CREDIT in text
    assert "&quot;AT&quot;: &quot;é&quot;" in text


def test_a_damaged_document_is_told_and_breaks_no_page(operator: Client) -> None:
    row = answer(1, "available", "watch", document=document(b"{}"))
    StoredPayload.objects.update(body=b"x")
    assert "the stored payload is damaged" in row_page(operator, row)


@pytest.mark.parametrize(
    "offers", [[], "tea", {"link": "javascript:x", "flatrate": "tea", "rent": [7, {}]}]
)
def test_offers_of_another_form_are_left_out(operator: Client, offers: object) -> None:
    row = answer(1, "available", "watch", region="DE", offers=offers)
    page = operator.get(f"/admin/sync/availability/{row.pk}/change/").content.decode()
    assert "javascript:" not in page
    assert "Offers by region" not in page or "Subscription" not in page


def test_a_region_is_checked_with_the_provider_as_a_whole(operator: Client) -> None:
    whole = answer(1, "available", "watch")
    region = answer(1, "available", "watch", region="DE", offers=OFFERS)
    page = operator.get(f"/admin/sync/availability/{region.pk}/change/").content.decode()
    assert "A region is checked with the provider as a whole" in page
    assert f"/admin/sync/availability/{whole.pk}/change/" in page
    assert f"/admin/sync/availability/{region.pk}/recheck/" not in page


def test_a_check_by_hand_stands_in_its_trail(operator: Client) -> None:
    row = answer(1, "unavailable")
    with configured(URL):
        operator.post(f"/admin/sync/availability/{row.pk}/recheck/", {"why": "A viewer sees it"})
    text = row_page(operator, row)
    assert "ada check availability again A viewer sees it" in text
    assert "due since just now , lane operator" in text


def test_it_can_only_be_looked_at(operator: Client) -> None:
    row = answer(1, "unavailable")
    path = f"/admin/sync/availability/{row.pk}/change/"
    assert operator.post(path, {"status": "available"}).status_code == 403
    assert client_with("view_movie").get(path).status_code == 403
    assert Availability.objects.get().status == "unavailable"
    assert operator.get("/admin/sync/availability/tea/change/", follow=True).status_code == 200
