"""Retry and Cancel, of one run and of many: the same steps, each in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from popflix.console.units.acting import require_permission
from popflix.engine import starting
from popflix.engine.models import Run
from popflix.engine.registry import registry
from popflix.engine.views.controls import Asked, cancel_audited
from popflix.lib import audit
from popflix.lib.admin import why_given
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

_MOST_AT_ONCE = 200
_MOST_TOLD = 5


def retry(request: HttpRequest, run_id: int) -> Run:
    """Start the failed run again; returns the new one. Raises OperatorError."""
    failed = Run.objects.filter(pk=run_id).first()
    unit = registry.find(failed.unit) if failed is not None else None
    if failed is not None and unit is not None:
        require_permission(request.user, unit, failed.params)
    with transaction.atomic():
        run = starting.retry(run_id, by=request.user.get_username())
        audit.record(
            request.user,
            "retry run",
            at=SYSTEM_CLOCK.now(),
            target=f"{run.unit} run {run_id}",
            why=redact(why_given(request)),
            details={"run": run.pk},
        )
    return run


def retry_told(request: HttpRequest, run_id: int) -> str:
    return f"Run {run_id} is tried again as run {retry(request, run_id).pk}."


def cancel_told(request: HttpRequest, run_id: int) -> str:
    """Raises OperatorError."""
    asked = Asked(request.user.get_username(), why_given(request), account=request.user)
    run = cancel_audited(run_id, asked)
    over = run.active_key is None
    return f"Run {run_id} is {run.status if over else 'asked to end after its chunk'}."


def each(
    request: HttpRequest, queryset: QuerySet[Any], act: Callable[[HttpRequest, int], str]
) -> None:
    """Do it run by run, oldest first; each one that is refused says why and stops no other."""
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_AT_ONCE + 1])
    done: list[str] = []
    refused: list[str] = []
    for run_id in chosen[:_MOST_AT_ONCE]:
        try:
            done.append(act(request, run_id))
        except OperatorError as error:
            refused.append(str(error))
    if len(chosen) > _MOST_AT_ONCE:
        refused.append(f"Only the first {_MOST_AT_ONCE} were taken; choose the others again.")
    _tell(request, messages.SUCCESS, done)
    _tell(request, messages.WARNING, refused)


def _tell(request: HttpRequest, level: int, told: list[str]) -> None:
    for text in told[:_MOST_TOLD]:
        messages.add_message(request, level, text)
    if len(told) > _MOST_TOLD:
        messages.add_message(request, level, f"And {len(told) - _MOST_TOLD} more.")
