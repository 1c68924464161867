"""The life of a run, as a table, as a picture and as random walks."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.engine.models import RunStatus
from popflix.engine.states import (
    TERMINAL,
    TRANSITIONS,
    IllegalTransition,
    Kind,
    Status,
    UnitStatus,
    after,
    fold,
    fold_pauses,
    unit_status,
)

DRAWING = Path(__file__).parents[3] / "docs" / "engine.md"


def test_the_stored_words_are_those_of_the_table() -> None:
    assert [str(status) for status in Status] == RunStatus.values


def test_docs_draw_exactly_the_transitions_there_are() -> None:
    arrows = re.findall(r"^ +(\S+) --> (\w+): (\w+)", DRAWING.read_text(), re.MULTILINE)
    drawn = {
        (None if before == "[*]" else Status(before), Kind(kind)): Status(reached)
        for before, reached, kind in arrows
    }
    assert drawn == TRANSITIONS


@pytest.mark.parametrize(
    ("status", "kind"),
    [pair for pair in product([None, *Status], Kind) if pair not in TRANSITIONS],
)
def test_every_pair_that_is_not_drawn_is_refused(status: Status | None, kind: Kind) -> None:
    with pytest.raises(IllegalTransition, match=kind):
        after(status, kind)


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="dancing"):
        after("dancing", Kind.START)
    with pytest.raises(ValueError, match="explode"):
        after(Status.RUNNING, "explode")


def test_nothing_leads_out_of_an_ended_run() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in TERMINAL]


def test_notes_and_milestones_do_not_move_a_run() -> None:
    told = [Kind.QUEUED, Kind.NOTE, Kind.START, Kind.MILESTONE, Kind.COMPLETE, Kind.NOTE]
    assert fold(told) is Status.COMPLETED
    assert fold([]) is None


@given(st.data())
def test_a_random_walk_ends_where_its_events_fold_to(data: st.DataObject) -> None:
    status: Status | None = None
    walked: list[Kind] = []
    while ways := [kind for before, kind in TRANSITIONS if before == status]:
        if not data.draw(st.booleans(), label="go on"):
            break
        kind = data.draw(st.sampled_from(ways), label="event")
        status = after(status, kind)
        walked += [kind, Kind.NOTE]
    assert fold(walked) == status


@pytest.mark.parametrize(
    ("is_paused", "is_working", "last_end", "shown"),
    [
        (False, False, None, UnitStatus.IDLE),
        (False, False, Status.CANCELLED, UnitStatus.IDLE),
        (False, False, Status.COMPLETED, UnitStatus.COMPLETED),
        (False, False, Status.ERROR, UnitStatus.ERROR),
        (False, False, Status.LOST, UnitStatus.ERROR),
        (False, True, Status.ERROR, UnitStatus.RUNNING),
        (True, True, Status.ERROR, UnitStatus.PAUSED),
    ],
)
def test_a_unit_shows_its_pause_then_its_work_then_its_last_end(
    is_paused: bool, is_working: bool, last_end: str | None, shown: UnitStatus
) -> None:
    assert unit_status(is_paused=is_paused, is_working=is_working, last_end=last_end) is shown


def test_each_holder_pauses_and_resumes_for_itself() -> None:
    told = [("pause", "operator"), ("pause", "all"), ("skip", ""), ("resume", "all")]
    assert fold_pauses(told) == {"operator"}
    assert fold_pauses([*told, ("resume", "operator"), ("resume", "machine")]) == frozenset()
