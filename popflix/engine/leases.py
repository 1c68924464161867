"""Row leases of a run that is gone: the domains that gave them take them back at once.

A row lease carries the token "<run>-<fence>-<n>". Rows would come back by themselves when their
lease runs out; this only saves the wait.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection, transaction

from popflix.engine.models import Run

ReturnLeases = Callable[[Run, str], None]

log = logging.getLogger(__name__)
_hooks: list[ReturnLeases] = []


def on_run_lost(hook: ReturnLeases) -> ReturnLeases:
    """Have `hook(run, token_prefix)` called when a run ended without giving its rows back.

    `run.heartbeat_at` is its last sign of life: no lease it still holds ends earlier. The hook
    runs in the transaction that ends the run. Usable as a decorator; call it in `units.py`.
    """
    if hook not in _hooks:
        _hooks.append(hook)
    return hook


def forget(hook: ReturnLeases) -> None:
    """Undo `on_run_lost`."""
    _hooks.remove(hook)


def token_prefix(run_id: int, fence: int) -> str:
    return f"{run_id}-{fence}-"


def return_leases(run: Run) -> None:
    """Call the hooks for the claim `run.fence`; a hook that breaks is logged and passed over.

    Raises what it broke with where the database undid the caller's whole transaction for it, as a
    deadlock does: swallowed, the run's end would be lost without a word.
    """
    for hook in _hooks:
        try:
            with transaction.atomic():
                hook(run, token_prefix(run.pk, run.fence))
        except Exception:
            if connection.needs_rollback:  # not even the savepoint is there any more
                raise
            log.exception("returning the row leases of run %s failed; they will run out", run.pk)
