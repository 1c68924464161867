"""Fills a migrated site with invented movies, their fetches, and rows of one provider.

python -m tests.benchmarks._filling_movies ROWS
"""

from __future__ import annotations

import datetime as dt
import sys

import django

HASH = "(n * 2654435761 % 4294967296)"  # of a row's number: even, and the same everywhere
SHARE = f"({HASH} % 100)"
PROVIDER = "invented"


def fill(rows: int) -> None:
    """Of each hundred rows of the provider 60 are available, 25 unavailable, 5 unknown, 10 never
    checked; all are due."""
    from popflix.engine.models import Lane
    from sync.availability.models import Availability, Provider
    from tests.benchmarks._filling import fill_movies, fill_tables

    now = dt.datetime.now(dt.UTC)
    provider = Provider.objects.create(name=PROVIDER, kind="url", first_seen_at=now)
    known = f"CASE WHEN {SHARE} < 60 THEN 'available' WHEN {SHARE} < 85 THEN 'unavailable'"
    checks = {
        "movie": "n",
        "provider": str(provider.pk),
        "lane": str(int(Lane.BACKFILL)),
        "due_at": "w.at",
        "status": f"{known} ELSE '' END",
        "last_outcome": f"{known} WHEN {SHARE} < 90 THEN 'unknown' ELSE '' END",
        "last_checked": f"CASE WHEN {SHARE} < 90 THEN w.at END",
        "failure_kind": f"CASE WHEN {SHARE} = 89 THEN 'limited' ELSE '' END",
    }
    fill_movies(rows)
    fill_tables([(Availability, rows, checks)])


def main() -> None:
    django.setup()
    fill(int(sys.argv[1]))


if __name__ == "__main__":
    main()
