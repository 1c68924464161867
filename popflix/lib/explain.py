"""Turn what drivers and Django raise into a cause and a cure."""

from __future__ import annotations

from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

_UNREACHABLE = (
    "can't connect", "connection refused", "could not connect", "unable to open database file",
    "server has gone away", "lost connection", "name or service not known", "unknown server host",
    "unknown mysql server host", "connection failed", "could not translate host name",
)  # fmt: skip
_REFUSED = ("access denied", "password authentication failed", "no password supplied")
_NO_DATABASE = ("unknown database", "does not exist")
_SCHEMA = (
    "no such table", "no such column", "unknown column", "doesn't exist", "undefinedtable",
    "undefinedcolumn", "has no column named",
)  # fmt: skip


def explain(error: Exception) -> OperatorError:
    """Return the error as an operator reads it; secrets are removed from its text."""
    if isinstance(error, OperatorError):
        return error
    text = redact(str(error)).strip().replace("\n", " ")
    low = text.lower()
    if ("relation" in low and "does not exist" in low) or any(mark in low for mark in _SCHEMA):
        return schema_behind(text)
    if any(mark in low for mark in _REFUSED):
        return OperatorError(
            f"The database refused the user or password ({text}).",
            "Correct DATABASE_URL, or DB_USER and DB_PASSWORD, in .env.",
        )
    if any(mark in low for mark in _UNREACHABLE):
        return OperatorError(
            f"The database cannot be reached ({text}).",
            "Start the database server and check host and port of DATABASE_URL in .env.",
        )
    if any(mark in low for mark in _NO_DATABASE):
        return OperatorError(
            f"The database does not exist ({text}).",
            "Create it, for instance `CREATE DATABASE popflix CHARACTER SET utf8mb4`.",
        )
    if "mysqldb" in low or "mysqlclient" in low:
        return OperatorError(
            "The MySQL driver mysqlclient is not installed.",
            "Install libmariadb-dev, pkg-config, gcc and python3-dev, then run `make setup`.",
        )
    if "psycopg" in low:
        return OperatorError("The PostgreSQL driver is not installed.", "Run `make setup`.")
    if "locked" in low:
        return OperatorError(
            f"Another process holds the SQLite database ({text}).",
            "Wait for its transaction to end and run the command again; nothing was lost.",
        )
    return OperatorError(
        f"{type(error).__name__}: {text or 'no details'}.",
        "Run the command again with --traceback to see where it comes from.",
    )


def schema_behind(detail: str) -> OperatorError:
    return OperatorError(
        f"The database schema is behind the code ({detail}).", "Run `python manage.py migrate`."
    )
