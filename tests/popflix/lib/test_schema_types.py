"""Types are read as each database writes them, and stand in for each other where they can."""

from __future__ import annotations

import pytest

from popflix.lib.schema.types import Family, Fit, fit, parse_type


@pytest.mark.parametrize(
    ("vendor", "written", "family", "capacity"),
    [
        ("mysql", "varchar(10)", Family.TEXT, 10),
        ("mysql", "CHAR", Family.TEXT, 1),
        ("mysql", "longtext", Family.TEXT, None),
        ("mysql", "tinytext", Family.TEXT, 255),
        ("mysql", "tinyint(1)", Family.INTEGER, 127),
        ("mysql", "int(10) unsigned", Family.INTEGER, 4294967295),
        ("mysql", "int(8) unsigned zerofill", Family.INTEGER, 4294967295),
        ("mysql", "integer AUTO_INCREMENT", Family.INTEGER, 2147483647),
        ("mysql", "bool", Family.BOOLEAN, None),
        ("mysql", "timestamp", Family.INSTANT, None),
        ("mysql", "datetime(6)", Family.INSTANT, None),
        ("mysql", "year(4)", Family.OTHER, None),
        ("mysql", "decimal(3,1)", Family.OTHER, None),
        ("mysql", "(nonsense", Family.OTHER, None),
        ("postgresql", "character varying(16)", Family.TEXT, 16),
        ("postgresql", "varchar(16)", Family.TEXT, 16),
        ("postgresql", "text", Family.TEXT, None),
        ("postgresql", "character(10)", Family.OTHER, None),
        ("postgresql", "text[]", Family.OTHER, None),
        ("postgresql", "smallint", Family.INTEGER, 32767),
        ("postgresql", "boolean", Family.BOOLEAN, None),
        ("postgresql", "timestamp with time zone", Family.INSTANT, None),
        ("postgresql", "timestamp(3) with time zone", Family.INSTANT, None),
        ("postgresql", "timestamp(3) without time zone", Family.OTHER, None),
        ("sqlite", "VARCHAR(10)", Family.TEXT, None),
        ("sqlite", "TINYINT(1)", Family.INTEGER, None),
        ("sqlite", "YEAR", Family.INTEGER, None),
        ("sqlite", "bool", Family.BOOLEAN, None),
        ("sqlite", "TIMESTAMP", Family.INSTANT, None),
        ("sqlite", "", Family.OTHER, None),
    ],
)
def test_a_type_is_read(vendor: str, written: str, family: Family, capacity: int | None) -> None:
    read = parse_type(vendor, written)
    assert (read.family, read.capacity) == (family, capacity)


def test_an_enum_keeps_its_values_as_written() -> None:
    assert parse_type("mysql", "ENUM('PENDING','it''s')").values == {"PENDING", "it''s"}


@pytest.mark.parametrize(
    ("vendor", "wanted", "actual", "today", "outcome"),
    [
        ("mysql", "varchar(16)", "varchar(16)", None, Fit.FITS),
        ("mysql", "varchar(16)", "char(20)", None, Fit.FITS),
        ("mysql", "varchar(16)", "varchar(10)", None, Fit.NO),
        ("mysql", "varchar(16)", "varchar(10)", 10, Fit.TIGHT),
        ("mysql", "varchar(16)", "varchar(9)", 10, Fit.NO),
        ("mysql", "longtext", "text", None, Fit.FITS),
        ("mysql", "longtext", "varchar(500)", None, Fit.NO),
        ("mysql", "longtext", "varchar(500)", 200, Fit.TIGHT),
        ("mysql", "varchar(16)", "int(11)", 10, Fit.NO),
        ("mysql", "smallint", "int(11)", None, Fit.FITS),
        ("mysql", "integer", "mediumint(9)", None, Fit.NO),
        ("mysql", "integer", "mediumint(9)", 51420, Fit.FITS),
        ("mysql", "smallint", "tinyint(4)", 1894, Fit.NO),
        ("mysql", "smallint", "year(4)", 1894, Fit.NO),
        ("mysql", "bool", "int(11)", None, Fit.FITS),
        ("mysql", "bool", "bit(1)", None, Fit.NO),
        ("mysql", "TIMESTAMP", "datetime", None, Fit.FITS),
        ("mysql", "TIMESTAMP", "date", None, Fit.NO),
        ("mysql", "ENUM('A', 'B')", "enum('B','A','C')", None, Fit.FITS),
        ("mysql", "ENUM('A', 'B')", "enum('A')", None, Fit.NO),
        ("mysql", "ENUM('AA', 'B')", "varchar(2)", None, Fit.FITS),
        ("mysql", "ENUM('AA', 'B')", "varchar(1)", None, Fit.NO),
        ("mysql", "varchar(5)", "enum('A')", None, Fit.NO),
        ("mysql", "json", "json", None, Fit.FITS),
        ("postgresql", "boolean", "smallint", None, Fit.NO),
        ("postgresql", "timestamp with time zone", "timestamp without time zone", None, Fit.NO),
        ("sqlite", "datetime", "TEXT", None, Fit.FITS),
        ("sqlite", "varchar(16)", "INTEGER", None, Fit.NO),
        ("sqlite", "bool", "INTEGER", None, Fit.FITS),
    ],
)
def test_how_well_one_type_serves_as_another(
    vendor: str, wanted: str, actual: str, today: int | None, outcome: Fit
) -> None:
    assert fit(vendor, parse_type(vendor, wanted), parse_type(vendor, actual), today) is outcome
