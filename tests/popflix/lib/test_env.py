"""Each mistake in the environment names its variable and never shows the value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.env import Env
from popflix.lib.errors import ConfigurationError

NAMES = ("X", "DATABASE_URL", "DB_HOST", "DB_USER", "DB_PASSWORD", "DB_NAME")


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Env]:
    def made(dotenv: str = "", **variables: str) -> Env:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        path = tmp_path / ".env"
        path.write_text(dotenv)
        return Env(path)

    return made


Make = Callable[..., Env]


def mistake(read: Callable[[], Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read()
    assert caught.value.cure
    return caught.value.cause


def test_the_file_is_read_and_the_real_environment_wins(
    env: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert env("X=from-file").text("X") == "from-file"
    assert env("X=from-file", X=" from-shell ").text("X") == "from-shell"
    monkeypatch.delenv("X")


def test_a_missing_file_and_a_missing_variable_give_the_default(tmp_path: Path) -> None:
    assert Env(tmp_path / "none").text("POPFLIX_NOT_SET", "default") == "default"


@pytest.mark.parametrize(
    ("value", "flag"),
    [("1", True), ("Yes", True), ("on", True), ("true", True), ("0", False), ("OFF", False),
     ("no", False), ("False", False)],
)  # fmt: skip
def test_flags_are_read_as_people_write_them(env: Make, value: str, flag: bool) -> None:
    assert env(X=value).flag("X", default=not flag) is flag


def test_an_unset_flag_is_its_default(env: Make) -> None:
    assert env().flag("X", default=True) is True
    assert env(X="").flag("X", default=False) is False


def test_a_flag_that_is_none_is_named(env: Make) -> None:
    assert (
        mistake(lambda: env(X="maybe").flag("X", default=True)) == "X is neither true nor false."
    )


@pytest.mark.parametrize("value", ["abc", "nan", "inf", "-1", "0.5", "1e400"])
def test_a_number_out_of_range_is_named_without_its_value(env: Make, value: str) -> None:
    cause = mistake(lambda: env(X=value).number("X", 38, at_least=1))
    assert cause == "X is not a number of at least 1."


@pytest.mark.parametrize("value", ["Mars/Base", "../etc/passwd", "Europe"])
def test_what_is_no_time_zone_is_named_without_its_value(env: Make, value: str) -> None:
    assert mistake(lambda: env(X=value).time_zone("X", "UTC")) == "X is no time zone."


def test_a_time_zone(env: Make) -> None:
    assert env(X="Europe/Berlin").time_zone("X", "UTC") == "Europe/Berlin"
    assert env(X="").time_zone("X", "UTC") == "UTC"


def test_numbers(env: Make) -> None:
    assert env(X="2.5").number("X", 38) == 2.5
    assert env(X="7").integer("X", 38) == 7
    assert env().number("X", 38) == 38
    assert env(X=" ").integer("X", 8) == 8
    assert mistake(lambda: env(X="2.5").integer("X", 8)) == "X is not a whole number."


@pytest.mark.parametrize(
    ("value", "words"),
    [("de, en ,", ("de", "en")), ("", ("en",)), (" , ", ("en",)), ("tvSeries", ("tvSeries",))],
)
def test_words_are_separated_by_commas(env: Make, value: str, words: tuple[str, ...]) -> None:
    assert env(X=value).words("X", ("en",)) == words


def test_a_json_list(env: Make) -> None:
    assert env(X='[{"a": 1}]').json_list("X") == [{"a": 1}]
    assert env().json_list("X") == []
    assert mistake(lambda: env(X="{}").json_list("X")) == "X is not a JSON list."
    assert mistake(lambda: env(X="nonsense").json_list("X")) == "X is not a JSON list."


def test_a_json_list_may_have_a_default_that_an_empty_list_overrides(env: Make) -> None:
    assert env().json_list("X", [{"a": 1}]) == [{"a": 1}]
    assert env(X="[]").json_list("X", [{"a": 1}]) == []


def test_a_json_list_may_lie_in_a_file(env: Make, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"a": "ü"}]')
    assert env(X=str(path)).json_list("X", may_be_path=True) == [{"a": "ü"}]
    assert env(X='[{"a": 1}]').json_list("X", may_be_path=True) == [{"a": 1}]
    path.write_text('{"a": 1}')
    read = env(X=str(path))
    assert mistake(lambda: read.json_list("X", may_be_path=True)) == "X is not a JSON list."


@pytest.mark.parametrize("path", ["", "none.json", "~nobody-of-that-name/x.json", "latin.json"])
def test_a_file_that_cannot_be_read_is_told_without_its_path(
    env: Make, tmp_path: Path, path: str
) -> None:
    (tmp_path / "latin.json").write_bytes(b"[\xfc]")
    place = path if path.startswith("~") else str(tmp_path / path)
    told = mistake(lambda: env(X=place).json_list("X", may_be_path=True))
    assert told == "X is no JSON list, and no file by that path can be read."


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://u:p%40ss@db:3307/films",
         {"ENGINE": "django.db.backends.mysql", "NAME": "films", "USER": "u",
          "PASSWORD": "p@ss", "HOST": "db", "PORT": 3307}),
        ("postgres://u@db/films", {"ENGINE": "django.db.backends.postgresql", "NAME": "films"}),
        ("sqlite:////srv/films.sqlite3", {"NAME": "/srv/films.sqlite3"}),
    ],
)  # fmt: skip
def test_a_database_url(env: Make, url: str, expected: dict[str, object]) -> None:
    config = env(DATABASE_URL=url).database("sqlite:///x")
    assert {name: config[name] for name in expected} == expected


@pytest.mark.parametrize(
    "url",
    ["films", "mysql:/u:secret-word@db/films", "oracle://u:secret-word@db/films", "mysql://",
     "mysql://u:secret-word@db:port/films"],
)  # fmt: skip
def test_a_malformed_url_is_named_without_its_password(env: Make, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        env(DATABASE_URL=url).database("sqlite:///x")
    assert caught.value.cause == "DATABASE_URL is malformed."
    assert "secret-word" not in str(caught.value)
    assert "percent-encoded" in caught.value.cure


def test_a_url_without_a_database_is_named(env: Make) -> None:
    cause = mistake(lambda: env(DATABASE_URL="mysql://u:p@db").database("x"))
    assert cause == "DATABASE_URL names no database."


def test_the_seeds_four_variables_make_a_mysql_url(env: Make) -> None:
    given = {"DB_HOST": "db", "DB_USER": "u", "DB_PASSWORD": "p@:/ss", "DB_NAME": "films"}
    config = env(**given).database("sqlite:///x")
    assert (config["USER"], config["PASSWORD"], config["HOST"]) == ("u", "p@:/ss", "db")


def test_the_url_wins_over_the_seeds_variables(env: Make) -> None:
    config = env(DATABASE_URL="sqlite:///y", DB_HOST="db", DB_NAME="films").database("sqlite:///x")
    assert config["NAME"] == "y"


@pytest.mark.parametrize(
    ("given", "missing"), [({"DB_HOST": "db"}, "DB_NAME"), ({"DB_NAME": "films"}, "DB_HOST")]
)
def test_half_of_the_seeds_variables_is_named(
    env: Make, given: dict[str, str], missing: str
) -> None:
    cause = mistake(lambda: env(**given).database("sqlite:///x"))
    assert cause == f"{missing} is not set though its siblings are."


def test_without_any_variable_the_default_database_is_used(env: Make) -> None:
    assert env().database("sqlite:///x")["NAME"] == "x"
