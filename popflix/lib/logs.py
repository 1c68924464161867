"""Logging to the console and to a rotating file, the run id on each line, secrets removed.

Secrets are removed when a record is made, before any handler sees it: also from urllib3's at
DEBUG, and for handlers that are not ours.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import logging.config
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

from popflix.lib.errors import ConfigurationError
from popflix.lib.redact import redact, remember_secret

current_run: ContextVar[str] = ContextVar("current_run", default="-")

_SECRET_SETTINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_URLLIB3 = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


@contextmanager
def run_scope(run_id: int | str) -> Iterator[None]:
    """Lines logged inside carry `run_id`. Threads start outside of every scope: enter it there."""
    token = current_run.set(str(run_id))
    try:
        yield
    finally:
        current_run.reset(token)


def logging_settings(path: Path, *, as_json: bool, level: str) -> dict[str, Any]:
    """The LOGGING setting: everything from `level` up to stderr and to the file at `path`.

    Raises ConfigurationError for a level that logging does not know.
    """
    if level.upper() not in _LEVELS:
        raise ConfigurationError("LOG_LEVEL is no level.", f"Write one of {', '.join(_LEVELS)}.")
    formatter = "popflix.lib.logs.JsonFormatter" if as_json else "popflix.lib.logs.TextFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"redacting": {"()": formatter}},
        "filters": {
            "no_query": {"()": "popflix.lib.logs.NoQuery"},
            "no_database_traceback": {"()": "popflix.lib.logs.NoDatabaseTraceback"},
        },
        "handlers": {
            "console": {"()": "popflix.lib.logs.ConsoleHandler", "formatter": "redacting"},
            "file": {
                "()": "popflix.lib.logfile.SharedRotatingHandler",
                "path": path,
                "formatter": "redacting",
            },
            "runs": {"()": "popflix.lib.logtail.TailHandler"},
        },
        "root": {"handlers": ["console", "file", "runs"], "level": level.upper()},
        "loggers": {
            # Django's own handlers would print each line a second time.
            "django": {"handlers": [], "level": "NOTSET"},
            "urllib3": {"level": "WARNING"},
            # It names processes by hashes; what a run does is told in our own words.
            "django-q": {"level": "WARNING", "filters": ["no_database_traceback"]},
            **{name: {"filters": ["no_query"]} for name in _URLLIB3},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """What LOGGING_CONFIG names: learn the secrets, then configure."""
    from django.conf import settings

    for secret in secrets_of(settings):
        remember_secret(secret)
    logging.setLogRecordFactory(make_record)
    logging.config.dictConfig(config)


def secrets_of(settings: Any) -> Iterable[str]:
    """The values of the settings that are secrets by name, and the passwords in addresses."""
    for name in dir(settings):
        value = getattr(settings, name) if name.isupper() else None
        if isinstance(value, str) and name.endswith(_SECRET_SETTINGS):
            yield value
        elif isinstance(value, str) and name.endswith("_URL") and "@" in value:
            yield unquote(urlsplit(value).password or "")
    yield from settings.SECRET_KEY_FALLBACKS
    for database in settings.DATABASES.values():
        # A password like the user's own name cannot be hidden: the word is all over the logs.
        if database.get("PASSWORD") not in (database.get("USER"), database.get("NAME"), "popflix"):
            yield str(database.get("PASSWORD") or "")


def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """The factory of every record: run id, and no secret in message, arguments or traceback."""
    record = logging.LogRecord(*args, **kwargs)
    record.run = current_run.get()
    message = _message(record)
    clean = redact(message)
    if clean != message:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0]:
        # Every formatter takes a text that is there for its own rendering.
        record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
    if record.stack_info:
        record.stack_info = redact(record.stack_info)
    return record


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # Wrong placeholders: logging would print template and arguments as they are.
        record.msg, record.args = redact(f"{record.msg} {record.args}"), ()
        return str(record.msg)


class NoQuery(logging.Filter):
    """urllib3 logs whole URLs; what follows the `?` is nobody's business."""

    _QUERY = re.compile(r"\?[^\s\"']*")

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._QUERY.sub("?…", _message(record)), ()
        return True


class NoDatabaseTraceback(logging.Filter):
    """While the database is away each of the queue's processes would print a page a try."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if _is_of_a_database(error):
            record.msg, record.args = redact(f"{_message(record)}: {error}"), ()
            record.exc_info, record.exc_text = None, None
        return True


def _is_of_a_database(error: object) -> bool:
    from django.db import DatabaseError, InterfaceError  # logging is set up before Django is

    return isinstance(error, DatabaseError | InterfaceError)


class ConsoleHandler(logging.StreamHandler[TextIO]):
    """Writes to the stderr of the moment: under a progress bar, that is the line above it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class TextFormatter(logging.Formatter):
    """`2026-11-21T12:00:00.123Z INFO popflix.x [run 7] message`, tracebacks on further lines."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{_instant(record)} {record.levelname} {record.name} [run {_run(record)}]"
        parts = [f"{head} {_message(record)}", _traceback(self, record), record.stack_info or ""]
        return redact("\n".join(part for part in parts if part))


class JsonFormatter(logging.Formatter):
    """One JSON object per line: at, level, logger, run, message, process, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "run": _run(record),
            "process": record.process,
            "message": redact(_message(record)),
        }
        if text := _traceback(self, record):
            line["exception"] = redact(text)
        return json.dumps(line, ensure_ascii=False)


def _instant(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run(record: logging.LogRecord) -> str:
    return str(getattr(record, "run", None) or current_run.get())


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_text:
        return record.exc_text
    if record.exc_info and record.exc_info[0]:
        return formatter.formatException(record.exc_info)
    return ""
