"""Failed runs as dead letters."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from popflix.engine import starting
from popflix.engine.deadletters.grouped import Columns, grouped
from popflix.engine.deadletters.letters import Group, Letter, PutBack, Reason, Verdict
from popflix.engine.deadletters.sources import UrlOf, page_of
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.states import FAILED, TERMINAL
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.tally import tally

NAME = "runs"
_DIGITS = 19  # no database takes a longer number
_PAGE = page_of("admin:engine_run_change")
_COLUMNS = Columns("status", "finished_at", "error", "unit")


@dataclass(frozen=True)
class RunSource:
    """Runs that ended as error or lost, were neither retried nor discarded, and belong to no
    process (that is retried as a whole). Its kinds are the two statuses.

    Found and counted by the index (status, dismissed_at, parent, unit, error_group, finished_at).
    """

    registry: Registry = all_units
    name: str = NAME
    title: str = "Failed runs"
    unit: str = ""
    url_of: UrlOf = _PAGE

    def groups(
        self, *, before: dt.datetime | None = None, most: int | None = None, only: str = ""
    ) -> list[Group]:
        """All are counted: runs that failed are few beside the rows of a domain."""
        return grouped(_letters(before), _COLUMNS, source=self.name, unit=self.unit)

    def glance(self, *, most: int, unit: str = "") -> Counter[Reason]:
        runs = _letters(None).filter(unit=unit) if unit else _letters(None)
        counted = tally(runs.order_by()[:most], "unit", "status", "error_group")
        return Counter({Reason(*words): count for words, count in counted.items()})

    def letters(
        self,
        group: Group,
        *,
        limit: int,
        after: Letter | None = None,
        before: dt.datetime | None = None,
    ) -> list[Letter]:
        runs = _letters(before).filter(unit=group.unit, status=group.kind, error_group=group.text)
        if after is not None:
            # One condition more than is needed, by which an index could begin.
            runs = runs.filter(finished_at__gte=after.at)
            runs = runs.exclude(finished_at=after.at, pk__lte=int(after.key))
        return _read(runs.order_by("finished_at", "pk")[:limit])

    def find(self, key: str) -> Letter | None:
        is_number = key.isdecimal() and len(key) <= _DIGITS
        found = _read(_letters(None).filter(pk=int(key))) if is_number else []
        return found[0] if found else None

    def retry(
        self, letters: Sequence[Letter], due: Sequence[dt.datetime], *, by: str, clock: Clock
    ) -> PutBack:
        """Each as a new run, which starts at its instant or when a slot becomes free then."""
        done = PutBack()
        for letter, not_before in zip(letters, due, strict=True):
            self._again(letter, not_before, by, clock, done)
        return done

    def hurry(self, letters: Sequence[Letter], *, by: str, clock: Clock) -> PutBack:
        return self.retry(letters, [clock.now()] * len(letters), by=by, clock=clock)

    def _again(
        self, letter: Letter, not_before: dt.datetime, by: str, clock: Clock, done: PutBack
    ) -> None:
        run = _letters(None).select_for_update().filter(pk=int(letter.key)).first()
        if run is None:
            return
        unit = self.registry.find(run.unit)
        permission = unit.permission(run.params) if unit is not None else ""
        if permission:
            done.refused[letter.key] = f"It asks for the permission {permission}: retry it alone."
            return
        try:
            starting.retry(
                int(letter.key), by=by, not_before=not_before, clock=clock, registry=self.registry
            )
        except OperatorError as error:
            done.refused[letter.key] = error.cause
        else:
            done.letters.append(letter)

    def verdicts(self, letters: Sequence[Letter]) -> list[Verdict]:
        return [_verdict(int(letter.key)) for letter in letters]

    def discard(self, letters: Sequence[Letter], now: dt.datetime) -> int:
        keys = [int(letter.key) for letter in letters]
        return _letters(None).filter(pk__in=keys).update(dismissed_at=now)


def _letters(before: dt.datetime | None) -> QuerySet[Run]:
    early = Q() if before is None else Q(finished_at__lte=before)
    return Run.objects.filter(early, status__in=FAILED, dismissed_at=None, parent=None)


def _read(runs: QuerySet[Run]) -> list[Letter]:
    rows = runs.values_list("pk", "finished_at", "status", "error")
    return [Letter(str(pk), at, status, error) for pk, at, status, error in rows if at]


def _verdict(run_id: int) -> Verdict:
    """Follow the run that retried it, and the attempts that this one was given."""
    again = Run.objects.filter(retry_of=run_id).order_by("-pk")
    newest = again.values_list("pk", "status").first()
    if newest is None:
        return Verdict.FAILED
    pk, status = newest
    if status == RunStatus.COMPLETED:
        return Verdict.PASSED
    if status not in TERMINAL:
        return Verdict.PENDING
    has_follower = Run.objects.filter(retry_of=pk, attempt__gt=1).exists()
    return _verdict(pk) if has_follower else Verdict.FAILED
