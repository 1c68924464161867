"""What is asked of archiving: the parameters of the unit, checked once at the door."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.conf import settings

from popflix.lib.errors import OperatorError, UsageError
from reconcile.changes.approval.wanting import APPROVE

UNIT = "archive-shows"
DAYS = 90
_MOST_DAYS = 36_500
_AGE = re.compile(r"([1-9][0-9]{0,5})([dw])")
# The folder of a command of this process: who starts a run by a form names none, so that nobody
# writes where they like on the worker's host.
_own: ContextVar[Path | None] = ContextVar("_own", default=None)


def days_of(text: str, option: str = "--older-than") -> int:
    """`90d`, `12w` in days. Raises UsageError, naming the option."""
    found = _AGE.fullmatch(text)
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
    if not 1 <= days <= _MOST_DAYS:
        raise UsageError(
            f"{option} is {text or 'empty'}.", "Give days or weeks, such as 90d or 12w."
        )
    return days


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form. Raises OperatorError naming the parameter that is wrong."""
    unknown = sorted(set(params) - {"older_than_days", "by"})
    if unknown:
        raise OperatorError(f"There is no parameter {unknown[0]}.", "Known is older_than_days.")
    days = params.get("older_than_days")
    days = DAYS if days is None else days
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _MOST_DAYS:
        raise OperatorError(
            f"older_than_days is {days}.", f"Give a whole number from 1 to {_MOST_DAYS}."
        )
    return {"older_than_days": days, "by": str(params.get("by") or "")}


def permission(params: Mapping[str, object]) -> str:
    """Rows leave master: an approver starts it, or the host's own timetable by the command."""
    return APPROVE


@contextmanager
def into(folder: Path | None) -> Iterator[None]:
    """Have archives of this process written there."""
    token = _own.set(folder)
    try:
        yield
    finally:
        _own.reset(token)


def folder() -> Path:
    return _own.get() or Path(settings.POPFLIX_ARCHIVE)
