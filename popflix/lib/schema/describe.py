"""Tables as they are, read from the database's own catalogue; nothing is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.schema.descriptions import Column, Table, charset_clause
from popflix.lib.schema.dialect import Definition, ForeignKey
from popflix.lib.schema.types import parse_type

# One row per column: name, type, nullable, default as SQL or None, fills itself, charset,
# collation, extra clause.
_COLUMNS = {
    "mysql": """
        SELECT column_name, column_type, is_nullable = 'YES',
               CASE WHEN column_default = 'NULL' OR column_default IS NULL THEN NULL
                    WHEN VERSION() LIKE '%%MariaDB%%' OR column_default LIKE 'CURRENT_TIMESTAMP%%'
                         THEN column_default
                    WHEN extra LIKE '%%DEFAULT_GENERATED%%' THEN CONCAT('(', column_default, ')')
                    ELSE QUOTE(column_default) END,
               extra RLIKE 'auto_increment|GENERATED', character_set_name, collation_name,
               TRIM(REPLACE(extra, 'DEFAULT_GENERATED', ''))
        FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position""",
    "postgresql": """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '' OR a.attgenerated <> '',
               NULL, NULL, NULL
        FROM pg_attribute a LEFT JOIN pg_attrdef d
             ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = quote_ident(%s)::regclass AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum""",
    "sqlite": """
        SELECT name, type, "notnull" = 0, dflt_value, pk = 1 AND upper(type) = 'INTEGER',
               NULL, NULL, NULL
        FROM pragma_table_info(%s) ORDER BY cid""",
}


def find_table(connection: BaseDatabaseWrapper, name: str) -> tuple[str, bool] | None:
    """Return the table's name as it is written and whether it is a view; None if absent.

    A name that differs by case only is returned too: whether it is the same table for the
    server is told by `compare`, which asks for the very name where case matters.
    """
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    alike = [each for each in found if each.name.lower() == name.lower()]
    chosen = next((each for each in alike if each.name == name), alike[0] if alike else None)
    if chosen is None:
        return None
    return (name if _ignores_case(connection) else chosen.name), chosen.type == "v"


def _ignores_case(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "mysql":
        return connection.vendor == "sqlite"
    return bool(row_of(connection, "SELECT @@lower_case_table_names")[0])


def describe_table(connection: BaseDatabaseWrapper, name: str) -> Table | None:
    """Describe the table of this name, in whatever case it is written; None if absent."""
    if (found := find_table(connection, name)) is None:
        return None
    written, is_view = found
    if is_view:
        return Table(written, (), is_view=True)
    columns = columns_of(connection, written)
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, written)
    unique = [each for each in constraints.values() if each["unique"] or each["primary_key"]]
    engine, charset = _mysql_options(connection, written)
    foreign_keys = _foreign_keys(connection, written)
    return Table(
        name=written,
        columns=columns,
        uniques=frozenset(frozenset(each["columns"]) for each in unique),
        has_primary_key=any(each["primary_key"] for each in unique),
        foreign_keys=foreign_keys,
        engine=engine,
        charset=charset,
    )


def columns_of(connection: BaseDatabaseWrapper, table: str) -> tuple[Column, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS[connection.vendor], [table])
        return tuple(_column(connection.vendor, row) for row in cursor.fetchall())


def _column(vendor: str, row: Sequence[Any]) -> Column:
    name, written, null, default, fills_itself, charset, collation, extra = row
    clause = charset_clause(charset or "", collation or "")
    return Column(
        name=name,
        type=parse_type(vendor, written),
        definition=Definition(written, bool(null), default or "", clause, extra or ""),
        charset=charset or "",
        collation=collation or "",
        fills_itself=bool(fills_itself) or default is not None,
    )


def _mysql_options(connection: BaseDatabaseWrapper, table: str) -> tuple[str, str]:
    if connection.vendor != "mysql":
        return "", ""
    sql = """SELECT engine, SUBSTRING_INDEX(table_collation, '_', 1)
             FROM information_schema.tables
             WHERE table_schema = DATABASE() AND table_name = %s"""
    engine, charset = row_of(connection, sql, [table])
    return engine, charset


def _foreign_keys(connection: BaseDatabaseWrapper, table: str) -> tuple[ForeignKey, ...]:
    if connection.vendor != "mysql":
        return ()
    sql = """SELECT k.constraint_name, k.table_name, k.referenced_table_name, r.update_rule,
                    r.delete_rule, k.column_name, k.referenced_column_name
             FROM information_schema.key_column_usage k
             JOIN information_schema.referential_constraints r
                  ON r.constraint_schema = k.constraint_schema AND r.table_name = k.table_name
                  AND r.constraint_name = k.constraint_name
             WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
                   AND (k.table_name = %s OR k.referenced_table_name = %s)
             ORDER BY k.table_name, k.constraint_name, k.ordinal_position"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [table, table])
        rows = cursor.fetchall()
    found = []
    for (name, here, there, on_update, on_delete), parts in groupby(rows, lambda row: row[:5]):
        columns, to_columns = zip(*(row[5:] for row in parts), strict=True)
        found.append(ForeignKey(name, here, columns, there, to_columns, on_update, on_delete))
    return tuple(found)


def row_of(connection: BaseDatabaseWrapper, sql: str, params: Iterable[str] = ()) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        row: Sequence[Any] = cursor.fetchone()
    return row
