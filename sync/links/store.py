"""Reading and writing MediaLinks and Enrichment: few statements a batch, under the fence.

`last_updated` moves exactly when a link changes: it is always written, with its old value where
only the status moves, because MySQL's ON UPDATE would stamp it otherwise.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.constants import OnConflict

from popflix.engine.grouping import error_group
from sync.links.decide import Held, Intent, Kind, Outcome, Policy, decide
from sync.links.lookup import Question
from sync.links.match import Wanted
from sync.links.models import Enrichment, MediaLinks

_LINK_COLUMNS = (
    "imdb_id", "tmdb_id", "poster_url", "trailer_embed_url", "processed_status", "last_updated",
)  # fmt: skip
_WORK_COLUMNS = (
    "imdb_id", "due_at", "lane", "lease_token", "attempts", "failure_kind", "error_group",
    "given_up_at", "last_error", "media_type", "fetched_at", "poster_reason", "trailer_reason",
    "candidates", "last_run_id", "locked_fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    held: Held
    last_updated: dt.datetime | None


def load_questions(keys: Sequence[str], token: str) -> list[Question]:
    """What to ask about the rows just claimed under `token`, in the order of `keys`."""
    rows = Enrichment.objects.filter(pk__in=keys).values_list(
        "pk", "lane", "attempts", "media_type", "locked_fields", "link__tmdb_id",
        "link__title__title_type", "link__title__primary_title", "link__title__original_title",
        "link__title__start_year",
    )  # fmt: skip
    made = {}
    for key, lane, attempts, kind, locked, tmdb_id, title_type, primary, original, year in rows:
        made[key] = Question(
            wanted=Wanted(key, title_type or "", primary or "", original or "", year),
            lane=lane,
            attempts=attempts,
            token=token,
            known_type=kind,
            known_id=tmdb_id,
            is_pinned=tmdb_id is not None and "tmdb_id" in locked,
        )
    return [made[key] for key in keys if key in made]


def apply_outcomes(
    results: Sequence[tuple[Question, Outcome]],
    *,
    run_id: int,
    now: dt.datetime,
    policy: Policy,
    random01: Callable[[], float] = random.random,
) -> dict[str, Intent]:
    """Decide and write a batch inside the caller's transaction; return what was written.

    The rows are read again here, locked: an operator may have edited or retried one meanwhile,
    and a row that no longer carries its question's token is somebody else's.
    """
    rows = _read_held({question.tconst: question.token for question, _ in results})
    intents = {
        question.tconst: decide(
            rows[question.tconst].held, outcome, now=now, policy=policy, random01=random01()
        )
        for question, outcome in results
        if question.tconst in rows
    }
    _write_links(rows, intents, now)
    _write_work(intents, run_id, now)
    return intents


def _read_held(tokens: Mapping[str, str]) -> dict[str, _Row]:
    locked = Enrichment.objects.select_for_update().filter(
        pk__in=list(tokens), lease_token__in=set(tokens.values())
    )
    rows = locked.values_list(
        "pk", "lease_token", "link__last_updated", "locked_fields", "link__processed_status",
        "link__tmdb_id", "link__poster_url", "link__trailer_embed_url", "attempts", "lane",
        "failure_kind", "media_type", "fetched_at", "poster_reason", "trailer_reason",
        "candidates",
    )  # fmt: skip
    found = {}
    for key, token, last_updated, locks, status, tmdb_id, poster, trailer, *others in rows:
        if tokens[key] == token:
            held = Held(status, tmdb_id, poster, trailer, frozenset(locks), *others)
            found[key] = _Row(held, last_updated)
    return found


def _write_links(
    rows: Mapping[str, _Row], intents: Mapping[str, Intent], now: dt.datetime
) -> None:
    values = []
    for key, intent in intents.items():
        held, last_updated = rows[key].held, rows[key].last_updated
        moved = intent.link_differs(held)
        if moved or intent.status != held.status:
            values.append(
                (
                    key,
                    intent.tmdb_id,
                    intent.poster_url,
                    intent.trailer_embed_url,
                    intent.status,
                    _instant(now if moved else last_updated),
                )
            )
    _upsert(MediaLinks, _LINK_COLUMNS, values, updated=_LINK_COLUMNS[1:])


def _write_work(intents: Mapping[str, Intent], run_id: int, now: dt.datetime) -> None:
    instant = cache(_instant)  # of this batch: most rows share theirs
    given_up_at = _instant(now)
    values = [
        (
            key,
            instant(intent.due_at),
            intent.lane,
            "",
            intent.attempts,
            intent.failure_kind,
            *_letter(intent, given_up_at),
            intent.last_error,
            intent.media_type,
            instant(intent.fetched_at),
            intent.poster_reason,
            intent.trailer_reason,
            _json(intent.candidates),
            run_id,
            _json(()),  # for the INSERT's form only: a row that exists keeps its locks
        )
        for key, intent in intents.items()
    ]
    _upsert(Enrichment, _WORK_COLUMNS, values, updated=_WORK_COLUMNS[1:-1])


def _letter(intent: Intent, given_up_at: object) -> tuple[str, object]:
    """Group and instant of a dead letter: a failure that is not asked again by itself."""
    if intent.failure_kind and intent.due_at is None:
        return error_group(_cause(intent)), given_up_at
    return "", None


def _cause(intent: Intent) -> str:
    """Why it failed, without the records that the title could be: those are its own."""
    if intent.failure_kind == Kind.AMBIGUOUS:
        return intent.last_error.partition(":")[0]
    return intent.last_error


def _upsert(
    model: type[Model],
    columns: Sequence[str],
    values: Sequence[Sequence[Any]],
    *,
    updated: Sequence[str],
) -> None:
    """The seed's own ON DUPLICATE KEY UPDATE, in each database's words, as one executemany.

    The rows exist and are locked, so only the update happens; drivers send this form in one
    statement for many rows, which they do not do for UPDATE.
    """
    if not values:
        return
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    marks = ", ".join(["%s"] * len(columns))
    suffix = connection.ops.on_conflict_suffix_sql(
        list(columns), OnConflict.UPDATE, list(updated), [columns[0]]
    )
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {suffix}", values)


def _instant(moment: dt.datetime | None) -> object:
    return connection.ops.adapt_datetimefield_value(moment)


def _json(value: Sequence[object]) -> object:
    return connection.ops.adapt_json_value(list(value), json.JSONEncoder)
