"""The pure rules of a crawl: windows, ages, verdicts, sets of ids, plans."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from popflix.lib.http import BadPayload, NotFound, Rejected, Unavailable
from sync.movies.due import LONGEST_DAYS, TERMS_DAYS, YOUNG_DAYS, due_at, is_current, refresh_days
from sync.movies.idset import IdSet, pack_ids, unpack_ids
from sync.movies.planner import Plan, pages_for
from sync.movies.verdict import judge
from sync.movies.windows import (
    BY_DATE,
    FIRST_DAY,
    LAST_DAY,
    Move,
    Span,
    day_windows,
    first_move,
    last_move,
    other_way,
)

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
CAP = 500


def days(count: int) -> Span:
    return Span(TODAY, TODAY + dt.timedelta(days=count - 1))


class TestWindows:
    @pytest.mark.parametrize("count", [2, 3, 4, 365, 366])
    def test_halves_are_the_whole_without_a_gap_or_an_overlap(self, count: int) -> None:
        first, second = days(count).halves()
        assert (first.first, second.last) == (days(count).first, days(count).last)
        assert second.first - first.last == dt.timedelta(days=1)
        assert abs(first.days - second.days) <= 1

    def test_bisecting_all_there_is_ends_at_single_days(self) -> None:
        span, depth = Span(FIRST_DAY, LAST_DAY), 0
        while span.days > 1:
            span, depth = span.halves()[depth % 2], depth + 1
        assert depth <= 18
        with pytest.raises(ValueError, match="one day"):
            span.halves()

    @pytest.mark.parametrize(
        ("count", "pages", "move"),
        [
            (30, 500, Move.READ),
            (30, 0, Move.READ),
            (30, 501, Move.SPLIT),
            (1, 500, Move.READ),
            (1, 501, Move.BOTH_ENDS),
        ],
    )
    def test_the_first_page_tells_what_becomes_of_a_window(
        self, count: int, pages: int, move: Move
    ) -> None:
        assert first_move(days(count), pages, CAP) is move

    @pytest.mark.parametrize(
        ("count", "seen", "pages", "passes", "move"),
        [
            (30, 100, 5, 1, Move.DONE),
            (30, 101, 5, 1, Move.DONE),  # one left the list meanwhile
            (30, 99, 5, 1, Move.AGAIN),
            (30, 99, 5, 3, Move.SPLIT),
            (1, 99, 5, 3, Move.SHORT),
            (30, 99, 501, 1, Move.SPLIT),  # it grew beyond the cap
            (1, 99, 501, 1, Move.AGAIN),  # from its other end
            (1, 99, 501, 2, Move.SHORT),
            (1, 100, 501, 2, Move.DONE),
        ],
    )
    def test_a_window_ends_when_all_of_it_was_seen(
        self, count: int, seen: int, pages: int, passes: int, move: Move
    ) -> None:
        told = last_move(
            days(count), seen=seen, total_results=100, total_pages=pages, passes=passes, cap=CAP
        )
        assert told is move

    def test_the_other_way_round_twice_is_the_first_way(self) -> None:
        assert other_way(other_way(BY_DATE)) == BY_DATE != other_way(BY_DATE)

    def test_changes_are_read_day_by_day_and_no_further_back_than_they_reach(self) -> None:
        spans = day_windows(TODAY - dt.timedelta(days=2), TODAY, 14)
        assert [span.first for span in spans] == [TODAY - dt.timedelta(days=n) for n in (2, 1, 0)]
        assert len(day_windows(TODAY - dt.timedelta(days=90), TODAY, 14)) == 14
        assert len(day_windows(TODAY, TODAY, 14)) == 1


class TestAges:
    @pytest.mark.parametrize("released", [None, TODAY, dt.date(1950, 1, 1), dt.date(2030, 1, 1)])
    def test_all_are_fetched_again_before_the_terms_forbid_to_keep_them(
        self, released: dt.date | None
    ) -> None:
        for number in range(300):
            assert 0 < refresh_days(number, released, TODAY) <= LONGEST_DAYS < TERMS_DAYS - 20

    def test_young_titles_are_fetched_more_often(self) -> None:
        ages = [0, 100, 121, 700, 731, 9000]
        waits = [refresh_days(7, TODAY - dt.timedelta(days=age), TODAY) for age in ages]
        assert waits == sorted(waits)
        assert waits[1] <= YOUNG_DAYS < waits[2]
        assert refresh_days(7, TODAY + dt.timedelta(days=60), TODAY) == waits[0]

    def test_what_was_fetched_together_does_not_fall_due_together(self) -> None:
        assert len({due_at(number, None, NOW).date() for number in range(200)}) >= 14

    def test_a_movie_is_current_until_its_longest_age(self) -> None:
        assert is_current(NOW - dt.timedelta(days=LONGEST_DAYS - 1), NOW)
        assert not is_current(NOW - dt.timedelta(days=LONGEST_DAYS + 1), NOW)
        assert not is_current(None, NOW)


class TestVerdicts:
    @pytest.mark.parametrize(
        ("error", "kind", "is_letter"),
        [
            (NotFound("TMDB", "answered 404"), "not_found", False),
            (BadPayload("TMDB", "sent rubbish", field="id"), "bad_payload", True),
            (Rejected("TMDB", "answered 400"), "rejected", True),
        ],
    )
    def test_some_answers_settle_at_once(
        self, error: Exception, kind: str, is_letter: bool
    ) -> None:
        verdict = judge(error, attempts=1, max_attempts=5, now=NOW, random01=0)  # type: ignore[arg-type]
        assert (verdict.kind, verdict.is_final, verdict.due_at is None) == (kind, True, is_letter)

    def test_a_passing_fault_waits_longer_each_time_and_is_given_up_at_last(self) -> None:
        fault = Unavailable("TMDB", "answered 502")
        told = [judge(fault, attempts=n, max_attempts=4, now=NOW, random01=0.5) for n in (1, 2, 3)]
        waits = [verdict.due_at for verdict in told]
        assert waits == sorted(waits)  # type: ignore[type-var]
        assert not any(verdict.is_final or verdict.kind for verdict in told)
        last = judge(fault, attempts=4, max_attempts=4, now=NOW, random01=0.5)
        assert (last.kind, last.due_at, last.is_final) == ("gave_up", None, True)


class TestIdSets:
    def test_it_holds_what_was_added_once_and_in_order(self) -> None:
        draw = random.Random(7)
        ids = [draw.randrange(2_000_000) for _ in range(5000)]
        held = IdSet(ids)
        assert list(held) == sorted(set(ids))
        assert len(held) == len(set(ids))
        assert all(number in held for number in ids)
        assert 2_000_001 not in held
        assert not held.add(ids[0])

    @pytest.mark.parametrize("ids", [[], [1], [2_147_483_647, 0, 5], list(range(0, 90_000, 3))])
    def test_packed_ids_come_back_in_order(self, ids: list[int]) -> None:
        assert unpack_ids(pack_ids(ids)) == sorted(ids)

    def test_damaged_packed_ids_are_told(self) -> None:
        packed = pack_ids(range(1000))
        for damaged in (packed[:-5], packed[:3], b"\x05\0\0\0" + packed[4:]):
            with pytest.raises(ValueError, match="damaged"):
                unpack_ids(damaged)


class TestPlans:
    def test_it_counts_one_request_per_movie_and_the_pages(self) -> None:
        plan = Plan("discover", 1000, 600, 50, pages_for(1000), 38.0)
        assert (plan.cached, plan.movies, plan.requests) == (400, 650, 650 + 56)
        assert plan.seconds == pytest.approx(706 * 1.01 / 38)
        assert any(
            line.split() == ["56", "pages", "to", "read,", "about"] for line in plan.lines()
        )

    def test_a_limit_and_others_at_work_are_taken_into_account(self) -> None:
        plan = Plan("x", 1000, 600, 50, 0, 10.0, limit=100, sharers=("refresh-movies (run 3)",))
        assert plan.requests == 100
        assert plan.shared_seconds == pytest.approx(2 * plan.seconds)
        assert any("refresh-movies (run 3)" in line for line in plan.lines())
