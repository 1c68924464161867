"""What operators do to a movie by hand: keep fields from the sources, write them, let them go.

What is written by hand is said by the operator, whom no source outdoes; a lock keeps what stands
there, whoever said it. What is let go says at once what TMDB said last: its body is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from popflix.engine.changes import whole
from popflix.lib import audit, field_locks
from popflix.lib.errors import OperatorError
from popflix.lib.http import BadPayload, Unavailable
from popflix.lib.models import LockMode
from sync.movies.asking import images_wanted
from sync.movies.bodies import Body, unpack
from sync.movies.conflicts import find_conflicts, write_conflicts
from sync.movies.excluding import Actor
from sync.movies.field_words import field_name, fields_of, read_by_hand
from sync.movies.fields import Source
from sync.movies.held import Held, Key, Mark, lock_marks, read_held
from sync.movies.merge import Merged, Offer, Policy, merge
from sync.movies.models import ImdbConflict, Movie, StoredPayload
from sync.movies.outcomes import LOCKED_TABLE, locks_of
from sync.movies.planning import Fetched
from sync.movies.store import rewrite_movies
from sync.movies.transform import read_movie

MODES = (LockMode.FOREVER, LockMode.DATE)
# Who gives a field back means it: an IMDb id, too, is TMDB's again.
_GIVEN_BACK = Policy(fill_only=frozenset())


class Kept(NamedTuple):
    """Until when sources shall leave fields alone."""

    mode: str
    until: dt.datetime | None = None


def keep_fields(
    key: Key, names: Collection[str], *, keep: Kept, by: Actor, why: str, now: dt.datetime
) -> None:
    """Lock fields, with all that belongs to them. Raises OperatorError."""
    if keep.mode not in MODES:
        raise OperatorError("Nobody said until when to lock.", "Choose for ever, or a date.")
    whole(partial(_keep, key, names, keep, by, why, now))


def _keep(
    key: Key, names: Collection[str], keep: Kept, by: Actor, why: str, now: dt.datetime
) -> None:
    mark, _ = _held(key)
    said = _said(mark, key)
    fields = {field: _as_json(said.get(field)) for field in fields_of(names)}
    field_locks.lock(
        LOCKED_TABLE, mark.id, fields, mode=keep.mode, until=keep.until, by=by, at=now, why=why,
        target=_target(key),
    )  # fmt: skip


def free_fields(
    key: Key, names: Collection[str], *, by: Actor, why: str, now: dt.datetime
) -> list[str]:
    """Give fields back to the sources. Returns those of `names` that were kept or written."""
    return whole(partial(_free, key, names, by, why, now))


def _free(
    key: Key, names: Collection[str], by: Actor, why: str, now: dt.datetime
) -> list[str]:  # fmt: skip
    mark, held = _held(key)
    locked = locks_of([mark.id], now).get(str(mark.id), ())
    own = [field for field, source in held.origins.items() if source == Source.OPERATOR]
    freed = [name for name in names if {*locked, *own} & set(fields_of([name]))]
    fields = fields_of(freed)
    field_locks.unlock(
        LOCKED_TABLE, mark.id, fields_of(names), by=by, at=now, why=why, target=_target(key)
    )
    said = _said(mark, key)
    offer = Offer(Source.TMDB, {name: said[name] for name in fields if name in said}, now)
    # What the operator wrote counts as TMDB's from now on, until TMDB says otherwise.
    origins = {
        name: source
        for name, source in held.origins.items()
        if not (name in fields and source == Source.OPERATOR)
    }
    given = merge(held.values, origins, [offer], policy=_GIVEN_BACK)
    _write(key, mark, held, given, by=by, why=why, now=now)
    return freed


def write_field(
    key: Key, name: str, text: str, *, by: Actor, why: str, now: dt.datetime
) -> bool:  # fmt: skip
    """Store what an operator wrote; returns whether anything moved. Raises OperatorError."""
    values = read_by_hand(name, text, images_wanted())
    return whole(partial(_write_field, key, values, by, why, now))


def _write_field(
    key: Key, values: Mapping[str, object], by: Actor, why: str, now: dt.datetime
) -> bool:
    mark, held = _held(key)
    written = merge(held.values, held.origins, [Offer(Source.OPERATOR, values, now)])
    return _write(key, mark, held, written, by=by, why=why, now=now)


def replay_movie(key: Key, *, by: Actor, why: str, now: dt.datetime) -> list[str]:
    """Read the stored body with the present transform; returns the fields that moved."""
    return whole(partial(_replay, key, by, why, now))


def _replay(key: Key, by: Actor, why: str, now: dt.datetime) -> list[str]:
    mark, _ = _held(key)
    payload = _payload(mark)
    if payload is None or mark.fetched_at is None:
        raise OperatorError("No body of it is kept.", "Refresh it: TMDB is asked.")
    packed = bytes(payload.body)
    try:
        values = read_movie(unpack(packed), key[0], images_wanted())
    except (BadPayload, Unavailable, ValueError) as error:
        raise OperatorError(f"The body cannot be read: {error}.", "Refresh it.") from None
    if values.key != key:
        raise OperatorError("The body is of another movie.", "Refresh it.")
    fetched = Fetched(values, Body(payload.sha256, packed, payload.size), mark.fetched_at)
    told = rewrite_movies([fetched], now=now, locks_of=lambda ids: locks_of(ids, now)).merged
    moved = sorted(change.field for each in told.values() for change in each.changes)
    audit.record(
        by, "replay movies", at=now, target=_target(key), count=len(told), why=why,
        details={"fields": moved},
    )  # fmt: skip
    return moved


# --- shared -------------------------------------------------------------------------------------


def _target(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def _held(key: Key) -> tuple[Mark, Held]:
    """The movie as it stands, nobody else's before the transaction ends."""
    mark = lock_marks([key]).get(key)
    if mark is None:
        raise OperatorError(f"{_target(key)} is not held any more.", "Go back to the list.")
    return mark, read_held([mark.id])[mark.id]


def _payload(mark: Mark) -> StoredPayload | None:
    return StoredPayload.objects.filter(pk=mark.payload).first() if mark.payload else None


def _said(mark: Mark, key: Key) -> dict[str, object]:
    """What TMDB said last, as far as that can be read."""
    payload = _payload(mark)
    if payload is None:
        return {}
    try:
        return read_movie(unpack(bytes(payload.body)), key[0], images_wanted()).said()
    except (BadPayload, Unavailable, ValueError):
        return {}


def _write(
    key: Key, mark: Mark, held: Held, result: Merged, *, by: Actor, why: str, now: dt.datetime
) -> bool:
    """The values and whose they are; an edit is in the audit trail, an unlock is already."""
    after = result.after(held.values)
    moved: dict[str, object] = {change.field: change.after for change in result.changes}
    if not moved and result.origins == held.origins:
        return False
    more: dict[str, object] = {"updated_at": now} if moved else {}
    Movie.objects.filter(pk=mark.id).update(
        **moved, **more, origins=dict(result.origins),
        release_date_known=after["release_date"] is not None,
    )  # fmt: skip
    if "imdb_id" in moved:
        _settle_conflicts(key, mark, str(after["imdb_id"]), now)
    details = {
        change.field: {"before": _as_json(change.before), "after": _as_json(change.after)}
        for change in result.changes
    }
    audit.record(by, "edit movie", at=now, target=_target(key), why=why, details=details)
    return True


def _settle_conflicts(key: Key, mark: Mark, tconst: str, now: dt.datetime) -> None:
    """A person has said which id is right; whether it is somebody else's, too, is news."""
    ImdbConflict.objects.filter(movie_id=mark.id).delete()
    if tconst:
        write_conflicts(find_conflicts({key: (mark.id, tconst)}, {}), now)


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def named(names: Sequence[str]) -> str:
    return ", ".join(map(field_name, names))
