"""The base of every command: streams, exit codes, signals."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from popflix.lib.command import OperatorCommand, Report, StopRequest, stop_on_signals
from popflix.lib.errors import EXIT_NEEDS_PERSON, OperatorError, Stopped


class Command(OperatorCommand):
    """Says two lines and returns, or raises, what it was made with."""

    needs_current_schema = False

    def __init__(self, outcome: Report | Exception) -> None:
        super().__init__(stdout=io.StringIO(), stderr=io.StringIO())
        self.outcome = outcome

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        self.say("working")
        self.say()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def run(self, *arguments: str) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(self, *arguments, stdout=out, stderr=err, no_color=True)
        finally:
            self.printed = (out.getvalue(), err.getvalue())
        return self.printed


def test_a_person_reads_lines_on_stdout() -> None:
    assert Command(Report({"count": 1})).run() == ("working\n\n", "")


def test_under_json_stdout_is_one_object_on_one_line() -> None:
    out, err = Command(Report({"count": 1, "title": "Ünder\nlines"})).run("--json")
    assert json.loads(out) == {"count": 1, "title": "Ünder\nlines"}
    assert out.count("\n") == 1
    assert "Ünder" in out
    assert err == "working\n\n"


def test_under_json_an_error_is_an_object_too() -> None:
    command = Command(OperatorError("It broke.", "Mend it."))
    with pytest.raises(OperatorError):
        command.run("--json")
    assert json.loads(command.printed[0]) == {"error": "It broke.", "fix": "Mend it."}


def test_with_traceback_json_prints_no_object_for_an_error() -> None:
    command = Command(OperatorError("It broke.", "Mend it."))
    with pytest.raises(OperatorError):
        command.run("--json", "--traceback")
    assert command.printed[0] == ""


def test_an_exit_code_ends_the_process_after_the_output() -> None:
    command = Command(Report({"held": 3}, exit_code=EXIT_NEEDS_PERSON))
    with pytest.raises(SystemExit) as caught:
        command.run("--json")
    assert caught.value.code == 3
    assert json.loads(command.printed[0]) == {"held": 3}


def test_a_stopped_command_says_how_to_go_on() -> None:
    with pytest.raises(Stopped, match="run it again") as caught:
        Command(Report(stopped_by=signal.SIGTERM, how_to_go_on="run it again")).run()
    assert caught.value.exit_code == 143


def test_a_command_has_to_say_what_it_does() -> None:
    with pytest.raises(TypeError, match="abstract"):
        OperatorCommand()  # type: ignore[abstract]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop_and_the_second_is_the_systems(number: int) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        assert not stop
        assert not stop.wait(0)
        os.kill(os.getpid(), number)
        assert stop.wait(5)
        assert stop.signal_number == number
        assert signal.getsignal(number) == before
    assert signal.getsignal(number) == before


def test_handlers_are_put_back_where_no_signal_came() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_in_another_thread_a_stop_can_be_asked_without_signals() -> None:
    stopped: list[bool] = []

    def work() -> None:
        with stop_on_signals() as stop:
            stop.ask(signal.SIGTERM)
            stopped.append(bool(stop))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert stopped == [True]


@pytest.mark.django_db
def test_a_current_schema_lets_the_command_run() -> None:
    command = Command(Report())
    command.needs_current_schema = True
    assert command.run()[0] == "working\n\n"


@pytest.mark.django_db
def test_a_schema_that_is_behind_stops_the_command_before_it_starts() -> None:
    MigrationRecorder(connection).migration_qs.filter(app__in=["lib", "sync", "engine"]).delete()
    command = Command(Report())
    command.needs_current_schema = True
    with pytest.raises(OperatorError) as caught:
        command.run()
    assert "behind the code (not applied: " in caught.value.cause
    assert caught.value.cure == "Run `python manage.py migrate`."
    assert command.printed[0] == ""
