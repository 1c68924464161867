"""What was applied is reversed, unless somebody changed it since: then it says what."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from reconcile.changes.policy.diff import told
from reconcile.changes.policy.inverse import GONE, Applied, inverse_of
from reconcile.changes.types import ChangeKind, Row
from tests.reconcile.changes.rows import show

THEN = dt.datetime(2026, 1, 30, 12, tzinfo=dt.UTC)
HERE = show("10:00", "S1", id=1, is_active="Y")
AWAY = replace(HERE, is_active="N", missing_since=THEN)
WENT = Applied(ChangeKind.MISSING, {"is_active": "Y"}, {"is_active": "N"}, at=THEN)


def test_a_missing_show_is_there_again() -> None:
    made = inverse_of(replace(WENT, row=AWAY))
    assert (made.kind, made.why_not) == (ChangeKind.REVIVE, "")
    assert made.after == {"is_active": "Y", "missing_since": None}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (None, GONE),
        (HERE, "edited since: it is there again"),
        (replace(AWAY, missing_since=THEN + dt.timedelta(hours=1)),
         "edited since: it was declared missing anew"),
    ],
)  # fmt: skip
def test_a_missing_show_that_changed_since_stays(row: Row | None, why: str) -> None:
    assert inverse_of(replace(WENT, row=row)).why_not == why


def test_an_update_of_a_show_that_is_missing_by_now_stays() -> None:
    update = Applied(ChangeKind.UPDATE, {"title": "A"}, {"title": HERE.title}, row=AWAY)
    assert inverse_of(update).why_not == "edited since: it is missing"


def test_a_value_that_somebody_emptied_is_named() -> None:
    update = Applied(ChangeKind.UPDATE, {"rating": "A"}, {"rating": "U"},
                     row=replace(HERE, rating=None))  # fmt: skip
    assert inverse_of(update).why_not == "edited since: rating is empty"


def test_an_insert_is_removed_until_a_later_load_changed_it() -> None:
    came = Applied(ChangeKind.INSERT, {}, told(HERE), row=HERE)
    assert (inverse_of(came).kind, inverse_of(came).why_not) == (ChangeKind.REMOVE, "")
    assert inverse_of(replace(came, has_later=True)).why_not == "changed by a later load"
