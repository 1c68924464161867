"""What a run at work keeps of itself: samples of its counts, and the tail of its log.

Both are written within the run's own commits, seldom, and only by runs that last: a run of less
than SAMPLE_SECONDS that logs nothing costs no statement more.
"""

from __future__ import annotations

import datetime as dt

from django.db import DatabaseError, OperationalError, transaction

from popflix.engine.models import Run, RunLog, RunSample
from popflix.lib.clock import Clock
from popflix.lib.locks import lost_against_locks
from popflix.lib.logtail import Tail

SAMPLE_SECONDS = LOG_SECONDS = 5.0
_SAMPLES_A_DOUBLING = 60  # about so many while a run's age grows to e times as much


def gap_seconds(age_seconds: float) -> float:
    """How long after a sample the next one is due: a run of ten hours keeps some 350 of them."""
    return max(SAMPLE_SECONDS, age_seconds / _SAMPLES_A_DOUBLING)


class Recorder:
    """Of one claim. `keep` is called in the fenced transactions of the claim, `is_kept` after."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self.tail = Tail()
        self._run_id, self._clock = run.pk, clock
        self._since = run.started_at or clock.now()
        self._sampled_at: dt.datetime | None = None  # one of a commit that failed is not missed
        self._knows_samples = False
        self._log_at = clock.monotonic()
        self._written_count = self._stored_count = 0  # of the tail's lines
        self._earlier: str | None = None  # what claims before this one left; None: no row yet
        self._knows_earlier = False

    def is_due(self) -> bool:
        """Whether `keep` would write; nearly free to ask."""
        return self._is_sample_due() or self._is_log_due()

    def keep(self) -> None:
        """Write what is due."""
        now = self._clock.now()
        if self._is_sample_due():
            self._sample(now)
        if self._is_log_due():
            self._log(now)

    def keep_last(self) -> None:
        """The run ends: write what is new, and a last sample where there are some."""
        now = self._clock.now()
        if self._age(now) >= SAMPLE_SECONDS and self._last_sample() is not None:
            self._sample(now)
        self.keep_lines()

    def keep_lines(self) -> None:
        """The claim ends: write the lines that are new."""
        now = self._clock.now()
        if self.tail.count > self._stored_count:
            self._log(now)

    def is_kept(self) -> None:
        """The transaction of `keep` is committed; lines of one that failed are written again."""
        self._stored_count = self._written_count

    # --- samples ------------------------------------------------------------------------

    def _age(self, now: dt.datetime) -> float:
        return (now - self._since).total_seconds()

    def _is_sample_due(self) -> bool:
        now = self._clock.now()
        age = self._age(now)
        if age < SAMPLE_SECONDS:
            return False
        last = self._last_sample() or self._since
        return (now - last).total_seconds() >= gap_seconds(age)

    def _last_sample(self) -> dt.datetime | None:
        """Asked of the table once: claims before this one may have written some."""
        if not self._knows_samples:
            mine = RunSample.objects.filter(run_id=self._run_id).order_by("-pk")
            self._sampled_at = mine.values_list("at", flat=True).first()
            self._knows_samples = True
        return self._sampled_at

    def _sample(self, now: dt.datetime) -> None:
        counts = Run.objects.values_list("done_count", "failed_count").get(pk=self._run_id)
        RunSample.objects.create(
            run_id=self._run_id, at=now, done_count=counts[0], failed_count=counts[1]
        )
        self._sampled_at = now

    # --- log ----------------------------------------------------------------------------

    def _is_log_due(self) -> bool:
        if self.tail.count == self._stored_count:
            return False
        return self._clock.monotonic() - self._log_at >= LOG_SECONDS

    def _log(self, now: dt.datetime) -> None:
        count = self.tail.count
        if not self._knows_earlier:
            mine = RunLog.objects.filter(run_id=self._run_id)
            self._earlier = mine.values_list("text", flat=True).first()
            self._knows_earlier = True
        self._write(self.tail.after(self._earlier or ""), now)
        self._written_count, self._log_at = count, self._clock.monotonic()

    def _write(self, text: str, now: dt.datetime) -> None:
        """A line that the database has no letters for (MariaDB's latin1) breaks no run."""
        try:
            with transaction.atomic():
                self._store(text, now)
        except DatabaseError as error:
            if text.isascii() or (
                isinstance(error, OperationalError) and lost_against_locks(error)
            ):
                raise
            self._store(text.encode("ascii", "backslashreplace").decode(), now)

    def _store(self, text: str, now: dt.datetime) -> None:
        mine = RunLog.objects.filter(run_id=self._run_id)
        if not mine.update(text=text, at=now):
            RunLog.objects.create(run_id=self._run_id, text=text, at=now)
