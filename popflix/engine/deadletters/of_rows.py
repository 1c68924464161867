"""Given-up work rows as dead letters: any model that extends WorkRow."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import router
from django.db.models import Q, QuerySet

from popflix.engine.deadletters.grouped import Columns, counted_to, grouped
from popflix.engine.deadletters.letters import Group, Letter, PutBack, Reason, Verdict
from popflix.engine.deadletters.sources import UrlOf, nowhere
from popflix.engine.models import Lane, WorkRow
from popflix.lib.clock import Clock
from popflix.lib.tally import tally

_COLUMNS = Columns("failure_kind", "given_up_at", "last_error")
OnRetry = Callable[[Sequence[Any], dt.datetime], None]


def _nothing_more(keys: Sequence[Any], now: dt.datetime) -> None:
    """Most rows have no companions that a retry concerns."""


@dataclass(frozen=True)
class WorkRowSource:
    """Rows whose `given_up_at` is set. Its kinds are those of `failure_kind`.

    `unit` is started to work on what is retried. `on_retry(keys, now)` does what else a retry
    means to the domain, in the same transaction. `url_of(key)` is the page of a row. The kind
    of a failure stays on a row that is retried until it is settled: that is how its fate is told
    from its waiting.

    A large table needs the index (failure_kind, error_group, given_up_at), and `kinds`: those
    that are given up, so that the rows of all others are passed over. Empty means any.
    """

    name: str
    title: str
    model: type[WorkRow]
    unit: str = ""
    on_retry: OnRetry = _nothing_more
    url_of: UrlOf = nowhere
    kinds: Sequence[str] = ()

    def groups(
        self, *, before: dt.datetime | None = None, most: int | None = None, only: str = ""
    ) -> list[Group]:
        rows = self._rows()
        if most is not None and before is None and self.kinds:
            return counted_to(
                most, rows, _COLUMNS, self.kinds, source=self.name, unit=self.unit, group=only
            )
        letters = self._letters(before)
        return grouped(letters, _COLUMNS, source=self.name, unit=self.unit, rows=rows)

    def glance(self, *, most: int, unit: str = "") -> Counter[Reason]:
        if unit not in ("", self.unit):
            return Counter()
        rows = self._letters(None)
        if not self.kinds:  # by the index of claims: what is given up is not due
            rows = self._rows().filter(
                lane__in=Lane.values, due_at=None, given_up_at__isnull=False
            )
        counted = tally(rows.order_by()[:most], "failure_kind", "error_group")
        return Counter({Reason(self.unit, *words): count for words, count in counted.items()})

    def letters(
        self,
        group: Group,
        *,
        limit: int,
        after: Letter | None = None,
        before: dt.datetime | None = None,
    ) -> list[Letter]:
        rows = self._letters(before).filter(failure_kind=group.kind, error_group=group.text)
        if after is not None:
            rows = rows.filter(given_up_at__gte=after.at)
            rows = rows.exclude(given_up_at=after.at, pk__lte=self._key(after.key))
        return _read(rows.order_by("given_up_at", "pk")[:limit])

    def find(self, key: str) -> Letter | None:
        try:
            found = _read(self._letters(None).filter(pk=self._key(key)))
        except ValueError:  # no number where keys are numbers
            return None
        return found[0] if found else None

    def retry(
        self, letters: Sequence[Letter], due: Sequence[dt.datetime], *, by: str, clock: Clock
    ) -> PutBack:
        """Due at their instants in the lane they are in."""
        return self._put_back(letters, due, {}, clock.now())

    def hurry(self, letters: Sequence[Letter], *, by: str, clock: Clock) -> PutBack:
        now = clock.now()
        return self._put_back(letters, [now] * len(letters), {"lane": Lane.OPERATOR}, now)

    def _put_back(
        self,
        letters: Sequence[Letter],
        due: Sequence[dt.datetime],
        more: dict[str, Any],
        now: dt.datetime,
    ) -> PutBack:
        by_key = {self._key(letter.key): letter for letter in letters}
        locked = self._letters(None).select_for_update().filter(pk__in=list(by_key))
        keys = set(locked.values_list("pk", flat=True))
        pairs = sorted((at, key) for at, key in zip(due, by_key, strict=True) if key in keys)
        for at, some in groupby(pairs, key=lambda pair: pair[0]):
            rows = self._rows().filter(pk__in=[key for _, key in some])
            rows.update(due_at=at, given_up_at=None, attempts=0, lease_token="", **more)
        if keys:
            self.on_retry([key for _, key in pairs], now)
        return PutBack([by_key[key] for _, key in pairs])

    def verdicts(self, letters: Sequence[Letter]) -> list[Verdict]:
        keys = [self._key(letter.key) for letter in letters]
        rows = self._rows().filter(pk__in=keys).values_list("pk", "failure_kind", "given_up_at")
        now_is = {pk: (kind, given_up_at) for pk, kind, given_up_at in rows}
        return [
            _verdict(letter, *now_is.get(key, (letter.kind, letter.at)))
            for key, letter in zip(keys, letters, strict=True)
        ]

    def discard(self, letters: Sequence[Letter], now: dt.datetime) -> int:
        """The kind and the words of the failure stay on the row."""
        keys = [self._key(letter.key) for letter in letters]
        return self._letters(None).filter(pk__in=keys).update(given_up_at=None)

    def _letters(self, before: dt.datetime | None) -> QuerySet[Any]:
        early = Q() if before is None else Q(given_up_at__lte=before)
        kind = Q(failure_kind__in=self.kinds) if self.kinds else Q(failure_kind__gt="")
        return self._rows().filter(early, kind, given_up_at__isnull=False)

    def _rows(self) -> QuerySet[Any]:
        return self.model._default_manager.using(router.db_for_write(self.model)).all()

    def _key(self, text: str) -> Any:
        try:
            return self.model._meta.pk.to_python(text)
        except Exception:
            raise ValueError(text) from None


def _verdict(letter: Letter, kind: str, given_up_at: dt.datetime | None) -> Verdict:
    if given_up_at is not None:
        return Verdict.FAILED
    if not kind:
        return Verdict.PASSED
    return Verdict.PENDING if kind == letter.kind else Verdict.FAILED


def _read(rows: QuerySet[Any]) -> list[Letter]:
    found = rows.values_list("pk", "given_up_at", "failure_kind", "last_error")
    return [Letter(str(pk), at, kind, error) for pk, at, kind, error in found]
