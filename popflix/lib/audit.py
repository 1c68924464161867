"""Who did what, when and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from popflix.lib.models import AuditEntry

_TARGET_LENGTH = AuditEntry._meta.get_field("target").max_length or 0


def record(
    actor: AbstractBaseUser | AnonymousUser | str,
    action: str,
    *,
    at: dt.datetime,
    target: str = "",
    count: int = 1,
    why: str = "",
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Append one entry; call it in the transaction of what it tells.

    `actor` is the account, or the name under which a command or the machine acts. `target`
    names what was acted on and is cut to its column; `count` says how many rows there were.
    """
    account = actor if isinstance(actor, AbstractBaseUser) else None
    return AuditEntry.objects.create(
        at=at,
        actor_id=account.pk if account else None,
        actor_name=account.get_username() if account else str(actor),
        action=action,
        target=target[:_TARGET_LENGTH],
        count=count,
        why=why,
        details=dict(details or {}),
    )
