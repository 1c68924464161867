"""One interface, three forms."""

from __future__ import annotations

import io
import re
import sys

import pytest
from django.core.management.base import OutputWrapper

from popflix.lib.progress import BarReporter, LinesReporter, Reporter, duration, make_reporter
from tests.popflix.lib.clocks import FakeClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(terminal: io.StringIO) -> str:
    """What a person saw at some moment, without the codes that move and colour."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (8.44, "8.4 s"), (60, "1 m 00 s"), (125.4, "2 m 05 s"), (12_000, "3 h 20 m")],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_lines_come_every_few_seconds_with_count_rate_and_time_left() -> None:
    stream, clock = io.StringIO(), FakeClock()
    reporter = LinesReporter(stream, clock)
    reporter.start(1000, "Titles")
    for _ in range(10):
        clock.sleep(1)
        reporter.advance(50, ok=49, failed=1, note="waiting for nobody")
    reporter.close()
    assert stream.getvalue().splitlines() == [
        "Titles: 250 of 1,000 (25 %), 50.0/s, 15.0 s left, 5 failed, waiting for nobody",
        "Titles: 500 of 1,000 (50 %), 50.0/s, 10.0 s left, 10 failed, waiting for nobody",
        "Titles: 500 of 1,000 (50 %), 50.0/s, 10 failed, waiting for nobody, took 10.0 s",
    ]


def test_a_total_nobody_knows_gives_no_percentage() -> None:
    stream, clock = io.StringIO(), FakeClock()
    reporter = LinesReporter(stream, clock)
    reporter.start(None, "Rows")
    clock.sleep(6)
    reporter.advance(6000)
    assert stream.getvalue() == "Rows: 6,000, 1,000.0/s\n"


def test_nothing_to_do_is_no_division_by_zero() -> None:
    stream, clock = io.StringIO(), FakeClock()
    reporter = LinesReporter(stream, clock)
    reporter.start(0, "Rows")
    reporter.advance(0)
    reporter.close()
    assert stream.getvalue() == "Rows: 0 of 0, 0.0/s, took 0.0 s\n"


def test_the_next_piece_ends_the_one_before() -> None:
    stream = io.StringIO()
    reporter = LinesReporter(stream, FakeClock())
    reporter.start(1, "First")
    reporter.start(1, "Second")
    reporter.close()
    reporter.close()
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == ["First", "Second"]


def test_progress_before_a_start_shows_nothing() -> None:
    stream = io.StringIO()
    reporter = LinesReporter(stream, FakeClock())
    reporter.advance(1)
    reporter.close()
    assert stream.getvalue() == ""


def test_under_json_stdout_stays_clean_and_lines_go_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = make_reporter(sys.stdout, True)
    drive(reporter)
    assert capsys.readouterr() == ("", "a line of its own\n")


def test_a_pipe_gets_lines() -> None:
    stream = io.StringIO()
    drive(make_reporter(OutputWrapper(stream), False, FakeClock()))
    assert stream.getvalue().splitlines() == [
        "a line of its own",
        "Titles: 3 of 10 (30 %), 0.0/s, 1 failed, a note, took 0.0 s",
    ]


def test_a_terminal_gets_a_bar_with_count_rate_and_note() -> None:
    terminal = Terminal()
    drive(make_reporter(OutputWrapper(terminal), False))
    text = shown(terminal)
    assert "━" in text
    assert "3 of 10 (30 %)" in text
    assert "1 failed, a note" in text
    assert "a line of its own" in text
    assert re.search(r"Titles: 3 of 10 \(30 %\), [\d,.]+/s, 1 failed, a note, took", text)


def test_a_bar_takes_brackets_for_text() -> None:
    terminal = Terminal()
    reporter = BarReporter(terminal)
    reporter.advance(1)
    reporter.close()
    reporter.start(None, "[red]Rows")
    reporter.start(2, "[bold]More")
    reporter.advance(1, note="[link]")
    reporter.close()
    assert "[red]Rows" in shown(terminal)
    assert "[link]" in shown(terminal)


def drive(reporter: Reporter) -> None:
    reporter.start(10, "Titles")
    reporter.advance(3, ok=2, failed=1, note="a note")
    reporter.line("a line of its own")
    reporter.close()
