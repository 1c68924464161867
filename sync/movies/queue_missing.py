"""What a certificate found missing becomes work, of which operators are not hindered."""

from __future__ import annotations

import datetime as dt
from functools import partial

from popflix.engine.changes import whole
from popflix.engine.models import Lane
from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError
from sync.movies.crawl_models import Certificate
from sync.movies.excluding import Actor
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.idset import unpack_ids
from sync.movies.models import AskedBy, MovieFetch
from sync.movies.work import ask_for

MOST = 50_000  # by one click


def queue_missing(
    certificate_id: int, *, by: Actor, why: str, now: dt.datetime
) -> tuple[int, int]:
    """Returns how many ids are asked for, and how many more are missing.

    What was given up is tried again; ids of purged movies have a work row and are left alone.
    Raises OperatorError where the certificate is gone or cannot be read.
    """
    row = Certificate.objects.filter(pk=certificate_id).first()
    try:
        missing = unpack_ids(row.missing_ids) if row else []
    except ValueError:
        missing = []
    if row is None or not missing:
        raise OperatorError("This certificate names nothing missing.", "Look at the newest one.")
    asked = missing[:MOST]
    for some in chunk(asked, IN_ONE_STATEMENT):
        whole(partial(_ask, row.media_type, some, now))
    audit.record(
        by, "queue missing movies", at=now, target=f"certificate {row.pk}", count=len(asked),
        why=why,
    )  # fmt: skip
    return len(asked), len(missing) - len(asked)


def _ask(media_type: str, ids: list[int], now: dt.datetime) -> None:
    ask_for(media_type, ids, asked_by=AskedBy.EXPORT, lane=Lane.BACKFILL, due_at=now, now=now)
    letters = MovieFetch.objects.filter(
        media_type=media_type, tmdb_id__in=ids, given_up_at__isnull=False
    )
    letters.update(due_at=now, attempts=0, failure_kind="", error_group="", given_up_at=None)
