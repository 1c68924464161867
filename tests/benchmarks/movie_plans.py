"""Movies by the million: what the claims and the lists of movies make each database do.

    python -m tests.benchmarks.movie_plans [--rows 1000000]

Each line is one thing that is done: the milliseconds of its slowest statement, and whether by the
database's own plans a table is read whole ("scan") or what was found is sorted ("sort").
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks._report import run_child, say
from tests.benchmarks.movies import sites
from tests.site import ROOT

_CHILD = "--child"
CLAIM = 100


def things(now: dt.datetime) -> dict[str, Callable[[], object]]:
    from popflix.engine.work import claim_rows, next_due, release_rows
    from sync.movies.fetching import due_rows
    from sync.movies.listing import needed_ids
    from sync.movies.models import Movie, MovieFetch
    from sync.movies.refresh import aged_movies
    from sync.movies.work import purged_ids

    some = range(400_000, 401_000)
    movies = Movie.objects.all()

    def claimed() -> object:
        return claim_rows(MovieFetch, token="1.1.1", limit=CLAIM, lease_seconds=60, now=now)

    return {
        "claim of 100": claimed,
        "when the next falls due": lambda: next_due(MovieFetch, now=now, horizon_seconds=60),
        "rows of a dead run given back": lambda: release_rows(
            MovieFetch, token_prefix="1.1.", now=now, since=now - dt.timedelta(seconds=60)
        ),
        "how many are due": due_rows(now).count,
        "1,000 ids of an export": lambda: needed_ids("movie", some, now),
        "1,000 ids that were purged or not": lambda: purged_ids("movie", some),
        "movies that grow too old": lambda: list(aged_movies(now)[:1000]),
        "list": lambda: list(movies.order_by("-pk")[:100]),
        "list of a year": lambda: list(movies.filter(year=1999).order_by("-pk")[:100]),
        "list of what is gone": lambda: list(
            movies.filter(upstream_state="gone").order_by("-pk")[:100]
        ),
        "list without a poster": lambda: list(movies.filter(poster_path="").order_by("-pk")[:100]),
        "list of what is excluded": lambda: list(
            movies.filter(excluded_at__isnull=False).order_by("-pk")[:100]
        ),
        "list by popularity": lambda: list(movies.order_by("-popularity")[:100]),
        "list by age": lambda: list(movies.order_by("fetched_at")[:100]),
        "one IMDb id": lambda: list(movies.filter(imdb_id="tt0054321")),
    }


def child(rows: int) -> None:
    """In a process of its own, with a database's settings: prints a line of figures by name."""
    import django

    django.setup()
    from tests.benchmarks._filling import fill_movies

    began = time.perf_counter()
    fill_movies(rows)
    told = {"": [time.perf_counter() - began, ""]}
    for name, what in things(dt.datetime.now(dt.UTC)).items():
        told[name] = looked_at(what)
    sys.stdout.write(json.dumps(told))


def looked_at(what: Callable[[], object]) -> list[Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        what()
    asked = [each for each in caught.captured_queries if each["sql"].startswith("SELECT")]
    slowest = max(asked or caught.captured_queries, key=lambda each: float(each["time"]))
    words = [word for each in asked for word in plan_of(each["sql"])]
    if "sort" not in words and all("LIMIT" in each["sql"] for each in asked):
        words = []  # in the key's order, until there are enough
    return [float(slowest["time"]), ", ".join(sorted(set(words)))]


def plan_of(sql: str) -> list[str]:
    """What is slow in the plan of one statement; of a thousand rows nothing is."""
    from django.db import connection

    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        cursor.execute(f"{explain} {sql}".replace("%", "%%"), ())
        names = [column[0] for column in cursor.description]
        steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [word for step in steps for word in (_of_sqlite if is_sqlite else _of_mariadb)(step)]


def _of_sqlite(step: dict[str, Any]) -> list[str]:
    told = str(step["detail"])
    is_scan = told.startswith("SCAN") and "USING" not in told
    return ["scan"] * is_scan + ["sort"] * ("TEMP B-TREE" in told)


def _of_mariadb(step: dict[str, Any]) -> list[str]:
    return ["scan"] * (step["type"] == "ALL") + ["sort"] * ("filesort" in str(step["Extra"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(_CHILD, action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.rows)
        return
    command = [sys.executable, "-m", "tests.benchmarks.movie_plans", _CHILD]
    command += ["--rows", str(options.rows)]
    with tempfile.TemporaryDirectory(prefix="popflix-bench-") as name, sites(Path(name)) as made:
        for database, site in made.items():
            more = {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "popflix.settings"}
            told = run_child(command, site.env | more).data
            say(f"== {database}: {options.rows:,} movies, filled in {told.pop('')[0]:.0f} s")
            for thing, (seconds, words) in told.items():
                say(f"{thing:<36} {seconds * 1000:9.1f} ms  {words or 'by an index'}")


if __name__ == "__main__":
    main()
