"""What a run tells and commits: each transaction opens with the fenced UPDATE of its row."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Protocol

from django.db import transaction

from popflix.engine import events, fence, files
from popflix.engine.current import Letter, Letterbox, require_id
from popflix.engine.lookout import Lookout
from popflix.engine.models import Run
from popflix.engine.recording import Recorder
from popflix.engine.states import Kind
from popflix.lib.clock import Clock

SAVE_SECONDS = 1.0  # between two stored figures of progress


class Reporter(Protocol):
    """Where a foreground run shows itself."""

    def progress(self, done: int, total: int | None) -> None: ...

    def note(self, text: str) -> None: ...


class Telling:
    """The part of a RunContext that writes. Once the fence is lost it writes nothing more."""

    def __init__(
        self, run: Run, lookout: Lookout, *, clock: Clock, reporter: Reporter | None
    ) -> None:
        self.run_id: int = run.pk
        self.unit: str = run.unit
        self.fence: int = run.fence
        self.clock = clock
        self.is_committing = False
        self.letterbox = Letterbox()
        self.recorder = Recorder(run, clock)
        self._lookout, self._reporter = lookout, reporter
        self._done, self._total = run.done_count, run.total_count
        self._saved_at, self._is_unsaved = clock.monotonic(), False

    def now(self) -> dt.datetime:
        return self.clock.now()

    # --- telling ------------------------------------------------------------------------

    def progress(self, done: int | None = None, total: int | None = None) -> None:
        """Set absolute counts, None leaves one as it is; stored at most once a second."""
        self._done = self._done if done is None else done
        self._total = self._total if total is None else total
        self._is_unsaved = True
        self._show()
        if self.clock.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store the progress and the letters that are not stored yet. Raises FenceLost."""
        if not self.is_committing:
            self.write_letters()
        if not self._is_unsaved:
            return
        with self._recording():
            if not fence.set_progress(
                self.run_id, self.fence, now=self.now(), done=self._done, total=self._total
            ):
                raise self._lookout.lost()
        self._saved_at, self._is_unsaved = self.clock.monotonic(), False

    def milestone(self, milestone_id: str, /, **payload: object) -> None:
        """Tell that something is reached, in the open commit or in one of its own.

        Raises ValueError for an id that is empty or longer than 150 characters.
        """
        require_id(milestone_id)
        self._tell(Kind.MILESTONE, milestone_id, payload)

    def note(self, text: str) -> None:
        """Tell the operator a sentence: an event, and a line of the foreground command."""
        self._tell(Kind.NOTE, "", {"text": text})

    def _tell(self, kind: Kind, milestone_id: str, payload: Mapping[str, object]) -> None:
        with self._committing():
            self._write(Letter(kind, milestone_id, payload, self.now()))

    def write_letters(self) -> None:
        """Store what other threads and coroutines told, in the open commit or in one of its own.

        Raises FenceLost.
        """
        if letters := self.letterbox.letters():
            with contextlib.nullcontext() if self.is_committing else self._open(0, 0, 0):
                for letter in letters:
                    self._write(letter)
            self.letterbox.drop_first(len(letters))

    def _write(self, letter: Letter) -> None:
        events.tell(
            self.run_id,
            self.unit,
            letter.kind,
            letter.at,
            milestone_id=letter.milestone_id,
            payload=letter.payload,
        )
        if letter.kind is Kind.NOTE:
            self.recorder.tail.add(letter.at, "NOTE", str(letter.payload["text"]))
            self._say(str(letter.payload["text"]))

    def attach(
        self, name: str, content: str | bytes, *, content_type: str = files.UNKNOWN_TYPE
    ) -> None:
        """Keep a file with the run, in the open commit or in one of its own.

        Another one of this name is replaced. At most 7 MiB. Raises OperatorError for a name or a
        size that cannot be, and FenceLost.
        """
        with self._committing():
            files.store(self.run_id, name, content, content_type, self.now())

    def _show(self) -> None:
        if self._reporter is not None:
            self._reporter.progress(self._done, self._total)

    def _say(self, text: str) -> None:
        if self._reporter is not None:
            self._reporter.note(text)

    # --- committing ---------------------------------------------------------------------

    @contextlib.contextmanager
    def commit(self, *, done: int = 0, ok: int = 0, failed: int = 0) -> Iterator[None]:
        """One transaction that opens with the fenced UPDATE of the run; the counts are added.

        Raises FenceLost, nothing written, when the run belongs to somebody else by now.
        """
        self.write_letters()  # were told before
        with self._open(done, ok, failed):
            yield
        self._lookout.has_beaten()
        if done:
            self._done += done
            self._show()

    @contextlib.contextmanager
    def _open(self, done: int, ok: int, failed: int) -> Iterator[None]:
        with transaction.atomic(durable=True):
            # A body that tells its total once and then only commits has it stored, too.
            total = self._total if self._is_unsaved else None
            if not fence.advance(
                self.run_id,
                self.fence,
                now=self.now(),
                done=done,
                ok=ok,
                failed=failed,
                total=total,
            ):
                raise self._lookout.lost()
            self.is_committing = True
            try:
                yield
            finally:
                self.is_committing = False
            if self.recorder.is_due():
                self.recorder.keep()
        self.recorder.is_kept()

    @contextlib.contextmanager
    def _recording(self) -> Iterator[None]:
        """One transaction with what the recorder keeps, if that is due."""
        if self.is_committing or not self.recorder.is_due():
            yield
            return
        with transaction.atomic():
            yield
            self.recorder.keep()
        self.recorder.is_kept()

    @contextlib.contextmanager
    def _committing(self) -> Iterator[None]:
        """The open commit, or one of its own."""
        if self.is_committing:
            yield
        else:
            with self.commit():
                yield
