"""A provider's answers about the served site's movies, as if it had been asked for some days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.site import Site

PROVIDER = "harbour-list"


def fill_answers(site: Site) -> None:
    """Unavailable is every third movie, one check in forty came to nothing."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    hour = now.replace(minute=0, second=0, microsecond=0)
    _insert(
        site, "sync_provider", name=PROVIDER, kind="list", first_seen_at=now, controls_at=now,
        controls_agree=1, controls_told="",
    )  # fmt: skip
    [(provider,)] = site.sql(f"SELECT id FROM sync_provider WHERE name = '{PROVIDER}'")
    for place, (movie,) in enumerate(site.sql("SELECT id FROM sync_movie ORDER BY id")):
        _answer(site, provider, movie, "available" if place % 3 else "unavailable", now)
    _insert(
        site, "sync_providerhour", provider_id=provider, mirror="m1.harbour.example", hour=hour,
        available_count=26, unavailable_count=13, unknown_count=1, control_count=4,
        control_wrong_count=0, limited_count=1, refused_count=0, fault_count=0, answer_ms=3400,
        slowest_ms=310,
    )  # fmt: skip


def _answer(site: Site, provider: int, movie: int, status: str, now: dt.datetime) -> None:
    since, checked = now - dt.timedelta(days=3), now - dt.timedelta(hours=3)
    _insert(
        site, "sync_availability", provider_id=provider, movie_id=movie, region="", season=0,
        episode=0, status=status, status_since=since, confirmed_at=checked, last_outcome=status,
        last_checked=checked, agreement_count=0, final_host="harbour.example", rule="in the list",
        excerpt_sha256="", due_at=now + dt.timedelta(hours=21), lane=3, lease_token="", attempts=0,
        failure_kind="", error_group="", last_error="",
    )  # fmt: skip


def _insert(site: Site, table: str, **values: Any) -> None:
    told = ", ".join(
        str(each) if isinstance(each, int) else f"'{each}'" for each in values.values()
    )
    site.sql(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({told})")
