"""top: one frame that fits 80 columns, rates from two frames, a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import errno
import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rich.console import Console

from popflix.engine import pauses, runs, starting
from popflix.engine.models import Event, Run, RunStatus, Supervisor
from popflix.engine.registry import registry
from popflix.engine.views.frame import Frame, Pacer, look
from popflix.engine.views.top import render
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import BucketView
from tests.popflix.engine.commands.conftest import Manage
from tests.popflix.engine.fakes import NOON, FakeClock
from tests.site import ROOT, Site


def working(clock: FakeClock, done: int = 0, total: int | None = None) -> Run:
    run = runs.create_run("count-up", {}, trigger="command", clock=clock, status=RunStatus.RUNNING)
    Run.objects.filter(pk=run.pk).update(done_count=done, total_count=total)
    return run


def text(frame: Frame, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(render(frame, width))
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.both_databases
@pytest.mark.usefixtures("units")
class TestFrame:
    def test_the_rate_is_taken_from_two_frames(self, clock: FakeClock) -> None:
        run, pacer = working(clock, 100, 1100), Pacer()
        assert pacer.paced(look(registry, clock)).paces[run.pk].rate is None
        clock.sleep(10)
        Run.objects.update(done_count=300)
        pace = pacer.paced(look(registry, clock)).paces[run.pk]
        assert (pace.rate, pace.left_seconds) == (20.0, 40.0)

    def test_a_frame_of_long_ago_does_not_count(self, clock: FakeClock) -> None:
        run, pacer = working(clock, 0, 1000), Pacer()
        pacer.paced(look(registry, clock))
        clock.sleep(10)
        Run.objects.update(done_count=500)
        pacer.paced(look(registry, clock))
        clock.sleep(10)
        pace = pacer.paced(look(registry, clock)).paces[run.pk]
        assert (pace.rate, pace.left_seconds) == (0.0, None)

    def test_a_single_frame_tells_the_rate_since_the_start(self, clock: FakeClock) -> None:
        run = working(clock)
        clock.sleep(10)
        Run.objects.update(done_count=50)
        pace = Pacer().paced(look(registry, clock)).paces[run.pk]
        assert (pace.rate, pace.left_seconds) == (5.0, None)

    def test_its_queries_are_counted_whatever_happens(self, clock: FakeClock) -> None:
        look(registry, clock)
        with CaptureQueriesContext(connection) as few:
            look(registry, clock)
        working(clock)
        starting.enqueue("side-by-side", {}, trigger="admin", clock=clock)
        pauses.pause("greet", by="anna", why="so", now=clock.now())
        with CaptureQueriesContext(connection) as many:
            look(registry, clock)
        others = len(registry.units()) - 4  # units of the project may ask when asked for ready
        assert abs(len(many) - len(few)) == 0
        assert len(many) <= 9 + 2 * others

    def test_a_limiter_that_cannot_be_asked_is_told(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken() -> list[BucketView]:
            raise OperatorError("Redis cannot be asked.", "Start it.")

        monkeypatch.setattr("popflix.engine.views.frame.survey", broken)
        frame = look(registry, clock)
        assert frame.buckets == []
        assert "Redis cannot be asked. Start it." in frame.warnings

    def test_everything_fits_80_columns(self, clock: FakeClock) -> None:
        _much(clock)
        shown = text(_with_bucket(Pacer().paced(look(registry, clock))))
        assert max(len(line) for line in shown.splitlines()) <= 80
        for part in ("count-up", "running", "1/1", "░", "12 %", "12,345.7/s"):
            assert part in shown
        assert "greet: paused by anna (operator)" in shown
        assert "host-1: 2 workers (process 7), heard" in shown
        assert "clusters replaced 3 times" in shown
        assert "tmdb: 19 of 38 requests/s (TMDB answered 429)" in shown
        assert "queued" in shown

    def test_a_hundred_and_forty_columns_cut_nothing(self, clock: FakeClock) -> None:
        _much(clock)
        wide = text(Pacer().paced(look(registry, clock)), 140)
        assert "long reason " * 5 in wide
        assert "1,234,567 of 9,876,543" in wide

    def test_stored_text_is_no_markup(self, clock: FakeClock) -> None:
        pauses.pause("greet", by="a", why="[bold]\x1b[31mred[/bold]", now=clock.now())
        shown = text(look(registry, clock), 120)
        assert "[bold] [31mred[/bold]" in shown
        assert "\x1b" not in shown

    def test_many_runs_of_a_unit_are_told_in_short(self, clock: FakeClock) -> None:
        Run.objects.bulk_create(
            Run(
                unit="greet", slot=slot, active_key=f"greet:{slot}", trigger="admin",
                status="waiting", wait_reason="TMDB asks to wait", queued_at=NOON,
            )
            for slot in range(8)
        )  # fmt: skip
        shown = text(look(registry, clock))
        assert "slot 4" in shown
        assert "slot 5" not in shown
        assert "and 3 more" in shown
        assert "TMDB asks to wait" in shown


def _much(clock: FakeClock) -> None:
    working(clock, 1_234_567, 9_876_543)
    clock.sleep(100)
    pauses.pause("greet", by="anna", why="long reason " * 6, now=clock.now())
    Supervisor.objects.create(
        host="host-1", pid=7, started_at=NOON, beat_at=NOON, workers=2, replaced_count=3
    )


def _with_bucket(frame: Frame) -> Frame:
    bucket = BucketView("tmdb", 19.0, 38.0, "TMDB answered 429")
    return Frame(**{**vars(frame), "buckets": [bucket]})


@pytest.mark.django_db
@pytest.mark.usefixtures("units")
class TestCommand:
    def test_without_a_terminal_it_prints_one_frame(self, manage: Manage) -> None:
        for arguments in ([], ["--once"]):
            answer = manage("top", *arguments)
            assert answer.code == 0
            assert "No worker is running" in answer.out
            assert "count-up" in answer.out

    def test_as_json_it_is_one_object(self, manage: Manage) -> None:
        run = working(FakeClock(dt.datetime.now(dt.UTC)), 5, 10)
        found = manage("top", "--json").json()
        assert set(found) == {"at", "units", "supervisors", "buckets", "events", "warnings"}
        (unit,) = [each for each in found["units"] if each["name"] == "count-up"]
        assert unit["active"][0]["id"] == run.pk
        assert {"rate", "left_seconds", "done_count"} <= set(unit["active"][0])
        assert found["events"][-1]["kind"] == "start"
        assert [each["id"] for each in found["events"]] == list(
            Event.objects.order_by("pk").values_list("pk", flat=True)
        )


@pytest.mark.measured
def test_on_a_terminal_it_is_alive_until_q_or_ctrl_c(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.migrate()
    quit_, interrupted = _Terminal(site), _Terminal(site)
    quit_.wait_for(b"sync-media-links")
    quit_.press(b"q")
    assert quit_.end() == 0
    interrupted.wait_for(b"sync-media-links")
    interrupted.process.send_signal(signal.SIGINT)
    assert interrupted.end() == 130


class _Terminal:
    """`top` in a terminal of 80 columns."""

    def __init__(self, site: Site) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "top"],
            env=site.env | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            cwd=site.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = b""

    def wait_for(self, wanted: bytes) -> None:
        self._seen += _read_until(self._ours, wanted)

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    def end(self) -> int:
        """The exit code, once the screen was given back."""
        try:
            self._seen += _read_until(self._ours, None)
            assert b"\x1b[?1049l" in self._seen
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self._ours)


def _read_until(number: int, wanted: bytes | None, seconds: float = 30) -> bytes:
    """What the terminal shows until `wanted` stands there, or until its end."""
    seen, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and (wanted is None or wanted not in seen):
        if not select.select([number], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(number, 65536)
        except OSError as error:
            if error.errno == errno.EIO:
                break
            raise
        if not part:
            break
        seen += part
    assert wanted is None or wanted in seen, seen
    return seen
