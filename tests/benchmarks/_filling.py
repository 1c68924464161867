"""Fills a migrated site with invented rows: titles, links, work, runs, events, records.

One INSERT … SELECT per table and slice, from a table of numbers, words and instants; the same SQL
on SQLite and MariaDB. What a column is not given an expression for gets its field's default.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

from popflix.engine.models import Event, Run
from popflix.lib.models import AuditEntry, QuarantinedRow
from sync.links.models import Enrichment, MediaLinks, Title, TitleRating
from sync.movies.models import Movie, MovieFetch, MovieRating

RARE = "Zyzzyva of the Long Night"
_SMALL = 10_000
SLICE = 100_000  # rows of the helper table, and rows per transaction
_TYPES = ("movie", "tvMovie", "tvSeries", "tvMiniSeries")
_UNITS = ("sync-media-links", "import-imdb", "watch")
_SYLLABLES = ("ma", "ri", "lo", "the", "ka", "ste", "vo", "na", "bel", "dor", "in", "qua", "sha")
_HASH = "(n * 2654435761 % 4294967296)"  # of a row's number: even, and the same everywhere
# Each hundred titles: 70 answered, 20 pending, 10 failed, by kind.
_SHARE = f"({_HASH} % 100)"
_STATUS = (
    f"CASE WHEN {_SHARE} < 70 THEN 'SUCCESS' WHEN {_SHARE} < 90 THEN 'PENDING' ELSE 'FAILED' END"
)
_KIND = (
    f"CASE WHEN {_SHARE} < 90 THEN '' WHEN {_SHARE} < 96 THEN 'not_found' "
    f"WHEN {_SHARE} < 98 THEN 'ambiguous' WHEN {_SHARE} < 99 THEN 'bad_payload' ELSE 'gave_up' END"
)
_KEY = "'tt' || substr('0000000' || n, -7)"
_TITLE = (
    f"CASE WHEN n = 4321 THEN '{RARE}' WHEN {_HASH} % 5 = 0 THEN 'The ' || w.word "
    "ELSE w.word END || ' ' || v.word"
)


def fill(rows: int) -> None:
    """So many titles, and what else such a site holds."""
    _helper()
    # What has a history has one on a small site, too: as many as fill its lists' pages.
    runs, events, entries, lines = (
        max(rows // share, min(rows, _SMALL)) for share in (5, 2, 10, 50)
    )
    tables: list[tuple[type[models.Model], int, Mapping[str, str]]] = [
        (Title, rows, _titles()),
        (MediaLinks, rows, _links()),
        (TitleRating, rows, _ratings()),
        (Enrichment, rows, _work(runs)),
        (Run, runs, _runs()),
        (Event, events, _events(runs, events)),
        (AuditEntry, entries, _entries()),
        (QuarantinedRow, lines, _quarantined()),
    ]  # fmt: skip
    _insert_all(tables)


def fill_movies(rows: int) -> None:
    """So many movies of TMDB's, each with a rating and the work of fetching it."""
    _helper()
    _insert_all(
        [
            (Movie, rows, _movies()),
            (MovieRating, rows, _movie_ratings()),
            (MovieFetch, rows, _movie_work()),
        ]
    )


def fill_tables(tables: Sequence[tuple[type[models.Model], int, Mapping[str, str]]]) -> None:
    """Each with so many rows: expressions in SQL by field, of a row's number `n` and of words."""
    _helper()
    _insert_all(tables)


def _insert_all(tables: Sequence[tuple[type[models.Model], int, Mapping[str, str]]]) -> None:
    for model, count, columns in tables:
        _insert(model, count, columns)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_series")
        if connection.vendor == "mysql":  # it does so by itself, a little later
            names = ", ".join(f"`{model._meta.db_table}`" for model, _, _ in tables)
            cursor.execute(f"ANALYZE TABLE {names}")


def _helper() -> None:
    """Numbers with a word and an instant each; instants grow with the number."""
    dice = random.Random(1)
    words = [
        "".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))).title() for _ in range(20_000)
    ]
    end = dt.datetime.now(dt.UTC)
    step = dt.timedelta(days=170) / SLICE
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute(
                "SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'), "
                "foreign_key_checks = 0, unique_checks = 0"
            )
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -1000000")
        cursor.execute("DROP TABLE IF EXISTS bench_series")
        cursor.execute(
            "CREATE TABLE bench_series (i INTEGER PRIMARY KEY, word VARCHAR(40), at DATETIME(6))"
        )
        adapted = connection.ops.adapt_datetimefield_value
        cursor.executemany(
            "INSERT INTO bench_series VALUES (%s, %s, %s)",
            [(i, words[i % len(words)], adapted(end - step * (SLICE - i))) for i in range(SLICE)],
        )


def _titles() -> dict[str, str]:
    return {
        "tconst": _KEY,
        "title_type": _choice(_TYPES),
        "primary_title": _TITLE,
        "original_title": _TITLE,
        "is_adult": "0",
        "start_year": f"1920 + {_HASH} % 106",
        "genres": _choice(("Drama", "Comedy,Drama", "Documentary", "Crime,Thriller")),
    }


def _ratings() -> dict[str, str]:
    return {"title": _KEY, "average_rating": "7.5", "num_votes": f"{_HASH} % 90000"}


def _links() -> dict[str, str]:
    found = f"{_SHARE} < 70"
    return {
        "title": _KEY,
        "tmdb_id": f"CASE WHEN {found} THEN n END",
        "poster_url": f"CASE WHEN {_SHARE} < 65 THEN "
        "'https://image.tmdb.org/t/p/w500/' || n || '.jpg' END",
        "trailer_embed_url": f"CASE WHEN {_SHARE} < 40 THEN "
        "'https://www.youtube.com/embed/' || n END",
        "processed_status": _STATUS,
        "last_updated": "w.at",
    }


def _work(runs: int) -> dict[str, str]:
    letter = f"{_SHARE} >= 96"
    said = "'TMDB answered 503 for ' || n || '.'"
    return {
        "link": _KEY,
        "due_at": f"CASE WHEN {letter} THEN NULL ELSE w.at END",
        "lane": "3",
        "attempts": f"CASE WHEN {_SHARE} < 70 THEN 1 WHEN {_SHARE} < 90 THEN 0 ELSE 3 END",
        "failure_kind": _KIND,
        "error_group": f"CASE WHEN {letter} THEN 'TMDB answered # for #.' ELSE '' END",
        "last_error": f"CASE WHEN {_SHARE} < 90 THEN '' ELSE {said} END",
        "given_up_at": f"CASE WHEN {letter} THEN w.at END",
        "media_type": f"CASE WHEN {_SHARE} < 70 THEN 'movie' ELSE '' END",
        "fetched_at": f"CASE WHEN {_SHARE} < 70 THEN w.at END",
        "poster_reason": f"CASE WHEN {_SHARE} < 70 THEN 'The most voted of 3.' ELSE '' END",
        # One long run, and many short ones.
        "last_run": f"CASE WHEN {_SHARE} < 30 THEN 1 WHEN {_SHARE} < 70 "
        f"THEN 1 + {_HASH} % {runs} END",
    }


def _runs() -> dict[str, str]:
    failed = f"{_HASH} % 10 = 0"
    return {
        "id": "n",
        "unit": _choice(_UNITS),
        "trigger": "'schedule'",
        "status": f"CASE WHEN {failed} THEN 'error' ELSE 'completed' END",
        "error": f"CASE WHEN {failed} THEN 'The disk is full.' ELSE '' END",
        "error_group": f"CASE WHEN {failed} THEN 'The disk is full.' ELSE '' END",
        "dismissed_at": f"CASE WHEN {failed} AND {_HASH} % 250 > 0 THEN w.at END",
        "done_count": "1000",
        "ok_count": "900",
        "failed_count": "100",
        "queued_at": "w.at",
        "started_at": "w.at",
        "finished_at": "w.at",
    }


def _events(runs: int, count: int) -> dict[str, str]:
    return {
        "id": "n",
        "run": f"1 + CAST((n - 1) * {runs}.0 / {count} - 0.5 AS INTEGER)",
        "unit": _choice(_UNITS),
        "at": "t.at",
        "kind": _choice(("queued", "start", "note", "complete")),
    }


def _entries() -> dict[str, str]:
    return {
        "id": "n",
        "at": "t.at",
        "actor_name": _choice(("ada", "bert", "carl")),
        "action": _choice(("retry run", "edit media links", "pause unit")),
        "target": _KEY,
        "why": "'TMDB was down'",
    }


def _quarantined() -> dict[str, str]:
    return {
        "id": "n",
        "source": _choice(("title.basics.tsv.gz", "title.ratings.tsv.gz")),
        "line": "n",
        "reason": "'The year is no number.'",
        "raw": "'tt1\tmovie\tA\tA\t0\tno\t\\N'",
        "at": "w.at",
    }


def _movies() -> dict[str, str]:
    """Of each hundred 95 live, 5 gone; a tenth without a poster; one in a thousand excluded."""
    return {
        "id": "n",
        "tmdb_id": "n",
        "imdb_id": _KEY,
        "title": _TITLE,
        "original_title": _TITLE,
        "year": f"1920 + {_HASH} % 106",
        "release_date": "'2001-02-03'",
        "release_date_known": "1",
        "popularity": f"{_HASH} % 100000 / 100.0",
        "poster_path": f"CASE WHEN {_SHARE} < 90 THEN '/' || n || '.jpg' ELSE '' END",
        "fetched_at": "w.at",
        "upstream_state": f"CASE WHEN {_SHARE} < 95 THEN 'live' ELSE 'gone' END",
        "excluded_at": f"CASE WHEN {_HASH} % 1000 = 0 THEN w.at END",
        "created_at": "w.at",
        "updated_at": "w.at",
    }


def _movie_ratings() -> dict[str, str]:
    return {
        "id": "n", "movie": "n", "source": "'tmdb'", "value": "7.5", "scale": "10",
        "votes": f"{_HASH} % 9000", "rated_at": "w.at", "from_what": "'TMDB'",
    }  # fmt: skip


def _movie_work() -> dict[str, str]:
    """Of each hundred 20 are due, 70 in the months to come, 10 given up."""
    letter = f"{_SHARE} >= 90"
    return {
        "id": "n",
        "tmdb_id": "n",
        "movie": "n",
        "asked_by": "'export'",
        "first_seen_at": "w.at",
        "due_at": f"CASE WHEN {letter} THEN NULL WHEN {_SHARE} < 20 THEN w.at "
        "ELSE '2030-01-01 00:00:00' END",
        "lane": f"CASE WHEN {_HASH} % 1000 < 2 THEN 0 WHEN {_HASH} % 1000 < 30 THEN 2 ELSE 3 END",
        "failure_kind": f"CASE WHEN {letter} THEN 'gave_up' ELSE '' END",
        "error_group": f"CASE WHEN {letter} THEN 'TMDB answered #.' ELSE '' END",
        "last_error": f"CASE WHEN {letter} THEN 'TMDB answered 500.' ELSE '' END",
        "given_up_at": f"CASE WHEN {letter} THEN w.at END",
    }


def _choice(values: tuple[str, ...]) -> str:
    # By another remainder than the state's, so that the two are independent.
    cases = " ".join(f"WHEN {place} THEN '{value}'" for place, value in enumerate(values))
    return f"CASE {_HASH} % 4099 % {len(values)} {cases} END"


def _insert(model: type[models.Model], count: int, given: Mapping[str, str]) -> None:
    quote = connection.ops.quote_name
    columns, values, bound = [], [], []
    for field in model._meta.concrete_fields:
        if field.name in given:
            values.append(given[field.name])
        elif field.primary_key or (field.null and not field.has_default()):
            continue
        else:
            values.append("?")
            bound.append(field.get_db_prep_save(_default(field), connection))
        columns.append(quote(str(field.column)))
    template = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM (SELECT i + {{start}} + 1 AS n FROM bench_series "
        f"WHERE i < {{length}}) AS numbers "
        f"JOIN bench_series AS w ON w.i = {_HASH} % {SLICE} "
        f"JOIN bench_series AS v ON v.i = {_HASH} % 9973 "
        f"JOIN bench_series AS t ON t.i = CAST((n - 1) * {SLICE}.0 / {count} - 0.5 AS INTEGER)"
    )
    for start in range(0, count, SLICE):
        sql = template.format(start=start, length=min(SLICE, count - start))
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("%", "%%").replace("?", "%s"), bound)


def _default(field: models.Field[Any, Any]) -> object:
    if field.has_default():
        return field.get_default()
    return "" if field.empty_strings_allowed else 0
