"""One notification on its way out, and how it can fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from popflix.engine.models import Notification


class NotSent(Exception):  # noqa: N818 - named as what happened
    """The other end did not take it; the words name neither address nor secret."""


@dataclass(frozen=True)
class Message:
    """`id` stays the same however often it is sent, so that the receiver can tell repetitions."""

    id: str
    kind: str
    cause: str
    subject: str
    text: str
    at: dt.datetime
    payload: Mapping[str, object]

    @classmethod
    def of(cls, row: Notification) -> Message:
        # The instant makes it unlike any of a database that was begun afresh.
        own_id = f"{row.pk}-{int(row.created_at.timestamp())}"
        return cls(own_id, row.kind, row.cause, row.subject, row.body, row.created_at, row.payload)
