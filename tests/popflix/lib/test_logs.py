"""What a log line looks like, where it goes, and what never gets into it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import InterfaceError, OperationalError

from popflix.lib.errors import ConfigurationError
from popflix.lib.logs import (
    ConsoleHandler,
    JsonFormatter,
    NoDatabaseTraceback,
    NoQuery,
    TextFormatter,
    configure,
    current_run,
    logging_settings,
    make_record,
    run_scope,
    secrets_of,
)
from popflix.lib.redact import remember_secret
from tests.popflix.lib.clocks import NOON

PLANTED = "planted-secret-0123456789"
SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "the-secret-key",
    "SECRET_KEY_FALLBACKS": ["an-older-key"],
    "TMDB_API_KEY": "a-v3-key",
    "TMDB_READ_TOKEN": "a-v4-token",
    "EMAIL_HOST_PASSWORD": "a-mail-password",
    "REDIS_URL": "redis://:a%21redis-password@127.0.0.1/1",
    "TMDB_BASE_URL": "https://api.example.org/3",
    "TMDB_RATE_PER_SECOND": 38,
    "DATABASES": {
        "default": {"NAME": "films", "USER": "site", "PASSWORD": "a-db-password"},
        "same": {"NAME": "films", "USER": "site", "PASSWORD": "site"},
        "none": {"NAME": "x.sqlite3"},
    },
}


@pytest.fixture(autouse=True)
def planted() -> None:
    remember_secret(PLANTED)


def record(message: str, *args: object, **changes: Any) -> logging.LogRecord:
    return make_record(
        "popflix.x", logging.INFO, __file__, 1, message, args, **{"exc_info": None} | changes
    )


def failure() -> Any:
    try:
        raise RuntimeError(f"no entry for {PLANTED}")
    except RuntimeError:
        return sys.exc_info()


@time_machine.travel(NOON, tick=False)
def test_a_line_names_instant_level_logger_and_run() -> None:
    with run_scope(7):
        line = TextFormatter().format(record("%d of %d", 3, 4))
    assert line == "2026-11-21T12:00:00.000Z INFO popflix.x [run 7] 3 of 4"


@time_machine.travel(NOON, tick=False)
def test_a_json_line_is_one_object() -> None:
    made = record("3 of 4 »done«\nnext")
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert json.loads(line) == {
        "at": "2026-11-21T12:00:00.000Z", "level": "INFO", "logger": "popflix.x", "run": "-",
        "process": made.process, "message": "3 of 4 »done«\nnext",
    }  # fmt: skip


def test_outside_of_a_run_the_id_is_a_dash_and_scopes_nest() -> None:
    assert current_run.get() == "-"
    with run_scope(1):
        with run_scope("2"):
            assert current_run.get() == "2"
        assert current_run.get() == "1"
    assert current_run.get() == "-"


def test_a_line_keeps_the_run_it_was_made_in() -> None:
    with run_scope(7):
        made = record("hello")
    assert "[run 7]" in TextFormatter().format(made)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter(), logging.Formatter()])
def test_no_formatter_shows_a_secret_of_message_or_traceback(
    formatter: logging.Formatter,
) -> None:
    made = record("%s and %s", PLANTED, {"api_key": "abcdef"}, exc_info=failure(), sinfo=PLANTED)
    text = formatter.format(made) + str(made.args) + str(made.msg)
    assert "RuntimeError: no entry for [secret]" in text
    assert PLANTED not in text
    assert "abcdef" not in text


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_our_formatters_clean_what_a_foreign_factory_made(formatter: logging.Formatter) -> None:
    foreign = logging.LogRecord("x", 20, "", 1, "%s", (PLANTED,), failure())
    assert PLANTED not in formatter.format(foreign)


def test_arguments_without_a_secret_stay_for_handlers_that_count_by_message() -> None:
    made = record("%d rows", 3)
    assert (made.msg, made.args) == ("%d rows", (3,))


def test_wrong_placeholders_cost_no_line_and_leak_nothing() -> None:
    assert "[secret]" in TextFormatter().format(record("%d rows", PLANTED))
    assert "api_key=[secret]" in TextFormatter().format(record("100% api_key=abc %s"))


def test_urllib3_lines_lose_their_query() -> None:
    line = record('https://host:443 "GET /3/movie/1?language=en&x=1 HTTP/1.1" 200')
    assert NoQuery().filter(line)
    assert line.getMessage() == 'https://host:443 "GET /3/movie/1?… HTTP/1.1" 200'


def test_the_console_is_the_stderr_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = ConsoleHandler()
    for _ in range(2):
        now = io.StringIO()
        monkeypatch.setattr(sys, "stderr", now)
        handler.handle(record("hello"))
        assert now.getvalue() == "hello\n"


def test_the_secrets_of_the_settings_are_found_by_name() -> None:
    found = {secret for secret in secrets_of(SimpleNamespace(**SETTINGS)) if secret}
    assert found == {
        "the-secret-key", "an-older-key", "a-v3-key", "a-v4-token", "a-mail-password",
        "a!redis-password", "a-db-password",
    }  # fmt: skip


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:], root.level = handlers, level
    logging.setLogRecordFactory(factory)


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize("as_json", [True, False])
def test_configured_lines_go_to_console_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    path = tmp_path / "log" / "popflix.log"
    configure(logging_settings(path, as_json=as_json, level="info"))
    with run_scope(9):
        logging.getLogger("popflix.test").info("it says %s", PLANTED)
        logging.getLogger("popflix.test").debug("unheard")
        logging.getLogger("urllib3.connectionpool").info("unheard")
        logging.getLogger("django.request").warning("heard once")
    written = path.read_text()
    assert capsys.readouterr().err == written
    assert written.count("\n") == 2
    assert "it says [secret]" in written
    assert ('"run": "9"' if as_json else "[run 9]") in written


def test_the_sites_own_secrets_were_learnt_when_it_was_configured() -> None:
    from django.conf import settings

    assert settings.SECRET_KEY not in TextFormatter().format(record(settings.SECRET_KEY))


def test_a_level_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="LOG_LEVEL is no level"):
        logging_settings(tmp_path / "x.log", as_json=False, level="loud")


@pytest.mark.usefixtures("logging_as_it_was")
def test_the_level_rules_djangos_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "popflix.log"
    configure(logging_settings(path, as_json=False, level="error"))
    logging.getLogger("django.request").warning("unheard")
    logging.getLogger("django.request").error("heard")
    assert path.read_text().count("\n") == 1


@pytest.mark.parametrize("error", [OperationalError(2006, "gone away"), InterfaceError("closed")])
def test_of_a_database_that_is_away_the_queue_logs_one_line(error: Exception) -> None:
    made = record("Failed to pull", exc_info=(type(error), error, None))
    assert NoDatabaseTraceback().filter(made)
    text = TextFormatter().format(made)
    assert "\n" not in text
    assert text.endswith(f"Failed to pull: {error}")


def test_the_queue_keeps_the_traceback_of_any_other_error() -> None:
    made = record("Failed to pull", exc_info=failure())
    assert NoDatabaseTraceback().filter(made)
    assert "Traceback" in TextFormatter().format(made)
