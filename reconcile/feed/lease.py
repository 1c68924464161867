"""One holder of a source at a time: loading it and reconciling it never overlap.

A lease ends by itself, so that the source of a killed holder is free again a minute later; what
the holder left half done, `reconcile.feed.staging.finish_broken` finishes.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q

from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from reconcile.feed.models import Source

LEASE_SECONDS = 60
_PROLONG_AFTER_SECONDS = 10
_LONGEST_HOLDER = 40


class LeaseLost(Exception):  # noqa: N818 - an answer: somebody else has the source by now
    """The lease ran out, and somebody else took the source."""


class SourceBusy(OperatorError):  # noqa: N818 - a state, told as one
    """Somebody else works on the source."""


@dataclass
class Lease:
    """A source that is held. `prolong` between batches, before the next one is written."""

    source: str
    token: str
    clock: Clock
    taken_at: dt.datetime

    def prolong(self) -> None:
        """Keep the source for another minute. Raises LeaseLost where it is somebody else's."""
        now = self.clock.now()
        if (now - self.taken_at).total_seconds() < _PROLONG_AFTER_SECONDS:
            return
        mine = Source.objects.filter(name=self.source, lease_token=self.token)
        if not mine.update(lease_until=now + dt.timedelta(seconds=LEASE_SECONDS)):
            raise LeaseLost(f"the lease of {self.source} went to somebody else")
        self.taken_at = now


@contextmanager
def held(source: str, holder: str, clock: Clock) -> Iterator[Lease]:
    """Hold a source, which is made where it is new. `holder` is who says "busy", for people.

    Raises SourceBusy while somebody else holds it.
    """
    Source.objects.get_or_create(name=source)
    now = clock.now()
    token = f"{holder[:_LONGEST_HOLDER]} #{secrets.token_hex(8)}"
    free = Q(lease_token="") | Q(lease_until=None) | Q(lease_until__lt=now)
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    if not Source.objects.filter(free, name=source).update(lease_token=token, lease_until=until):
        raise _busy(source)
    try:
        yield Lease(source, token, clock, now)
    finally:
        mine = Source.objects.filter(name=source, lease_token=token)
        mine.update(lease_token="", lease_until=None)


def free_of_run(run_id: int) -> None:
    """Free what a dead run held; holders are called "…, run 17"."""
    held = Source.objects.filter(lease_token__contains=f", run {run_id} #")
    held.update(lease_token="", lease_until=None)


def _busy(source: str) -> SourceBusy:
    token = Source.objects.filter(name=source).values_list("lease_token", flat=True).first() or ""
    holder = token.rpartition(" #")[0] or "somebody else"
    return SourceBusy(
        f"The feed {source} is busy: {holder} works on it.",
        f"Wait until that has ended; the source of a killed one is free after {LEASE_SECONDS} s.",
    )
