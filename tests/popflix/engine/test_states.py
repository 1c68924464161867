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
    after,
    fold,
    sources,
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


def test_sources_are_what_a_compare_and_set_may_find() -> None:
    assert sources(Kind.START) == {Status.QUEUED}
    assert sources(Kind.CANCEL) == {Status.QUEUED, Status.RUNNING, Status.WAITING}
    assert sources(Kind.QUEUED) == frozenset()


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
