"""A show of a model's as the policies see it."""

from __future__ import annotations

from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.shows.models import MasterShow


def row_of(show: MasterShow) -> Row:
    values = {name: getattr(show, name) for name in (*KEY, *COMPARED, "missing_since")}
    return Row(show.pk, **values)
