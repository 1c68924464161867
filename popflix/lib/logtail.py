"""The last lines that were logged under a run's id, for whoever follows it."""

from __future__ import annotations

import datetime as dt
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from popflix.lib.redact import redact

LINES, LENGTH = 200, 16_000  # characters: a database may need four bytes for one
_OURS = f"{Path(__file__).resolve().parents[2]}/"
_tails: dict[str, Tail] = {}


class Tail:
    """Lines without secrets, the newest last. Any thread adds, one reads."""

    def __init__(self) -> None:
        self.count = 0  # of all lines there were: tells whether something is new
        self._lines: deque[str] = deque(maxlen=LINES)

    def add(self, at: dt.datetime, word: str, text: str) -> None:
        first, *others = redact(text).replace("\x00", "").splitlines() or [""]
        line = f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} {word} {first}"
        self._lines.extend(each[-LENGTH:] for each in [line, *others[-LINES:]])
        self.count += 1

    def after(self, earlier: str) -> str:
        """The end of the text before this tail and of its own lines."""
        return end_of([*earlier.splitlines(), *list(self._lines)])


def end_of(lines: list[str]) -> str:
    """As many of the last lines as may be kept; of a single long one its end."""
    text = "\n".join(lines[-LINES:])
    if len(text) <= LENGTH:
        return text
    kept = text[-LENGTH:]
    return kept.partition("\n")[2] or kept


@contextmanager
def following(run_id: int | str, tail: Tail) -> Iterator[None]:
    """What is logged inside with this run's id is added to the tail."""
    _tails[str(run_id)] = tail
    try:
        yield
    finally:
        if _tails.get(str(run_id)) is tail:
            del _tails[str(run_id)]


class TailHandler(logging.Handler):
    """Our own lines from INFO up, of other packages what is at least a warning."""

    def emit(self, record: logging.LogRecord) -> None:
        tail = _tails.get(str(getattr(record, "run", "")))
        if tail is None or record.levelno < (
            logging.INFO if _is_ours(record) else logging.WARNING
        ):
            return
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[0]:
                text += "\n" + (
                    record.exc_text or logging.Formatter().formatException(record.exc_info)
                )
            tail.add(dt.datetime.fromtimestamp(record.created, dt.UTC), record.levelname, text)
        except Exception:
            self.handleError(record)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.pathname.startswith(_OURS) and "site-packages" not in record.pathname
