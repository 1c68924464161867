"""In whose name a run decides: only of who may.

A unit that decides is started by a person with the permission, or by a command or a program of
this host. `asked_by` is the last of the doors: whatever stored the run, it asks for whom.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.lib.errors import OperatorError

APPROVE = "reconcile.approve_change"
UNDO = "reconcile.undo_changeset"
_OF_THIS_HOST = ("command", "manager")
_MOST_LINKS = 20


def asked_by(ctx: RunContext, permission: str, by: str) -> str:
    """The name to act in. Raises OperatorError where it may not."""
    trigger = _trigger(Run.objects.get(pk=ctx.run_id))
    if trigger in _OF_THIS_HOST:
        return by
    if trigger != "admin":
        raise OperatorError(
            f"{ctx.unit} was started by a {trigger or 'run'} that nobody stands for.",
            "A person has to ask for it, on the page of the change set.",
        )
    account = get_user_model().objects.filter(username=by, is_active=True).first()
    if account is None or not account.has_perm(permission):
        raise OperatorError(
            f"{by or 'Nobody'} may not do this: the permission {permission} is missing.",
            "Ask somebody who has it, such as the group approver.",
        )
    return by


def _trigger(run: Run) -> str:
    """Of the first of its attempts, and of the process that it is a step of."""
    for _ in range(_MOST_LINKS):
        earlier = run.retry_of if run.retry_of is not None else run.parent
        if earlier is None:
            return run.trigger
        run = earlier
    return ""
