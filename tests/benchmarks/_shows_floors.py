"""What loading and reconciling shows are measured against, on the same rows and connection."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection, transaction

from popflix.lib.bulk import Chunk
from reconcile.changes.types import COMPARED, KEY
from reconcile.feed.mapping import FeedRow
from reconcile.shows.models import MasterShow, SyncShow
from tests.benchmarks._report import seconds_of

_BARE, _SYNC, _MASTER = "bench_bare", "bench_sync", "bench_master"
_COLUMNS = (
    "movieID", "cinemaId", "screenName", "showTime", "title", "rating", "length", "format",
    "genere", "isActive", "imageUrl",
)  # fmt: skip
_KEY = ("cinemaId", "showTime", "screenName", "movieID")
_VALUES = tuple(name for name in _COLUMNS if name not in _KEY)
_WINDOW = 1 << 20
_all = msgspec.json.Decoder(list[FeedRow])
Tuples = list[tuple[Any, ...]]


def parsed(path: Path) -> Tuples:
    """All rows, decoded window by window: what reading a feed costs at least."""
    found: Tuples = []
    with path.open("rb") as file:
        text = file.read(200)
        text = text[text.index(b"[") + 1 :]
        while more := file.read(_WINDOW):
            text += more
            cut = text.rfind(b"}, {") + 1 or text.rfind(b"},{") + 1
            if len(more) < _WINDOW:
                cut = text.rindex(b"]")
            found += [
                (r.movie_ID, r.cinema_id, r.screen_name, r.movie_showTime[:19].replace("T", " "),
                 r.movie_title, r.movie_rating, r.movie_length, r.movie_format, r.movie_genere,
                 r.is_active, r.movie_image_new)
                for r in _all.decode(b"[%b]" % text[:cut])
            ]  # fmt: skip
            text = text[cut + 1 :]
    return found


def bare_load(path: Path) -> dict[str, float]:
    """Seconds of putting ready rows into a table that has its key alone; of reading the feed."""
    began = time.perf_counter()
    rows = parsed(path)
    reading = time.perf_counter() - began
    _bare_table()
    fill = _bare_mysql if connection.vendor == "mysql" else _bare_sqlite
    return {"read": reading, "bare": fill(rows)}


def _bare_table() -> None:
    names = ", ".join(map(_q, _COLUMNS))
    _run(f"DROP TABLE IF EXISTS {_BARE}")
    if connection.vendor == "mysql":
        _run(f"CREATE TABLE {_BARE} (id INT AUTO_INCREMENT PRIMARY KEY) AS "
             f"SELECT 1 AS id, {names} FROM {_q('SyncShow')} LIMIT 0")  # fmt: skip
        return
    _run(f"CREATE TABLE {_BARE} (id INTEGER PRIMARY KEY, {names})")


def _bare_mysql(rows: Tuples) -> float:
    own = connection.copy()
    options = {**own.settings_dict["OPTIONS"], "local_infile": True}
    own.settings_dict = {**own.settings_dict, "OPTIONS": options}
    with tempfile.NamedTemporaryFile() as file, closing(own):
        some = iter(rows)
        while part := list(islice(some, 1000)):
            file.write(Chunk(list(zip(*part, strict=True)), range(len(part))).tsv())
        file.flush()
        cursor = own.cursor()
        names = ", ".join(map(_q, _COLUMNS))
        return seconds_of(lambda: cursor.execute(
            f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE {_BARE} "
            f"CHARACTER SET utf8mb4 ({names})"
        ))  # fmt: skip


def _bare_sqlite(rows: Tuples) -> float:
    marks = ", ".join("?" * len(_COLUMNS))
    raw = connection.connection
    raw.execute("PRAGMA synchronous=OFF")

    def fill() -> None:
        with transaction.atomic():
            names = ", ".join(map(_q, _COLUMNS))
            raw.executemany(f"INSERT INTO {_BARE} ({names}) VALUES ({marks})", rows)

    seconds = seconds_of(fill)
    raw.execute("PRAGMA synchronous=NORMAL")
    return seconds


def make_hashed() -> None:
    """Copies of staging and master with a hash of what is compared beside each row."""
    told = ", ".join(f"COALESCE({_q(name)}, '')" for name in _VALUES)
    if connection.vendor == "mysql":
        hashed = f"UNHEX(MD5(CONCAT_WS('|', {told})))"
    else:
        connection.connection.create_function("bench_hash", -1, _hash, deterministic=True)
        hashed = f"bench_hash({told})"
    for table, copy in ((SyncShow._meta.db_table, _SYNC), (MasterShow._meta.db_table, _MASTER)):
        _run(f"DROP TABLE IF EXISTS {copy}")
        names = ", ".join(map(_q, ("id", *_COLUMNS)))
        _copy(table, copy)
        _run(f"INSERT INTO {copy} ({names}, h) SELECT {names}, {hashed} FROM {_q(table)}")
        if connection.vendor == "mysql":
            _run(f"ANALYZE TABLE {copy}")


def _hash(*values: object) -> bytes:
    return hashlib.md5("|".join(map(str, values)).encode(), usedforsecurity=False).digest()


def _copy(table: str, copy: str) -> None:
    key = ", ".join(map(_q, _KEY))
    if connection.vendor == "mysql":
        _run(f"CREATE TABLE {copy} (id INT PRIMARY KEY, UNIQUE KEY ({key})) AS SELECT "
             f"id, {', '.join(map(_q, _COLUMNS))}, UNHEX(MD5('')) AS h "
             f"FROM {_q(table)} LIMIT 0")  # fmt: skip
        return
    names = ", ".join(map(_q, _COLUMNS))
    _run(f"CREATE TABLE {copy} (id INTEGER PRIMARY KEY, {names}, h BLOB)")
    _run(f"CREATE UNIQUE INDEX {copy}_key ON {copy} ({key})")


def join_count(*, hashed: bool) -> float:
    on = " AND ".join(f"m.{_q(name)} = s.{_q(name)}" for name in _KEY)
    where = " WHERE s.h <> m.h" if hashed else ""
    return seconds_of(lambda: _fetch(
        f"SELECT COUNT(*) FROM {_SYNC} s JOIN {_MASTER} m ON {on}{where}"))  # fmt: skip


def drop() -> None:
    for table in (_BARE, _SYNC, _MASTER):
        _run(f"DROP TABLE IF EXISTS {table}")


def seeds_way(sample: int) -> dict[str, float]:
    """The seed's row-by-row reconciling, nothing changed: seconds for all staged rows, from a
    sample all over the table. The seed asks an ORM (Prisma), so this one does, too; `driver` is
    the same by hand: a statement of text for each row, past any ORM."""
    count = SyncShow.objects.count()
    first = SyncShow.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    ids = [first + n * (count // sample) for n in range(sample)]
    rows = list(SyncShow.objects.filter(pk__in=ids))
    scale = count / len(rows)
    return {
        "orm": seconds_of(lambda: _in_batches(rows, _ask_orm)) * scale,
        "driver": seconds_of(lambda: _in_batches(rows, _ask_driver)) * scale,
    }


def _in_batches(rows: list[SyncShow], ask: Callable[[SyncShow], object]) -> None:
    for begin in range(0, len(rows), 100):
        with transaction.atomic():
            for row in rows[begin : begin + 100]:
                ask(row)


def _ask_orm(row: SyncShow) -> None:
    known = MasterShow.objects.get(**{name: getattr(row, name) for name in KEY})
    assert all(getattr(known, name) == getattr(row, name) for name in COMPARED)


def _ask_driver(row: SyncShow) -> None:
    names = ", ".join(map(_q, _COLUMNS))
    where = " AND ".join(f"{_q(name)} = %s" for name in _KEY)
    at = connection.ops.adapt_datetimefield_value(row.show_time)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {_q(MasterShow._meta.db_table)} WHERE {where}",
            [row.cinema_id, at, row.screen_name, row.movie_id],
        )
        found = dict(zip(_COLUMNS, cursor.fetchone(), strict=True))
    pairs = zip(COMPARED, _VALUES, strict=True)
    assert all(getattr(row, name) == found[column] for name, column in pairs)


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _fetch(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


_q = connection.ops.quote_name
