"""events: lines for people, JSON lines with seven keys for programs, following until told."""

from __future__ import annotations

import datetime as dt
import json
import os
import select
import signal
import subprocess
import threading

import pytest

from popflix.engine.events import tell
from popflix.engine.models import Event
from popflix.engine.states import Kind
from popflix.engine.views.events import as_line, is_closed
from tests.popflix.engine.commands.conftest import Manage
from tests.site import Site

pytestmark = pytest.mark.either

KEYS = ["id", "at", "unit", "run", "kind", "milestone_id", "payload"]


def told(unit: str = "greet", ago: int = 0, **payload: object) -> Event:
    at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago)
    return tell(None, unit, Kind.NOTE, at, milestone_id="said", payload=payload)


def numbers(text: str) -> list[int]:
    return [json.loads(line)["id"] for line in text.splitlines()]


@pytest.mark.django_db
@pytest.mark.usefixtures("units")
class TestWhatIsThere:
    def test_json_lines_have_these_seven_keys(self, manage: Manage) -> None:
        manage("run_unit", "count-up")
        answer = manage("events", "--json")
        objects = [json.loads(line) for line in answer.out.splitlines()]
        assert (answer.code, answer.err) == (0, "")
        assert all(list(each) == KEYS for each in objects)
        assert [each["kind"] for each in objects] == [
            "queued", "start", "milestone", "milestone", "milestone", "complete",
        ]  # fmt: skip
        assert objects[2]["payload"] == {"number": 0}
        assert dt.datetime.fromisoformat(objects[0]["at"]).tzinfo is not None

    def test_people_get_a_line_each_that_cannot_steer_the_terminal(self, manage: Manage) -> None:
        event = told(words="two words", plain="one", odd="a\x1b[2J\nb", n=3)
        (line,) = manage("events").out.splitlines()
        assert line.startswith(f"{event.pk}  {event.at:%Y-%m-%d %H:%M:%S}  greet  note  said  ")
        assert 'words="two words" plain=one' in line
        assert "\x1b" not in line
        assert "n=3" in line

    def test_a_change_of_status_is_told_once(self, manage: Manage) -> None:
        manage("run_unit", "greet")
        assert "unit.greet." not in manage("events").out

    def test_since_an_instant_a_duration_or_a_number(self, manage: Manage) -> None:
        old, new = told(ago=3600), told()
        minutes = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10)
        for since in (
            "10m",
            "600s",
            minutes.isoformat(),
            f"{minutes:%Y-%m-%dT%H:%M}",
            str(old.pk),
        ):
            assert numbers(manage("events", "--json", "--since", since).out) == [new.pk]
        assert numbers(manage("events", "--json", "--since", "2h").out) == [old.pk, new.pk]
        assert numbers(manage("events", "--json", "--since", "2020-01-01").out) == [old.pk, new.pk]
        limited = manage("events", "--json", "--since", "0", "--limit", "1")
        assert numbers(limited.out) == [old.pk]
        assert numbers(manage("events", "--json", "--limit", "1").out) == [new.pk]

    def test_one_unit_alone(self, manage: Manage) -> None:
        mine, other = told("greet"), told("gone")
        assert numbers(manage("events", "--json", "--unit", "greet").out) == [mine.pk]
        assert numbers(manage("events", "--json", "--unit", "gone").out) == [other.pk]
        answer = manage("events", "--unit", "nonsense")
        assert answer.code == 1
        assert "greet, greet-and-greet" in answer.err

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--since", "soon"],
            ["--since", "2026-99-99"],
            ["--since", "999999d"],
            ["--since", "9" * 30],
            ["--limit", "-1"],
            ["--limit", "many"],
            ["--follow", "--since", "1", "--limit", "1"],
        ],
    )
    def test_what_cannot_be_meant_is_wrong_usage(
        self, manage: Manage, arguments: list[str]
    ) -> None:
        assert manage("events", *arguments).code == 2

    def test_an_event_of_no_unit_has_its_line(self) -> None:
        event = Event(pk=3, unit="", kind="milestone", at=dt.datetime.now(dt.UTC), payload={})
        assert as_line(event, dt.UTC).split("  ")[2:] == ["-", "milestone"]


def test_a_closed_pipe_is_known_before_anything_is_written() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as out:
        assert not is_closed(out)
        os.close(read)
        assert is_closed(out)
    assert not is_closed(object())


# --- following, in processes of their own --------------------------------------------------------


class Follower:
    """`events --follow --json` in a process of its own."""

    def __init__(self, site: Site, *arguments: str) -> None:
        self.process = site.popen("events", "--follow", "--json", *arguments)
        assert self.process.stdout is not None
        self.out = self.process.stdout

    def line(self, seconds: float = 30) -> dict[str, object]:
        ready, _, _ = select.select([self.out], [], [], seconds)
        assert ready, "no line came"
        found: dict[str, object] = json.loads(self.out.readline())
        return found

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        try:
            _, err = self.process.communicate(timeout=30)
        finally:
            self.process.kill()
        return self.process.returncode, err


@pytest.mark.measured
def test_following_shows_what_comes_until_a_signal_or_until_nobody_reads(site: Site) -> None:
    site.manage("pause", "sync-media-links", "--why", "so")
    by_hand, by_term, unread = (Follower(site) for _ in range(3))
    for each in (by_hand, by_term, unread):
        first = each.line()
        assert (first["kind"], first["unit"]) == ("pause", "sync-media-links")
    unread.out.close()
    assert by_term.end(signal.SIGTERM)[0] == 143
    site.manage("resume", "sync-media-links")
    last = by_hand.line()
    assert last["kind"] == "resume"
    code, err = by_hand.end(signal.SIGINT)
    assert (code, f"--since {last['id']}" in err) == (130, True)
    assert ended_quietly(unread.process)
    early = site.popen("events", "--json")  # as in `events --json | head -1`
    assert early.stdout is not None
    early.stdout.close()
    assert ended_quietly(early)


def ended_quietly(process: subprocess.Popen[str]) -> bool:
    late = threading.Timer(30, process.kill)
    late.start()
    try:
        assert process.stderr is not None
        with process.stderr:
            return process.stderr.read() == "" and process.wait() == 0
    finally:
        late.cancel()
