"""What a column can hold, read from the type as the database writes it. Pure.

Types of one family may stand in for each other as far as their capacity allows; a type of no
known family fits only where it is the very same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

UNLIMITED = None


class Family(Enum):
    TEXT = "text"  # capacity in characters
    INTEGER = "integer"  # capacity is the largest value
    BOOLEAN = "boolean"
    INSTANT = "instant"
    ENUM = "enum"
    OTHER = "other"


class Fit(Enum):
    """How well a column of one type serves as a column of another."""

    FITS = "fits"
    TIGHT = "tight"  # holds what there is today and no more
    NO = "no"


@dataclass(frozen=True)
class SqlType:
    """`text` is lower case but for an ENUM's values; `capacity` None is unlimited."""

    text: str
    family: Family
    capacity: int | None = UNLIMITED
    values: frozenset[str] = frozenset()


_WRITTEN = re.compile(r"(?P<head>[a-z_ ]+)(?:\((?P<inside>.*)\))?(?P<tail>[^()]*)$", re.IGNORECASE)
_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32,
             "bigint": 64}  # fmt: skip
_MYSQL_TEXTS = {"tinytext": 255, "text": UNLIMITED, "mediumtext": UNLIMITED, "longtext": UNLIMITED}
# Beyond the same family. PostgreSQL compares no boolean with an integer and needs a zone.
_ALSO_ACCEPTED = {
    ("mysql", Family.BOOLEAN): {Family.INTEGER},
    ("mysql", Family.ENUM): {Family.TEXT},
    ("sqlite", Family.BOOLEAN): {Family.INTEGER},
    ("sqlite", Family.INTEGER): {Family.BOOLEAN},
    ("sqlite", Family.INSTANT): {Family.TEXT},
}


def parse_type(vendor: str, written: str) -> SqlType:
    """Read a type as Django (`varchar(16)`) or the database (`int(10) unsigned`) writes it.

    `vendor` is Django's name of the database: mysql (MariaDB too), postgresql or sqlite.
    """
    if vendor == "sqlite":
        return _sqlite_type(written.lower())
    matched = _WRITTEN.match(written)
    if matched is None:
        return SqlType(written.lower(), Family.OTHER)
    head, inside = matched["head"].strip().lower(), matched["inside"] or ""
    whole = head + matched["tail"].lower()
    if vendor == "postgresql":
        return _postgres_type(written.lower(), whole, inside)
    return _mysql_type(written.lower(), whole, inside)


def _mysql_type(text: str, whole: str, inside: str) -> SqlType:
    name = whole.split()[0]
    if name == "enum":
        values = frozenset(re.findall(r"'((?:[^']|'')*)'", inside))
        return SqlType(f"enum({inside})", Family.ENUM, values=values)
    if name in _INTEGERS:
        bits = _INTEGERS[name] - (0 if "unsigned" in whole else 1)
        return SqlType(text, Family.INTEGER, 2**bits - 1)
    if name in ("char", "varchar"):
        return SqlType(text, Family.TEXT, int(inside or 1))
    if name in _MYSQL_TEXTS:
        return SqlType(text, Family.TEXT, _MYSQL_TEXTS[name])
    families = {"bool": Family.BOOLEAN, "datetime": Family.INSTANT, "timestamp": Family.INSTANT}
    return SqlType(text, families.get(name, Family.OTHER))


def _postgres_type(text: str, name: str, inside: str) -> SqlType:
    if name in ("varchar", "character varying", "text"):
        return SqlType(text, Family.TEXT, int(inside) if inside else UNLIMITED)
    if name in ("smallint", "integer", "bigint"):
        return SqlType(text, Family.INTEGER, 2 ** (_INTEGERS[name] - 1) - 1)
    families = {"boolean": Family.BOOLEAN, "timestamp with time zone": Family.INSTANT}
    return SqlType(text, families.get(name, Family.OTHER))


def _sqlite_type(text: str) -> SqlType:
    """SQLite keeps no lengths and converts by affinity, which the name's parts decide."""
    parts = (
        ("int", Family.INTEGER), ("char", Family.TEXT), ("clob", Family.TEXT),
        ("text", Family.TEXT), ("bool", Family.BOOLEAN), ("date", Family.INSTANT),
        ("timestamp", Family.INSTANT), ("year", Family.INTEGER), ("numeric", Family.INTEGER),
    )  # fmt: skip
    found = next((family for part, family in parts if part in text), Family.OTHER)
    return SqlType(text, found)


def fit(vendor: str, wanted: SqlType, actual: SqlType, today: int | None = None) -> Fit:
    """Whether a column of type `actual` can serve where `wanted` is what popflix would make.

    `today` is what the column must hold at least: characters of a text, value of an integer.
    """
    if Family.OTHER in (wanted.family, actual.family):
        return Fit.FITS if wanted.text == actual.text else Fit.NO
    accepted = _ALSO_ACCEPTED.get((vendor, wanted.family), set()) | {wanted.family}
    if actual.family not in accepted:
        return Fit.NO
    if wanted.family is Family.ENUM:
        return Fit.FITS if _holds_values(wanted, actual) else Fit.NO
    if actual.family is not wanted.family or _holds(actual, wanted.capacity):
        return Fit.FITS
    if today is None or not _holds(actual, today):
        return Fit.NO
    return Fit.TIGHT if wanted.family is Family.TEXT else Fit.FITS


def _holds(actual: SqlType, needed: int | None) -> bool:
    return actual.capacity is UNLIMITED or (needed is not None and needed <= actual.capacity)


def _holds_values(wanted: SqlType, actual: SqlType) -> bool:
    if actual.family is Family.ENUM:
        return wanted.values <= actual.values
    return _holds(actual, max(map(len, wanted.values)))
