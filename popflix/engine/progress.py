"""Joins a foreground run to the reporter of its command."""

from __future__ import annotations

from popflix.lib.progress import Reporter


class Progress:
    """The engine tells absolute counts, a reporter takes increments."""

    def __init__(self, reporter: Reporter, label: str) -> None:
        self._reporter, self._label = reporter, label
        self._done = 0
        self._total: int | None = None
        self._is_started = False

    def progress(self, done: int, total: int | None) -> None:
        if not self._is_started or total != self._total:
            self._reporter.start(total, self._label)
            self._is_started, self._total, self._done = True, total, 0
        if done > self._done:
            self._reporter.advance(done - self._done)
            self._done = done

    def note(self, text: str) -> None:
        self._reporter.line(text)
