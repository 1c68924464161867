"""Master's rows as changes make them. Each function works in its caller's transaction.

Rows that move are parked on keys that nobody has before any of them is placed: two shows that
swap their screens would meet the unique key otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import CharField, Value
from django.db.models.constants import OnConflict
from django.db.models.functions import Cast, Concat

from popflix.lib.batches import chunk
from reconcile.changes.finding.comparing import MASTER_TABLE, SYNC_TABLE, Comparing, column
from reconcile.changes.finding.rows import rows_of
from reconcile.changes.finding.todo import ids_in_chunks
from reconcile.changes.policy.grouping import folded
from reconcile.changes.policy.proposal import Key
from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.shows.models import MasterShow

_VALUES = (*KEY, *COMPARED)
_COLUMNS = {field.name: str(field.column) for field in MasterShow._meta.concrete_fields}
_INSTANTS = frozenset({"show_time", "missing_since"})
_KEYS_AT_ONCE = 200
_values_of = attrgetter(*_VALUES)  # in C
_SHOW_TIME = _VALUES.index("show_time")


def row_with(row: Row, after: Mapping[str, Any]) -> Row:
    """The row with the values that a change keeps as JSON."""
    values = {name: getattr(row, name) for name in (*_VALUES, "missing_since")}
    for name, value in after.items():
        if name not in values:  # what undoing remembers beside the values
            continue
        is_instant = name in _INSTANTS and isinstance(value, str)
        values[name] = dt.datetime.fromisoformat(value) if is_instant else value
    return Row(row.id, **values)


def lock(ids: Iterable[int]) -> dict[int, Row]:
    """The rows as they stand, held until the transaction ends."""
    return rows_of(MasterShow, ids, is_locked=True)


def park(ids: Iterable[int]) -> None:
    """Onto keys of their own."""
    nowhere = Concat(Value("moving, show "), Cast("pk", CharField()))
    for some in ids_in_chunks(sorted(ids)):
        MasterShow.objects.filter(pk__in=some).update(screen_name=nowhere)


def holders(keys: Iterable[Key]) -> dict[Key, int]:
    """Who has these places, by the place folded."""
    found: dict[Key, int] = {}
    for some in chunk(sorted(set(keys), key=lambda key: (key[1], key[3])), _KEYS_AT_ONCE):
        rows = MasterShow.objects.filter(
            cinema_id__in={key[1] for key in some}, show_time__in={key[3] for key in some}
        )
        found.update((folded(tuple(key)), pk) for pk, *key in rows.values_list("pk", *KEY))
    return found


def put(
    rows: Sequence[Row], now: dt.datetime, changed: Collection[str] = (*_VALUES, "missing_since")
) -> None:
    """Give rows that exist, and are locked, these values; `missing_since` among them. Columns
    that are not `changed` have them already: SQLite would write their indexes anew.

    The seed's own ON DUPLICATE KEY UPDATE, in each database's words: drivers send it in one
    statement for many rows, which they do not do for UPDATE.
    """
    if not rows:
        return
    names = ["id", *_VALUES, "missing_since", "missing_loads", "missing_in_load"]
    marks = ", ".join(["%s"] * (len(names) + 2))
    columns = [_COLUMNS[name] for name in (*names, "created_at", "updated_at")]
    written = [name for name in (*_VALUES, "missing_since") if name in changed]
    written += ["missing_loads", "missing_in_load", "updated_at"]
    suffix = connection.ops.on_conflict_suffix_sql(
        columns, OnConflict.UPDATE, [_COLUMNS[name] for name in written], ["id"]
    )
    at = _stored(now)
    values = [
        [row.id, *_stored_values(row), _stored(row.missing_since), None, None,
         at, at]
        for row in rows
    ]  # fmt: skip
    listed = ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {_quoted(MASTER_TABLE)} ({listed}) VALUES ({marks}) {suffix}", values
        )


def insert(
    rows: Sequence[Row],
    now: dt.datetime,
    *,
    created_at: dt.datetime | None = None,
    with_id: int = 0,
) -> None:
    """New rows, whatever their `id` says, unless `with_id` gives the only one its number.

    Raises IntegrityError where a key is taken.
    """
    since, at = _stored(created_at or now), _stored(now)
    names, own = _columns(""), []
    if with_id:
        names, own = f"{connection.ops.quote_name(_COLUMNS['id'])}, {names}", [with_id]
    marks = ", ".join(["%s"] * (len(own) + len(_VALUES) + 2))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {_quoted(MASTER_TABLE)} ({names}) VALUES ({marks})",
            [[*own, *_stored_values(row), since, at] for row in rows],
        )


def remove(ids: Iterable[int]) -> None:
    for some in ids_in_chunks(sorted(ids)):
        MasterShow.objects.filter(pk__in=some).delete()


def highest_id() -> int:
    """What is inserted from now on has a higher one."""
    return MasterShow.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def ids_since(highest: int, cinemas: Iterable[int]) -> dict[tuple[Any, ...], int]:
    """By key the rows of these cinemas that came since."""
    new = MasterShow.objects.filter(pk__gt=highest, cinema_id__in=list(cinemas))
    return {tuple(key): pk for pk, *key in new.values_list("pk", *KEY)}


def insert_staged(
    cinema_id: int,
    since: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    lacking: str,
    only: int = 0,
) -> int:
    """All staged shows of a cinema between two instants that master lacks; how many there were.

    `lacking()` is asked once for many of them; `only` is the id of a single one. Raises
    IntegrityError where a key is taken.
    """
    at = _stored(now)
    instants = [_stored(each) for each in (since, until)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_quoted(MASTER_TABLE)} ({_columns('')}) "
            f"SELECT {_columns('s.', created=False)}, %s, %s {lacking}"
            + (f" AND s.id = {int(only)}" if only else ""),
            [at, at, cinema_id, *instants],
        )
        return int(cursor.rowcount)


def staged_ids(cinema_id: int, since: dt.datetime, until: dt.datetime, lacking: str) -> list[int]:
    """The staged shows that `insert_staged` takes."""
    instants = [_stored(each) for each in (since, until)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.id {lacking} ORDER BY s.id", [cinema_id, *instants])
        return [pk for (pk,) in cursor.fetchall()]


def _stored(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _stored_values(row: Row) -> list[Any]:
    values = list(_values_of(row))
    values[_SHOW_TIME] = _stored(values[_SHOW_TIME])
    return values


def lacking() -> str:
    """The staged shows `s` of a cinema between two instants that master lacks, as SQL; it takes
    a look at the tables' collations."""
    cinema, moment = f"s.{column('cinema_id')}", f"s.{column('show_time')}"
    return (
        f"FROM {_quoted(SYNC_TABLE)} s LEFT JOIN {_quoted(MASTER_TABLE)} m "
        f"ON {Comparing().same_key()} "
        f"WHERE {cinema} = %s AND {moment} >= %s AND {moment} < %s AND m.id IS NULL"
    )


def _columns(prefix: str, *, created: bool = True) -> str:
    names = [*_VALUES, *(("created_at", "updated_at") if created else ())]
    return ", ".join(prefix + connection.ops.quote_name(_COLUMNS[name]) for name in names)


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
