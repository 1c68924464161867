"""Letters that nobody wants any more: discarded by a person, or by their age."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from popflix.engine.changes import whole
from popflix.engine.context import RunContext
from popflix.engine.deadletters.letters import Group, Letter, Wanted
from popflix.engine.deadletters.selecting import meant, pages
from popflix.engine.deadletters.sources import Source
from popflix.lib import audit
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

LETTERS_A_COMMIT = 200
Actor = AbstractBaseUser | AnonymousUser | str


def discard(
    wanted: Wanted,
    *,
    by: Actor,
    why: str,
    now: dt.datetime,
    before: dt.datetime | None = None,
    most: int | None = None,
) -> int:
    """Discard what is meant, each chunk with its entry in the audit trail. Returns how many.

    What was given up after `before` (else `now`) is left; nothing is begun beyond `most`, so
    that a click ends in time. Raises OperatorError without a reason.
    """
    if not why.strip():
        raise OperatorError(
            "Discarding needs a reason.", "Say why with --why, for whoever asks later."
        )
    count = 0
    before = before or now
    for source, group in meant(wanted, before):
        for page in pages(source, group, size=LETTERS_A_COMMIT, before=before):
            if most is not None and count >= most:
                return count
            count += whole(partial(_discard, source, group, page, by, why, now))
    return count


def discard_aged(ctx: RunContext, before: dt.datetime) -> int:
    """Within a run: discard what was given up before that instant. Returns how many."""
    count = 0
    for source, group in meant(Wanted(), before):
        for page in pages(source, group, size=LETTERS_A_COMMIT, before=before):
            if ctx.should_stop():
                return count
            with ctx.commit():
                why = f"given up before {before:%Y-%m-%d}"
                count += _discard(source, group, page, "prune", why, ctx.now())
    return count


def _discard(
    source: Source, group: Group, page: list[Letter], by: Actor, why: str, now: dt.datetime
) -> int:
    count = source.discard(page, now)
    if count:
        audit.record(
            by,
            "discard dead letters",
            at=now,
            target=f"{source.name} {group.id}: {group.text}",
            count=count,
            why=redact(why),
            details={"keys": [letter.key for letter in page]},
        )
    return count
