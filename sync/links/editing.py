"""What operators do to media links by hand: edit, choose, unlock, retry. All of it is audited.

Runs work on the same rows: what loses against their locks is done again, whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import partial

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from popflix.engine.changes import whole
from popflix.engine.models import Lane
from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError
from sync.links import selection
from sync.links.decide import LINK_FIELDS
from sync.links.models import Enrichment, MediaLinks

_ROWS_A_COMMIT = 1000
Actor = AbstractBaseUser | AnonymousUser | str


def edit_link(
    tconst: str, values: Mapping[str, object], *, by: Actor, now: dt.datetime, why: str = ""
) -> bool:
    """Store fields of a link as an operator wants them and lock them against enrichment.

    A new TMDB id has the row asked again at once, by that id. Returns whether anything changed.
    Raises KeyError for a name that is no field of the link.
    """
    return whole(partial(_edit, tconst, values, by, now, why))


def _edit(
    tconst: str, values: Mapping[str, object], by: Actor, now: dt.datetime, why: str
) -> bool:
    Enrichment.objects.get_or_create(link_id=tconst, defaults={"due_at": now})
    work = Enrichment.objects.select_for_update().get(pk=tconst)
    link = MediaLinks.objects.select_for_update().get(pk=tconst)
    held = {name: getattr(link, name) for name in LINK_FIELDS}
    changed = {name: value for name, value in values.items() if value != held[name]}
    if not changed:
        return False
    MediaLinks.objects.filter(pk=tconst).update(**changed, last_updated=now)
    work.locked_fields = sorted({*work.locked_fields, *changed})
    work.save(update_fields=["locked_fields"])
    if changed.get("tmdb_id") is not None:
        selection.retry([tconst], now, lane=Lane.OPERATOR)
    details = {name: {"before": held[name], "after": changed[name]} for name in changed}
    audit.record(by, "edit media links", at=now, target=tconst, why=why, details=details)
    return True


def choose_record(
    tconst: str, media_type: str, tmdb_id: int, *, by: Actor, why: str, now: dt.datetime
) -> None:
    """Take one of the candidates as the title's record, lock it and ask TMDB for it at once.

    Raises OperatorError where it is no candidate of the title (any more).
    """

    def choose() -> None:
        work = Enrichment.objects.select_for_update().filter(pk=tconst).first()
        offered = [] if work is None else work.candidates
        if work is None or (media_type, tmdb_id) not in map(_record, offered):
            raise OperatorError(
                f"{media_type} {tmdb_id} is no candidate of {tconst} any more.",
                "Look at the page again; any TMDB id can be given in its form.",
            )
        link = MediaLinks.objects.select_for_update().get(pk=tconst)
        before = link.tmdb_id
        MediaLinks.objects.filter(pk=tconst).update(tmdb_id=tmdb_id, last_updated=now)
        work.media_type, work.locked_fields = media_type, sorted({*work.locked_fields, "tmdb_id"})
        work.save(update_fields=["media_type", "locked_fields"])
        selection.retry([tconst], now, lane=Lane.OPERATOR)
        details = {"tmdb_id": {"before": before, "after": tmdb_id}, "media_type": media_type}
        audit.record(by, "choose TMDB record", at=now, target=tconst, why=why, details=details)

    whole(choose)


def _record(candidate: Mapping[str, object]) -> tuple[object, object]:
    return candidate.get("media_type"), candidate.get("tmdb_id")


def retry_links(tconsts: Iterable[str], *, by: Actor, why: str, now: dt.datetime) -> int:
    """Ask about these titles again at once, before everything else. Returns how many."""

    def retry(some: list[str]) -> int:
        without = MediaLinks.objects.filter(pk__in=some, enrichment=None)
        work = [
            Enrichment(link_id=key, due_at=now) for key in without.values_list("pk", flat=True)
        ]
        Enrichment.objects.bulk_create(work, ignore_conflicts=True)
        found = selection.retry(some, now, lane=Lane.OPERATOR)
        _tell(by, "retry media links", some, found, why, now)
        return found

    return sum(whole(partial(retry, some)) for some in chunk(tconsts, _ROWS_A_COMMIT))


def unlock_links(tconsts: Iterable[str], *, by: Actor, why: str, now: dt.datetime) -> int:
    """Let enrichment choose all fields of these titles again. Returns how many were locked."""

    def unlock(some: list[str]) -> int:
        locked = Enrichment.objects.select_for_update().filter(pk__in=some)
        keys = [row.pk for row in locked.only("locked_fields") if row.locked_fields]
        Enrichment.objects.filter(pk__in=keys).update(locked_fields=[])
        selection.retry(keys, now, lane=Lane.OPERATOR)
        _tell(by, "unlock media links", keys, len(keys), why, now)
        return len(keys)

    return sum(whole(partial(unlock, some)) for some in chunk(tconsts, _ROWS_A_COMMIT))


def _tell(
    by: Actor, action: str, tconsts: list[str], count: int, why: str, now: dt.datetime
) -> None:
    if not count:
        return
    target = tconsts[0] if len(tconsts) == 1 else f"{tconsts[0]} … {tconsts[-1]}"
    audit.record(by, action, at=now, target=target, count=count, why=why)
