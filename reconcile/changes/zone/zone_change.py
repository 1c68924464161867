"""Another time zone of a cinema: proposed as a change set, carried out when that is approved.

    propose_zone → ChangeSet(purpose=zone) of held moves → approved → carry_out → the moves applied

Where no show of master moves there is nothing to approve: it is carried out at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from reconcile.changes.finding.comparing import MASTER_TABLE, SYNC_TABLE, Comparing, column
from reconcile.changes.finding.reading import rows_of
from reconcile.changes.finding.scope import newest_load
from reconcile.changes.judging import store
from reconcile.changes.models import ChangeSet, Purpose, SetState
from reconcile.changes.policy import diff
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.proposal import Proposal, State
from reconcile.changes.types import ChangeKind, Row
from reconcile.feed.lease import held
from reconcile.feed.models import Cinema, Load
from reconcile.feed.restaging import StagedStart, reread_staging, restage, zone_in_force
from reconcile.feed.staging import finish_broken
from reconcile.feed.zones import is_zone
from reconcile.shows.models import MasterShow

_STANDING = (SetState.OPEN, SetState.APPLYING)
_ONE_GROUP = 1  # all or nothing: half a programme in another zone helps nobody


@dataclass(frozen=True)
class Moving:
    """A show of master, and the staged start that it has with the other zone."""

    row: Row
    start: StagedStart

    @property
    def after(self) -> Row:
        assert self.start.new.at is not None
        return replace(self.row, show_time=self.start.new.at)


def propose_zone(
    cinema_id: int, zone: str, *, by: str, why: str, clock: Clock = SYSTEM_CLOCK
) -> ChangeSet | None:
    """The change set that waits for approval, None where the zone is set by now; audited.

    Raises OperatorError for what cannot be, and while somebody works on the feed.
    """
    if not why.strip():
        raise OperatorError("A time zone needs a reason.", "Say why, for whoever asks later.")
    cinema = require_possible(Cinema.objects.filter(pk=cinema_id).first(), zone)
    with held(str(cinema.source), f"the time zone of {cinema_id}", clock) as lease:
        now = clock.now()
        finish_broken(lease.source, now, lease.prolong)
        return again_when_locked(partial(_propose, cinema_id, zone, by, why, now))


def require_possible(cinema: Cinema | None, zone: str) -> Cinema:
    """The cinema, if it may get this zone. Raises OperatorError."""
    if cinema is None:
        raise OperatorError("There is no such cinema.", "Choose it in the list of cinemas.")
    if zone and not is_zone(zone):
        raise OperatorError(f"{zone[:64]} is no time zone.", "Write for instance Europe/Berlin.")
    if zone == cinema.zone:
        told = f"{zone} already" if zone else "its feed's already"
        raise OperatorError(f"The time zone of {cinema} is {told}.", "Choose another one.")
    standing = standing_zone_set(cinema)
    if standing is not None:
        raise OperatorError(
            f"Change set {standing.pk} already asks for another time zone of {cinema}.",
            "Approve or reject that one first.",
        )
    return cinema


def standing_zone_set(cinema: Cinema) -> ChangeSet | None:
    """The change set that waits for a person's word about the cinema's zone."""
    sets = ChangeSet.objects.filter(
        purpose=Purpose.ZONE, source=cinema.source, state__in=_STANDING
    )
    return next((each for each in sets if each.details.get("cinema") == cinema.pk), None)


def carry_out(change_set: ChangeSet, now: dt.datetime) -> None:
    """Set the zone that the set asks for and read staging anew; harmless when it is done.

    The caller holds the source's lease, has finished loads that were broken off, and applies the
    set's moves after it.
    """
    details = change_set.details
    with transaction.atomic():
        cinema = _locked(details["cinema"])
        if cinema is None or cinema.zone == details["zone"]:
            return
        decided = change_set.changes.exclude(decided_by="").order_by("pk").first()
        by = decided.decided_by if decided else str(details.get("by", ""))
        why = str(details.get("why", ""))
        _set_zone(cinema, details["zone"], by, why, now)


def moving(cinema: Cinema, load: Load, starts: Sequence[StagedStart]) -> list[Moving]:
    """Master's shows that stand on the key of a staged one that moves; missing ones stay."""
    coming = {each.sync_id: each for each in starts if each.new.at not in (None, each.moment)}
    if not coming:
        return []
    pairs = [(sync, pk) for sync, pk in _pairs(cinema.pk) if sync in coming]
    rows = rows_of(MasterShow, [pk for _, pk in pairs])
    return [Moving(rows[pk], coming[sync]) for sync, pk in pairs if pk in rows]


def _propose(cinema_id: int, zone: str, by: str, why: str, now: dt.datetime) -> ChangeSet | None:
    with transaction.atomic():
        cinema = require_possible(_locked(cinema_id), zone)
        load = newest_load(str(cinema.source))
        moves = moving(cinema, load, reread_staging(cinema, load, zone)) if load else []
        if load is None or not moves:
            _set_zone(cinema, zone, by, why, now)
            return None
        change_set = _stored(cinema, load, zone, moves, by, why, now)
        details = {"before": cinema.zone, "after": zone, "change_set": change_set.pk}
        audit.record(
            by, "propose time zone", at=now, target=_target(cinema), count=len(moves), why=why,
            details=details,
        )  # fmt: skip
        return change_set


def _stored(
    cinema: Cinema, load: Load, zone: str, moves: Sequence[Moving], by: str, why: str,
    now: dt.datetime,
) -> ChangeSet:  # fmt: skip
    change_set = ChangeSet.objects.create(
        purpose=Purpose.ZONE, source=cinema.source, load_id=load.pk, created_at=now,
        details={
            "cinema": cinema.pk, "zone": zone, "before": str(cinema.zone), "by": by, "why": why,
        },
    )  # fmt: skip
    here = zone_in_force(cinema, load) or "UTC"
    reason = f"the time zone of {cinema} becomes {zone_in_force(cinema, load, zone) or 'UTC'}"
    store.add_changes(change_set, [_proposal(each, ZoneInfo(here), reason) for each in moves])
    change_set.counts = store.counts_of(change_set)
    change_set.save(update_fields=["counts"])
    return change_set


def _proposal(each: Moving, zone: ZoneInfo, reason: str) -> Proposal:
    before, after = diff.before_after(diff.changed(each.after, each.row, diff.ALL))
    day = each.row.show_time.astimezone(zone).date()
    return Proposal(
        ChangeKind.MOVE, each.row.cinema_id, day.weekday(), day=day, master_id=each.row.id,
        sync_id=each.start.sync_id, before=before, after=after,
        fingerprint=fingerprint(each.row), reason=reason, state=State.HELD, group=_ONE_GROUP,
    )  # fmt: skip


def _set_zone(cinema: Cinema, zone: str, by: str, why: str, now: dt.datetime) -> None:
    load = newest_load(str(cinema.source))
    if load is not None:
        restage(cinema, load, zone, now)
    details = {"before": str(cinema.zone), "after": zone}
    cinema.zone = zone
    cinema.save(update_fields=["zone"])
    audit.record(by, "set time zone", at=now, target=_target(cinema), why=why, details=details)


def _locked(cinema_id: int) -> Cinema | None:
    return Cinema.objects.select_for_update().filter(pk=cinema_id).first()


def _target(cinema: Cinema) -> str:
    return f"cinema {cinema.pk} {cinema.name}".strip()


def _pairs(cinema_id: int) -> list[tuple[int, int]]:
    """Staged and master rows of one key, by their ids."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id, m.id FROM {quote(SYNC_TABLE)} s JOIN {quote(MASTER_TABLE)} m "
            f"ON {Comparing().same_key()} WHERE s.{column('cinema_id')} = %s "
            "AND m.missing_since IS NULL ORDER BY s.id",
            [cinema_id],
        )
        return list(cursor.fetchall())
