"""Shifts among cancellations of the recorded feed: how many are found, how many are wrong."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.changes.moves import pair
from reconcile.changes.types import Row
from tests.reconcile.changes.rows import of_the_real_feed

pytestmark = pytest.mark.recordings
SHIFTED, CANCELLED = 200, 100
Shift = Callable[[random.Random, Row, list[str]], Row]


@pytest.fixture(scope="module")
def feed(recordings: Path) -> list[Row]:
    return of_the_real_feed(recordings)


def put_off(order: random.Random, row: Row, screens: list[str]) -> Row:
    """By five minutes to an hour, either way."""
    minutes = order.choice([-1, 1]) * order.randrange(5, 65, 5)
    return dataclasses.replace(row, show_time=row.show_time + dt.timedelta(minutes=minutes))


def other_screen(order: random.Random, row: Row, screens: list[str]) -> Row:
    return dataclasses.replace(row, screen_name=order.choice(screens))


def either(order: random.Random, row: Row, screens: list[str]) -> Row:
    return order.choice([put_off, other_screen])(order, row, screens)


@pytest.mark.parametrize("shift", [put_off, other_screen, either])
def test_shifts_are_found_among_cancellations(feed: list[Row], shift: Shift) -> None:
    assert len(feed) == 2135
    merged = right = 0
    trials = 10
    for seed in range(trials):
        order = random.Random(seed)
        gone, came, truth = _mutated(order, feed, shift)
        found = pair(gone, came).pairs
        merged += len(found)
        right += sum(truth.get(each.gone.id) == each.came.id for each in found)
    assert right / merged >= 0.99
    assert right / (SHIFTED * trials) >= 0.98


def _mutated(
    order: random.Random, feed: list[Row], shift: Shift
) -> tuple[list[Row], list[Row], dict[int, int]]:
    screens: dict[int, set[str]] = {}
    for row in feed:
        screens.setdefault(row.cinema_id, set()).add(row.screen_name)
    gone = order.sample(feed, SHIFTED + CANCELLED)
    taken, came, truth = {row.key for row in feed}, [], {}
    for row in gone[:SHIFTED]:
        moved = row
        while moved.key in taken:
            moved = shift(order, row, [*sorted(screens[row.cinema_id]), "ANNEX"])
        taken.add(moved.key)
        came.append(dataclasses.replace(moved, id=100_000 + row.id))
        truth[row.id] = 100_000 + row.id
    return gone, came, truth


@pytest.mark.parametrize("seed", range(5))
def test_none_that_may_have_moved_to_two_places_is_merged(feed: list[Row], seed: int) -> None:
    """Earlier or later by the same time, among shows that clearly moved."""
    order = random.Random(seed)
    gone, came, truth = _mutated(order, feed, put_off)
    unclear = gone[SHIFTED:]
    for row in unclear:
        for sign in (-1, 1):
            start = row.show_time + sign * dt.timedelta(minutes=7)
            came.append(dataclasses.replace(row, id=-sign * row.id, show_time=start))
    merged = {each.gone.id for each in pair(gone, came).pairs}
    assert not merged & {row.id for row in unclear}
    assert len(merged & truth.keys()) > SHIFTED * 0.9
