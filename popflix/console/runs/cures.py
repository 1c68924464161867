"""What mends a failed run, in words."""

from __future__ import annotations

from popflix.engine.models import Run, RunStatus
from popflix.engine.states import TERMINAL

_LOST = (
    "Its process ended without a word: it was killed, ran out of memory, or its host went down. "
    "The rows it held were given back. Retry starts it again; what was done stays done."
)
_ERROR = "Retry starts it again; what was done stays done."


def cure_of(run: Run, again: Run | None, *, has_log: bool) -> str:
    """One next step; `again` is the newest run that retried this one."""
    if again is not None and again.status not in TERMINAL:
        return f"It is tried again: follow run {again.pk}."
    if again is not None and again.status == RunStatus.COMPLETED:
        return f"Nothing is left to do: run {again.pk} tried it again and completed."
    if again is not None:
        return f"Run {again.pk} tried it again and ended as {again.status}: look there first."
    if run.parent_id is not None:
        return f"It is part of run {run.parent_id}, which is retried as a whole."
    if run.status == RunStatus.LOST:
        return _LOST
    if run.mode:
        return f"{_ERROR} The pages of its parts say what broke."
    return f"{_ERROR} The log says where it broke." if has_log else _ERROR
