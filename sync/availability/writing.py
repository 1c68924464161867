"""The statements that write a batch of checks, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from popflix.engine.models import Lane
from popflix.lib.upserts import upsert
from sync.availability.decide import Decision, State
from sync.availability.held import Place
from sync.availability.models import Availability, AvailabilityFlip
from sync.availability.types import Found, Judged

_KEY = ("movie_id", "provider_id", "region", "season", "episode")
_WORK = (
    "due_at", "lane", "lease_token", "attempts", "failure_kind", "error_group", "given_up_at",
    "last_error",
)  # fmt: skip
_STATE = tuple(State.__dataclass_fields__)
_EVIDENCE = ("code", "final_host", "rule", "excerpt_sha256")
_OFFERS, _DOCUMENT = ("offers",), ("document_id",)
_COLUMNS = (*_KEY, *_WORK, *_STATE, *_EVIDENCE, *_OFFERS, *_DOCUMENT)
_RULE_LENGTH, _HOST_LENGTH = 40, 100
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it is to be. `row_id` None: of a region."""

    place: Place
    judged: Judged
    before: State
    decision: Decision
    row_id: int | None = None
    work: tuple[Any, ...] = (None, int(Lane.BACKFILL), "", 0, "", "", None, "")
    document: str | None = None

    @property
    def is_late(self) -> bool:
        """The check is older than the row's last one, and says nothing any more."""
        return self.decision.state is self.before


def write_changes(changes: Sequence[Change], provider_id: int) -> None:
    """Claimed rows, then those of regions: offers are overwritten by an answer alone."""
    told = [each for each in changes if not each.is_late]
    claimed = [each for each in told if each.row_id is not None]
    released = [each for each in changes if each.is_late and each.row_id is not None]
    regions = [each for each in told if each.row_id is None]
    for is_known in (True, False):
        some = [each for each in regions if _is_known(each) is is_known]
        offers = _OFFERS if is_known else ()
        _upsert(some, provider_id, (*_STATE, *_EVIDENCE, *offers))
    _upsert(claimed, provider_id, (*_WORK, *_STATE, *_EVIDENCE, *_DOCUMENT))
    _upsert(released, provider_id, _WORK)


def _is_known(change: Change) -> bool:
    return change.judged.found is not Found.UNKNOWN


def _upsert(changes: Sequence[Change], provider_id: int, updated: Sequence[str]) -> None:
    rows = [_row(each, provider_id) for each in sorted(changes, key=lambda each: each.place)]
    upsert(Availability, _COLUMNS, rows, key=_KEY, updated=updated)


def _row(change: Change, provider_id: int) -> tuple[Any, ...]:
    at = connection.ops.adapt_datetimefield_value
    movie, season, episode, region = change.place
    due_at, lane, token, attempts, kind, group, given_up_at, words = change.work
    judged, state = change.judged, change.decision.state
    values = [getattr(state, name) for name in _STATE]
    return (
        movie, provider_id, region, season, episode,
        at(due_at), int(lane), token, attempts, kind, group, at(given_up_at), words,
        *(at(value) if isinstance(value, dt.datetime) else value for value in values),
        judged.code, judged.final_host[:_HOST_LENGTH], judged.rule[:_RULE_LENGTH],
        judged.excerpt_sha256, _json(judged.offers), change.document,
    )  # fmt: skip


def _json(value: object) -> object:
    if value is None:
        return None
    if connection.vendor == "postgresql":
        return connection.ops.adapt_json_value(value, None)
    return _ENCODER.encode(value).decode()


def write_flips(
    flips: Sequence[Change], provider_id: int, run_id: int | None, now: dt.datetime
) -> None:
    if not flips:
        return
    ids = _ids_of([each.place for each in flips if each.row_id is None], provider_id)
    AvailabilityFlip.objects.bulk_create(
        AvailabilityFlip(
            availability_id=ids[each.place] if each.row_id is None else each.row_id,
            at=each.decision.state.status_since or now,
            before=each.before.status,
            after=each.decision.state.status,
            code=each.judged.code,
            final_host=each.judged.final_host[:_HOST_LENGTH],
            rule=each.judged.rule[:_RULE_LENGTH],
            run_id=run_id,
        )
        for each in flips
    )


def _ids_of(places: Sequence[Place], provider_id: int) -> dict[Place, int]:
    if not places:
        return {}
    rows = Availability.objects.filter(
        provider_id=provider_id,
        movie_id__in={place[0] for place in places},
        region__in={place[3] for place in places},
    )
    read = rows.values_list("movie_id", "season", "episode", "region", "pk")
    return {(movie, season, episode, region): pk for movie, season, episode, region, pk in read}
