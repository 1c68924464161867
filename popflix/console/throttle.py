"""Slows down who guesses passwords: a wait that grows with the failures, up to 15 minutes.

Counted are the failures of an account from one address, and those of an address whatever the
account; never those of an account alone, so nobody far away can keep its owner out. (A browser
that the account knows counts as an address of its own: see `devices`.) They stand in a table, as
every web process of every host has to see them (a cache of files is one host's).

An attempt is counted before its password is looked at, so a hundred at once are a hundred. One
that comes during a wait is refused unasked and not counted, so a wait never grows by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import salted_hmac

from popflix.console.models import LoginFailures
from popflix.lib.clock import SYSTEM_CLOCK, Clock

FREE_OF_ACCOUNT = 5  # failures until the first wait
FREE_OF_ADDRESS = 20  # behind one address may sit a whole office
FIRST_WAIT_SECONDS = 10
LONGEST_WAIT_SECONDS = 15 * 60
FORGOTTEN_AFTER_SECONDS = 60 * 60
_FORGOTTEN_AT_ONCE = 100


def wait_seconds(failures: int, free: int) -> int:
    """How long to wait after so many failures: 10, 20, 40 … 900 seconds."""
    beyond = failures - free
    if beyond < 0:
        return 0
    return min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS << min(beyond, 10))


@dataclass(frozen=True)
class Attempt:
    """`refused_seconds`: to wait before this attempt; `wait_seconds`: after it, should it fail."""

    refused_seconds: int = 0
    failures: int = 0
    wait_seconds: int = 0


class Throttle:
    """The same few statements for every attempt, however many failures there are."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock

    def begin(self, account: str, address: str) -> Attempt:
        """Count an attempt, unless one has to wait first."""
        now = self._clock.now()
        limits = _limits(account, address)
        self._make_sure_of(limits, now)
        with transaction.atomic():
            rows = list(_rows(limits).select_for_update().order_by("pk"))
            left = max((_left(row, now) for row in rows), default=0)
            if left:
                return Attempt(refused_seconds=left)
            for row in rows:
                _count(row, limits[row.pk], now)
            LoginFailures.objects.bulk_update(rows, ["count", "last_at", "until_at"])
        return Attempt(
            failures=max((row.count for row in rows), default=0),
            wait_seconds=max((_left(row, now) for row in rows), default=0),
        )

    def succeeded(self, account: str, address: str) -> None:
        """Forget the account's failures here; of the address only take back this attempt.

        Else somebody with an account of their own could guess at others without end.
        """
        of_account, of_address = _keys(account, address)
        LoginFailures.objects.filter(pk=of_account).delete()
        rows = LoginFailures.objects.filter(pk=of_address, count__gt=0)
        rows.update(count=F("count") - 1, until_at=None)

    def _make_sure_of(self, limits: Iterable[str], now: dt.datetime) -> None:
        """Outside of the locks: two that insert one key would wait for each other."""
        there = set(_rows(limits).values_list("pk", flat=True))
        missing = [LoginFailures(key=key, last_at=now) for key in limits if key not in there]
        if missing:
            LoginFailures.objects.bulk_create(missing, ignore_conflicts=True)
            old = now - dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
            some = LoginFailures.objects.filter(last_at__lt=old).order_by("last_at")
            keys = list(some.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])
            LoginFailures.objects.filter(pk__in=keys, last_at__lt=old).delete()


def _rows(keys: Iterable[str]) -> QuerySet[LoginFailures]:
    return LoginFailures.objects.filter(pk__in=list(keys))


def _keys(account: str, address: str) -> tuple[str, str]:
    name = account.casefold()  # MariaDB takes Ada for ada
    return _hashed(f"account\0{name}\0{address}"), _hashed(f"address\0{address}")


def _limits(account: str, address: str) -> dict[str, int]:
    of_account, of_address = _keys(account, address)
    return {of_account: FREE_OF_ACCOUNT, of_address: FREE_OF_ADDRESS}


def _hashed(text: str) -> str:
    return salted_hmac("popflix.console.throttle", text, algorithm="sha256").hexdigest()


def _left(row: LoginFailures, now: dt.datetime) -> int:
    if row.until_at is None or row.until_at <= now:
        return 0
    left = (row.until_at - now) / dt.timedelta(seconds=1)
    return min(LONGEST_WAIT_SECONDS, int(left) + 1 if left % 1 else int(left))


def _count(row: LoginFailures, free: int, now: dt.datetime) -> None:
    forgotten = now - row.last_at > dt.timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    row.count = 1 if forgotten else row.count + 1
    row.last_at = now
    waiting = wait_seconds(row.count, free)
    row.until_at = now + dt.timedelta(seconds=waiting) if waiting else None
