"""The body of the unit that sends what lies in the outbox.

At least once: who is killed between the other end's answer and the commit sends again, under the
same id. What is stored as sent is never sent again.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine import work
from popflix.engine.context import RunContext
from popflix.engine.grouping import error_group
from popflix.engine.models import Notification, Run
from popflix.engine.models.notifications import Channel
from popflix.engine.notifications import mail, webhook
from popflix.engine.notifications.channels import configured
from popflix.engine.notifications.message import Message, NotSent
from popflix.lib.backoff import backoff_seconds
from popflix.lib.clock import SYSTEM_CLOCK

ATTEMPTS = 10  # with the back-off below: about three hours
FIRST_BACKOFF_SECONDS = 60.0
LONGEST_BACKOFF_SECONDS = 3600.0
_LEASE_SECONDS = 120.0  # longer than any time-out of a channel
_WORDS_LENGTH = 500
_CLEAN: dict[str, Any] = {
    "due_at": None,
    "attempts": 0,
    "failure_kind": "",
    "error_group": "",
    "last_error": "",
    "given_up_at": None,
}
log = logging.getLogger(__name__)


def send_due(ctx: RunContext, *, random01: Callable[[], float] = random.random) -> dict[str, int]:
    """Send one after the other until none is due; each is a commit of its own."""
    counts = {"sent": 0, "put_off": 0, "given_up": 0}
    n = 0
    while not ctx.should_stop():
        n += 1
        row = _claim(ctx, ctx.lease_token(n))
        if row is None:
            break
        counts[_send(ctx, row, random01())] += 1
    return counts


def why_not_ready() -> str:
    """Why the timetable has nothing to start: no channel, or nothing to be sent."""
    if not configured():
        return "no channel is set (POPFLIX_NOTIFY_EMAIL, POPFLIX_NOTIFY_WEBHOOK)"
    due = work.next_due(Notification, now=SYSTEM_CLOCK.now(), horizon_seconds=0)
    return "" if due is not None else "nothing waits to be sent"


def give_back(run: Run, token_prefix: str) -> None:
    """A run died: what it was about to send is due at once."""
    now = SYSTEM_CLOCK.now()
    work.release_rows(Notification, token_prefix=token_prefix, now=now, since=run.heartbeat_at)


def _claim(ctx: RunContext, token: str) -> Notification | None:
    keys = work.claim_rows(
        Notification, token=token, limit=1, lease_seconds=_LEASE_SECONDS, now=ctx.now()
    )
    return Notification.objects.filter(pk__in=keys, lease_token=token).first()


def _send(ctx: RunContext, row: Notification, random01: float) -> str:
    try:
        message = Message.of(row)
        if row.channel == Channel.EMAIL:
            mail.send(message)
        else:
            webhook.send(message, ctx.now())
    except NotSent as failure:
        return _settle_failure(ctx, row, str(failure)[:_WORDS_LENGTH], random01)
    _settle(ctx, row, {**_CLEAN, "sent_at": ctx.now()}, ok=1)
    return "sent"


def _settle_failure(ctx: RunContext, row: Notification, words: str, random01: float) -> str:
    now = ctx.now()
    failed = {"last_error": words, "error_group": error_group(words)}
    if row.attempts < ATTEMPTS:
        _settle(ctx, row, {**failed, "due_at": now + _put_off(row.attempts, random01)})
        return "put_off"
    log.error("notification %s is given up: %s", row.pk, words)
    given_up = {"due_at": None, "given_up_at": now, "failure_kind": "gave_up", "attempts": 0}
    _settle(ctx, row, {**failed, **given_up}, failed=1)
    return "given_up"


def _settle(
    ctx: RunContext,
    row: Notification,
    columns: Mapping[str, Any],
    *,
    ok: int = 0,
    failed: int = 0,
) -> None:
    """Nothing is written where the lease is somebody else's by now."""
    with ctx.commit(done=ok + failed, ok=ok, failed=failed):
        ours = Notification.objects.filter(pk=row.pk, lease_token=row.lease_token)
        ours.update(lease_token="", **columns)


def _put_off(attempts: int, random01: float) -> dt.timedelta:
    """1, 2, 4 … minutes after the first, second … attempt, at least half of it."""
    whole = backoff_seconds(attempts - 1, 1.0, FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
    return dt.timedelta(seconds=whole * (0.5 + random01 / 2))
