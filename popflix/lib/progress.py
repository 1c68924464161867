"""How far a piece of work is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Protocol, TextIO

from popflix.lib.clock import SYSTEM_CLOCK, Clock

LINE_EVERY_SECONDS = 5.0


class Reporter(Protocol):
    """One piece of work at a time: `start`, many `advance`, `close`. Numbers are increments."""

    def start(self, total: int | None, label: str) -> None:
        """Begin; `total` is None where nobody knows. A second start begins the next piece."""
        ...

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        """`done` more are done, of which `ok` and `failed`; `note` replaces the last one."""
        ...

    def line(self, text: str) -> None:
        """Print a line of text, above the bar where there is one."""
        ...

    def close(self) -> None:
        """End the piece and say how it went. Harmless when nothing was started."""
        ...


def make_reporter(stream: Any, as_json: bool, clock: Clock = SYSTEM_CLOCK) -> Reporter:
    """The reporter for a command's output stream.

    Under --json stdout belongs to the one object: lines go to stderr and progress is silent.
    """
    if as_json:
        return SilentReporter(sys.stderr)
    # Django's OutputWrapper adds a newline to every write; a bar moves the cursor instead.
    stream = getattr(stream, "_out", stream)
    if stream.isatty():
        return BarReporter(stream)
    return LinesReporter(stream, clock)


class _Tally:
    """The counts of one piece of work."""

    def __init__(self, total: int | None, label: str, began: float) -> None:
        self.total = total
        self.label = label
        self.began = began
        self.done = self.ok = self.failed = 0
        self.note = ""

    def add(self, done: int, ok: int, failed: int, note: str) -> None:
        self.done += done
        self.ok += ok
        self.failed += failed
        self.note = note or self.note

    def counted(self, now: float) -> str:
        seconds = now - self.began
        rate = self.done / seconds if seconds > 0 else 0.0
        return f"{self._count()}, {rate:,.1f}/s"

    def told(self) -> str:
        failed = f"{self.failed:,} failed" if self.failed else ""
        return ", ".join(part for part in (failed, self.note) if part)

    def left(self, now: float) -> str:
        if not self.total or not 0 < self.done < self.total:
            return ""
        return f"{duration((now - self.began) / self.done * (self.total - self.done))} left"

    def text(self, now: float) -> str:
        parts = (self.counted(now), self.left(now), self.told())
        return f"{self.label}: {', '.join(part for part in parts if part)}"

    def ending(self, now: float) -> str:
        parts = (self.counted(now), self.told(), f"took {duration(now - self.began)}")
        return f"{self.label}: {', '.join(part for part in parts if part)}"

    def _count(self) -> str:
        if self.total is None:
            return f"{self.done:,}"
        percent = f" ({100 * self.done // self.total} %)" if self.total else ""
        return f"{self.done:,} of {self.total:,}{percent}"


def duration(seconds: float) -> str:
    """`8.4 s`, `2 m 05 s`, `3 h 20 m`: two units are enough to wait by."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} m"


class LinesReporter:
    """A line every few seconds, for logs, pipes and cron mails."""

    def __init__(self, stream: TextIO, clock: Clock = SYSTEM_CLOCK) -> None:
        self._stream = stream
        self._clock = clock
        self._tally: _Tally | None = None
        self._next_line_at = 0.0

    def start(self, total: int | None, label: str) -> None:
        self.close()
        now = self._clock.monotonic()
        self._tally = _Tally(total, label, now)
        self._next_line_at = now + LINE_EVERY_SECONDS

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        if self._tally is None:
            return
        self._tally.add(done, ok, failed, note)
        now = self._clock.monotonic()
        if now >= self._next_line_at:
            self._next_line_at = now + LINE_EVERY_SECONDS
            self.line(self._tally.text(now))

    def line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        if self._tally is not None:
            self.line(self._tally.ending(self._clock.monotonic()))
            self._tally = None


class SilentReporter:
    """No progress, only lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def start(self, total: int | None, label: str) -> None:
        """Nothing to show."""

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        """Nothing to show."""

    def line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class BarReporter:
    """rich's bar with count, rate and time left; what is logged meanwhile appears above it."""

    def __init__(self, stream: TextIO) -> None:
        # Imported here: rich costs 60 ms, and only a person at a terminal sees it.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[counted]}", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}", markup=False),
        )
        self._console = Console(file=stream, force_terminal=True, highlight=False)
        self._progress = Progress(*columns, console=self._console)
        self._task: Any = None
        self._tally = _Tally(None, "", 0.0)

    def start(self, total: int | None, label: str) -> None:
        self.close()
        self._tally = _Tally(total, label, self._progress.get_time())
        self._task = self._progress.add_task(label, total=total, counted="", told="")
        self._progress.start()

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        if self._task is None:
            return
        tally, now = self._tally, self._progress.get_time()
        tally.add(done, ok, failed, note)
        self._progress.update(
            self._task, advance=done, counted=tally.counted(now), told=tally.told()
        )

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        if self._task is None:
            return
        self._progress.stop()
        self._progress.remove_task(self._task)
        self._task = None
        self.line(self._tally.ending(self._progress.get_time()))
