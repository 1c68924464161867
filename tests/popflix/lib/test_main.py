"""Every failure of the command line is a cause, a cure and an exit code."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

from popflix.lib import main
from popflix.lib.errors import ConfigurationError, OperatorError, Stopped
from tests.popflix.lib.test_command import Command as Failing
from tests.services.servers import free_port
from tests.site import Site

pytestmark = pytest.mark.measured

FailsWith = Callable[[BaseException | None], None]


@pytest.fixture
def fails_with(monkeypatch: pytest.MonkeyPatch) -> FailsWith:
    def made(error: BaseException | None) -> None:
        def execute(argv: list[str]) -> None:
            if error is not None:
                raise error

        monkeypatch.setattr(main, "execute_from_command_line", execute)

    return made


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (OperatorError("It broke.", "Mend it."), 1),
        (OperatorError("Held.", "Approve it.", exit_code=3), 3),
        (ConfigurationError("X is wrong.", "Write Y."), 1),
        (OperationalError("database is locked"), 1),
        (InterfaceError("(0, '')"), 1),
        (ImproperlyConfigured("what"), 1),
        (Stopped(signal.SIGINT, "Run it again."), 130),
        (Stopped(signal.SIGTERM, "Run it again."), 143),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_end_has_its_exit_code(
    fails_with: FailsWith, error: BaseException | None, code: int
) -> None:
    fails_with(error)
    assert main.run(["manage.py", "x"]) == code


def test_an_error_is_two_lines_on_stderr(
    fails_with: FailsWith, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(OperatorError("It broke.", "Mend it."))
    main.run(["manage.py", "x"])
    assert capsys.readouterr() == ("", "Error: It broke.\nFix: Mend it.\n")


def test_under_json_an_error_before_the_command_is_one_object(
    fails_with: FailsWith, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(ConfigurationError("X is wrong.", "Write Y."))
    main.run(["manage.py", "x", "--json"])
    assert json.loads(capsys.readouterr().out) == {"error": "X is wrong.", "fix": "Write Y."}


def test_under_json_an_error_that_the_command_told_is_not_told_again(
    fails_with: FailsWith, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OperatorError("It broke.", "Mend it.")
    with pytest.raises(OperatorError):
        Failing(error).run("--json")
    fails_with(error)
    main.run(["manage.py", "x", "--json"])
    assert capsys.readouterr().out == ""


def test_traceback_lets_the_error_through(fails_with: FailsWith) -> None:
    fails_with(OperatorError("It broke.", "Mend it."))
    with pytest.raises(OperatorError):
        main.run(["manage.py", "x", "--traceback"])


def test_a_programming_error_is_not_dressed_up(fails_with: FailsWith) -> None:
    fails_with(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main.run(["manage.py", "x"])


@pytest.mark.parametrize(
    ("variables", "cause", "cure"),
    [
        ({"DATABASE_URL": "mysql:/nonsense"}, "DATABASE_URL is malformed.", "percent-encoded"),
        ({"TMDB_CONCURRENCY": "many"}, "TMDB_CONCURRENCY is not a number", "TMDB_CONCURRENCY=8"),
        ({"DATABASE_URL": "mysql://u:hush-hush@127.0.0.1/x"}, "SECRET_KEY is not set", ".env"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_environment_is_one_cause_and_one_cure(
    tmp_path: Path, variables: dict[str, str], cause: str, cure: str
) -> None:
    variables = {
        name: value.replace("PORT", str(free_port())) for name, value in variables.items()
    }
    done = Site(tmp_path, **variables).manage("migrate", "--check", expect=1)
    error, fix = done.stderr.splitlines()
    assert error.startswith("Error: ")
    assert fix.startswith("Fix: ")
    assert cause in error
    assert cure in fix
    assert "hush-hush" not in done.stderr + done.stdout


def test_a_server_that_is_down_is_one_cause_and_one_cure(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    url = f"postgres://u:hush-hush@127.0.0.1:{free_port()}/x"
    site = Site(tmp_path, DATABASE_URL=url, SECRET_KEY="only-for-tests")
    error, fix = site.manage("migrate", "--check", expect=1).stderr.splitlines()
    assert error.startswith("Error: The database cannot be reached (")
    assert fix.startswith("Fix: Start the database server")
    assert "hush-hush" not in error
    assert "Traceback" in site.manage("migrate", "--check", "--traceback", expect=1).stderr


def test_a_var_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Site(tmp_path, POPFLIX_VAR=str(tmp_path / "file")).manage("check", expect=1)
    assert "cannot be made" in done.stderr
    assert done.stderr.count("\n") == 2


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    assert "usage" in Site(tmp_path).manage("migrate", "--nonsense", expect=2).stderr
