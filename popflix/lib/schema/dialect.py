"""The SQL that mends a table, in each database's words. Pure: text in, statements out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Definition:
    """All of a column but its name. `default` is SQL; `charset` and `extra` are whole clauses."""

    type: str
    null: bool
    default: str = ""
    charset: str = ""  # CHARACTER SET … COLLATE …; MySQL and MariaDB only
    extra: str = ""  # ON UPDATE …, AUTO_INCREMENT

    def sql(self) -> str:
        default = f"DEFAULT {self.default}" if self.default else ""
        null = "NULL" if self.null else "NOT NULL"
        return " ".join(filter(None, (self.type, self.charset, default, null, self.extra)))


@dataclass(frozen=True)
class ForeignKey:
    """A constraint between two tables; only MySQL and MariaDB need to know it."""

    name: str
    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    on_update: str = "RESTRICT"
    on_delete: str = "RESTRICT"

    def touches(self, table: str, column: str) -> bool:
        ends = [(self.table, each) for each in self.columns]
        ends += [(self.to_table, each) for each in self.to_columns]
        return (table.lower(), column.lower()) in [(t.lower(), c.lower()) for t, c in ends]

    def drop(self) -> str:
        table, name = quote("mysql", self.table), quote("mysql", self.name)
        return f"ALTER TABLE {table} DROP FOREIGN KEY {name}"

    def add(self) -> str:
        here, there = (
            f"({', '.join(quote('mysql', name) for name in names)})"
            for names in (self.columns, self.to_columns)
        )
        rules = f"ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        return (
            f"ALTER TABLE {quote('mysql', self.table)} ADD CONSTRAINT {quote('mysql', self.name)} "
            f"FOREIGN KEY {here} REFERENCES {quote('mysql', self.to_table)} {there} {rules}"
        )


def quote(vendor: str, name: str) -> str:
    mark = "`" if vendor == "mysql" else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def rename_table(vendor: str, old: str, new: str) -> str:
    if vendor == "mysql":
        return f"RENAME TABLE {quote(vendor, old)} TO {quote(vendor, new)}"
    return f"ALTER TABLE {quote(vendor, old)} RENAME TO {quote(vendor, new)}"


def set_aside(vendor: str, name: str, *, is_view: bool = False) -> str:
    if vendor == "sqlite" and is_view:  # has no name but the one it was made with
        return f"DROP VIEW {quote(vendor, name)}"
    return rename_table(vendor, name, f"{name}_before_popflix")


def rename_column(vendor: str, table: str, old: str, new: str) -> str:
    names = f"{quote(vendor, old)} TO {quote(vendor, new)}"
    return f"ALTER TABLE {quote(vendor, table)} RENAME COLUMN {names}"


def add_column(vendor: str, table: str, name: str, definition: Definition) -> str:
    if vendor == "sqlite" and definition.default.startswith("("):
        # SQLite adds no column with a computed default; popflix's writers name the column.
        definition = replace(definition, default="")
    return (
        f"ALTER TABLE {quote(vendor, table)} ADD COLUMN {quote(vendor, name)} {definition.sql()}"
    )


def add_unique(vendor: str, table: str, columns: tuple[str, ...]) -> str:
    index = quote(vendor, f"{table}_{'_'.join(columns)}_unique"[:60])
    listed = ", ".join(quote(vendor, column) for column in columns)
    return f"CREATE UNIQUE INDEX {index} ON {quote(vendor, table)} ({listed})"


def add_primary_key(vendor: str, table: str, column: str) -> str:
    if vendor == "sqlite":  # takes no further primary key; a unique index serves as one
        return add_unique(vendor, table, (column,))
    return f"ALTER TABLE {quote(vendor, table)} ADD PRIMARY KEY ({quote(vendor, column)})"


def use_innodb(vendor: str, table: str) -> str:
    return f"ALTER TABLE {quote(vendor, table)} ENGINE=InnoDB"


def redefine(
    vendor: str,
    table: str,
    name: str,
    before: Definition,
    after: Definition,
    foreign_keys: Iterable[ForeignKey] = (),
) -> tuple[str, ...]:
    """Return the statements that turn column `name` from `before` into `after`.

    MariaDB refuses to change, even to widen, either end of a foreign key, also with
    FOREIGN_KEY_CHECKS=0: those of `foreign_keys` that touch the column are taken off meanwhile.
    """
    where, column = quote(vendor, table), quote(vendor, name)
    fill: tuple[str, ...] = ()
    if before.null and not after.null and after.default:
        fill = (f"UPDATE {where} SET {column} = {after.default} WHERE {column} IS NULL",)
    if vendor == "sqlite":
        return (*fill, *_rebuild_on_sqlite(where, name, after))
    if vendor == "postgresql":
        return (*fill, *_alter_on_postgresql(where, column, before, after))
    touching = [key for key in foreign_keys if key.touches(table, name)]
    return (
        *(key.drop() for key in touching),
        *fill,
        f"ALTER TABLE {where} MODIFY {column} {after.sql()}",
        *(key.add() for key in touching),
    )


def _alter_on_postgresql(
    where: str, column: str, before: Definition, after: Definition
) -> tuple[str, ...]:
    alter = f"ALTER TABLE {where} ALTER COLUMN {column}"
    done = []
    if before.type != after.type:
        zone = before.type.startswith("timestamp") and "without time zone" in before.type
        value = f"{column} AT TIME ZONE 'UTC'" if zone else f"{column}::{after.type}"
        done.append(f"{alter} TYPE {after.type} USING {value}")
    if before.null != after.null:
        done.append(f"{alter} {'DROP' if after.null else 'SET'} NOT NULL")
    return tuple(done)


def _rebuild_on_sqlite(where: str, name: str, after: Definition) -> tuple[str, ...]:
    """SQLite alters no type: a new column takes the values and then the name."""
    column, helper = quote("sqlite", name), quote("sqlite", f"{name}_new")
    return (
        f"ALTER TABLE {where} ADD COLUMN {helper} {after.sql()}",
        f"UPDATE {where} SET {helper} = {column}",
        f"ALTER TABLE {where} DROP COLUMN {column}",
        f"ALTER TABLE {where} RENAME COLUMN {helper} TO {column}",
    )
