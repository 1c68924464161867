"""The media links that a run touched last: linked on the run's page, filtered in their list."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from popflix.console.runs.touched import touched_by
from popflix.engine.models import Run
from sync.links.campaign import UNIT
from sync.links.models import Enrichment, MediaLinks, Title

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LINKS = "admin:sync_medialinks_changelist"


def run_of(*tconsts: str) -> Run:
    """A run, and links that it touched last."""
    run = Run.objects.create(unit=UNIT, queued_at=timezone.now(), trigger="admin")
    for tconst in tconsts:
        title = Title.objects.create(
            tconst=tconst, title_type="movie", primary_title=f"Film {tconst}"
        )
        link = MediaLinks.objects.create(title=title)
        Enrichment.objects.create(link=link, last_run=run)
    return run


def test_a_run_leads_to_the_links_it_touched_last(operator: Client) -> None:
    run, _ = run_of("tt0000001", "tt0000002"), run_of("tt0000003")
    found = touched_by(run)
    assert found is not None
    assert str(found) == "2 media links"
    listed = operator.get(found.href).content.decode()
    assert "tt0000001" in listed
    assert "tt0000003" not in listed
    assert f"run {run.pk}" in listed


def test_more_than_can_be_looked_at_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.links.screens.of_run.MOST_ROWS", 1)
    assert str(touched_by(run_of("tt0000001", "tt0000002"))) == "over 1 media links"


@pytest.mark.parametrize("number", ["", "x", "0", "999", "9" * 40])
def test_a_run_that_touched_nothing_breaks_no_list(operator: Client, number: str) -> None:
    run_of("tt0000001")
    answer = operator.get(reverse(LINKS), {"run": number}, follow=True)
    assert answer.status_code == 200


def test_what_one_run_touched_is_not_offered_to_a_retry_of_all(operator: Client) -> None:
    run = run_of("tt0000001")
    url = reverse("admin:sync_medialinks_retry_matching")
    asked = f"{url}?run={run.pk}&processed_status__exact=PENDING"
    answer = operator.get(asked, follow=True)
    assert "Narrow the list first" in answer.content.decode()
