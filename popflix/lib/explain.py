"""Turn what drivers and Django raise into a cause and a cure."""

from __future__ import annotations

import re

from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

_SCHEMA = (
    "no such table", "no such column", "unknown column", "doesn't exist", "undefinedtable",
    "undefinedcolumn", "has no column named",
)  # fmt: skip
_SCHEMA_IN_POSTGRES = re.compile(r"\b(relation|column|table) \S+ does not exist")
_REFUSED = ("access denied", "password authentication failed", "no password supplied", 'role "')
_NO_DATABASE = ("unknown database", "does not exist")
_UNREACHABLE = (
    "can't connect", "connection refused", "could not connect", "server has gone away",
    "lost connection", "name or service not known", "unknown server host",
    "unknown mysql server host", "connection failed", "could not translate host name",
    "connection timeout expired", "failed to resolve host",
)  # fmt: skip
_FILE = ("unable to open database file", "readonly database", "not a database", "is malformed")


def explain(error: Exception) -> OperatorError:
    """Return the error as an operator reads it; secrets are removed from its text."""
    if isinstance(error, OperatorError):
        return error
    text = redact(_words(error))
    low = text.lower()
    told = _about_the_database(text, low) or _about_the_driver(low)
    return told or OperatorError(
        f"{type(error).__name__}: {text or 'no details'}.",
        "Run the command again with --traceback to see where it comes from.",
    )


def schema_behind(detail: str) -> OperatorError:
    return OperatorError(
        f"The database schema is behind the code ({detail}).", "Run `python manage.py migrate`."
    )


def _words(error: Exception) -> str:
    # MySQL's errors are (number, text): the number comes last, for whoever looks it up.
    if len(error.args) == 2 and isinstance(error.args[1], str):
        return f"{' '.join(error.args[1].split())} [{error.args[0]}]"
    return " ".join(str(error).split())


def _about_the_database(text: str, low: str) -> OperatorError | None:
    if _has(low, _SCHEMA) or _SCHEMA_IN_POSTGRES.search(low):
        return schema_behind(text)
    if _has(low, _REFUSED):
        return OperatorError(
            f"The database refused the user or password ({text}).",
            "Correct DATABASE_URL, or DB_USER and DB_PASSWORD, in .env.",
        )
    if _has(low, _NO_DATABASE):
        return OperatorError(
            f"The database does not exist ({text}).",
            "Create it, for instance `CREATE DATABASE popflix CHARACTER SET utf8mb4`.",
        )
    if _has(low, _UNREACHABLE):
        return OperatorError(
            f"The database cannot be reached ({text}).",
            "Start the database server and check host and port of DATABASE_URL in .env.",
        )
    if _has(low, _FILE):
        return OperatorError(
            f"The SQLite database cannot be used ({text}).",
            "Check that the file DATABASE_URL or POPFLIX_VAR names is a database you may write.",
        )
    if "locked" in low:
        return OperatorError(
            f"Another process holds the SQLite database ({text}).",
            "Wait for its transaction to end and run the command again; nothing was lost.",
        )
    return None


def _about_the_driver(low: str) -> OperatorError | None:
    if "mysqldb" in low or "mysqlclient" in low:
        return OperatorError(
            "The MySQL driver mysqlclient is not installed.",
            "Install libmariadb-dev, pkg-config, gcc and python3-dev, then run `make setup`.",
        )
    if "psycopg" in low:
        return OperatorError("The PostgreSQL driver is not installed.", "Run `make setup`.")
    return None


def _has(text: str, marks: tuple[str, ...]) -> bool:
    return any(mark in text for mark in marks)
