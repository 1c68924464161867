"""Run now, pause and resume in an account's name: each audited, each told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from popflix.engine import starting
from popflix.engine.models import Run
from popflix.engine.registry import Unit, registry
from popflix.engine.slots import Busy
from popflix.engine.views import controls
from popflix.engine.views.controls import Asked
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact


def run_now(account: Any, unit: Unit, params: Mapping[str, object], why: str = "") -> Run:
    """Leave a run to the queue. Raises OperatorError, Paused and Busy among it.

    Where a parameter says who asks, that is the account, whatever was typed.
    """
    by = account.get_username()
    taken = _taken(unit, params)
    if "by" in taken:
        params = {**params, "by": by}
    require_permission(account, unit, taken)
    try:
        with transaction.atomic():
            run = starting.enqueue(unit.name, params, trigger="admin", by=by)
            audit.record(
                account, "run unit", at=SYSTEM_CLOCK.now(), target=f"{unit.name} run {run.pk}",
                why=redact(why), details={"params": dict(params)},
            )  # fmt: skip
    except Busy as busy:  # what was told of it went back with the transaction
        starting.record_skip(unit.name, busy, SYSTEM_CLOCK.now(), trigger="admin", by=by)
        raise
    return run


def require_permission(account: Any, unit: Unit, params: Mapping[str, object]) -> None:
    """Some work is for few: `params` are as stored. Raises OperatorError."""
    for name in (*unit.workers, unit.name):
        permission = registry.get(name).permission(params)
        if permission and not account.has_perm(permission):
            raise OperatorError(
                f"You may not start {name} like this: it asks for the permission {permission}.",
                "Ask somebody who has it.",
            )


def _taken(unit: Unit, params: Mapping[str, object]) -> Mapping[str, object]:
    """What the unit makes of them; code that checks may stumble over odd ones: a refusal, too."""
    taken: Mapping[str, object] = {}
    for name in (*unit.workers, unit.name):
        try:
            taken = registry.get(name).clean_params(params)
        except OperatorError:
            raise
        except Exception as error:
            raise OperatorError(
                redact(f"{name} refuses these parameters: {type(error).__name__}: {error}."),
                "Check their names and values.",
            ) from error
    return taken


def pause(account: Any, name: str, why: str) -> str:
    """Raises OperatorError for an unknown unit and without a reason."""
    return _told(controls.pause, account, name, why)


def resume(account: Any, name: str, why: str) -> str:
    """Ends every pause of the unit. Raises OperatorError for an unknown unit."""
    return _told(controls.resume, account, name, why)


def _told(control: Any, account: Any, name: str, why: str) -> str:
    said: list[str] = []
    control(name, Asked(account.get_username(), why, say=said.append, account=account))
    return f"Unit {' '.join(said)}"  # it begins with the name
