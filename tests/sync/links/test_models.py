"""The tables of titles and links as popflix makes them, on each database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DataError
from django.utils import timezone

from popflix.engine.models import Lane
from sync.links.models import (
    Enrichment,
    MediaLinks,
    ProcessedStatus,
    StatusField,
    Title,
    TitleRating,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def create_and_check(tconst: str) -> None:
    MediaLinks.objects.create(title_id=tconst)
    connection.check_constraints()  # SQLite and PostgreSQL look at the commit only


@pytest.fixture
def link() -> MediaLinks:
    title = Title.objects.create(tconst="tt9900001", primary_title='"Quoted" 千 🎬')
    return MediaLinks.objects.create(title=title)


def test_a_new_link_is_pending_and_stamped_by_the_database(link: MediaLinks) -> None:
    link.refresh_from_db()
    assert link.processed_status == ProcessedStatus.PENDING
    assert link.last_updated is not None
    assert abs(link.last_updated - timezone.now()) < timedelta(minutes=5)


def test_bulk_and_raw_inserts_are_stamped_and_pending_too() -> None:
    Title.objects.bulk_create([Title(tconst=f"tt990000{n}") for n in (1, 2)])
    MediaLinks.objects.bulk_create([MediaLinks(title_id="tt9900001")])
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote('MediaLinks')} (imdb_id) SELECT tconst "
            f"FROM {quote('TitleBasics')} WHERE tconst = 'tt9900002'"
        )
    for made in MediaLinks.objects.all():
        assert (made.processed_status, made.last_updated is None) == ("PENDING", False)


def test_a_written_stamp_is_kept(link: MediaLinks) -> None:
    MediaLinks.objects.update(tmdb_id=1, last_updated=LONG_AGO)
    link.refresh_from_db()
    assert link.last_updated == LONG_AGO


def test_the_status_is_one_of_the_seeds_three_on_mysql(link: MediaLinks) -> None:
    if connection.vendor != "mysql":
        assert MediaLinks._meta.get_field("processed_status").db_type(connection) in (
            "varchar(7)",
            "character varying(7)",
        )
        return
    with pytest.raises(DataError), transaction.atomic():
        MediaLinks.objects.update(processed_status="OTHER")


def test_a_link_needs_its_title() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        create_and_check("tt9900404")


def test_ids_of_16_characters_fit() -> None:
    title = Title.objects.create(tconst="tt99000000000001")
    made = MediaLinks.objects.create(title=title)
    Enrichment.objects.create(link=made)
    TitleRating.objects.create(title=title, average_rating="9.9", num_votes=3)
    assert Title.objects.get(media_links__enrichment__lane=Lane.BACKFILL).rating.num_votes == 3


def test_rows_name_themselves(link: MediaLinks) -> None:
    row = Enrichment.objects.create(link=link)
    rating = TitleRating(title=link.title, average_rating="7.5", num_votes=10)
    assert [str(each) for each in (link.title, link, row, rating)] == [
        '"Quoted" 千 🎬 (tt9900001)',
        "tt9900001",
        "tt9900001",
        "7.5 (10)",
    ]


def test_fields_are_written_to_migrations_under_their_own_names() -> None:
    _, path, _, kwargs = StatusField(max_length=7).deconstruct()
    assert (path, kwargs) == ("sync.links.models.StatusField", {"max_length": 7})
