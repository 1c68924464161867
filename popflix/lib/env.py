"""Typed reading of the environment over django-environ.

Every mistake becomes a ConfigurationError that names the variable, says what is wrong with
it and what to write instead; a value is never echoed, since it may be a secret.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ

from popflix.lib.errors import ConfigurationError

_DATABASE_URL_CURE = (
    "Write it in .env as mysql://USER:PASSWORD@HOST:3306/NAME, postgres://… or sqlite:///PATH, "
    "with special characters in the password percent-encoded."
)
_ENGINES = ("sqlite", "mysql", "postgres", "postgresql", "pgsql")


class Env:
    """The variables of one project folder: its `.env` file, overridden by the real environment."""

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        if dotenv.is_file():
            self._env.read_env(str(dotenv))

    def text(self, name: str, default: str = "") -> str:
        return str(self._env.str(name, default=default)).strip()

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("0", "false", "no", "off"):
            return False
        if value:
            raise ConfigurationError(f"{name} is neither true nor false.", f"Write {name}=true.")
        return default

    def integer(self, name: str, default: int, *, at_least: int = 0) -> int:
        number = self._number(name, default, at_least)
        if number != int(number):
            raise ConfigurationError(
                f"{name} is not a whole number.", f"Write for instance {name}={default}."
            )
        return int(number)

    def number(self, name: str, default: float, *, at_least: float = 0.0) -> float:
        return self._number(name, default, at_least)

    def _number(self, name: str, default: float, at_least: float) -> float:
        value = self.text(name)
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not at_least <= number < float("inf"):
            raise ConfigurationError(
                f"{name} is not a number of at least {at_least:g}.",
                f"Write for instance {name}={default:g}.",
            )
        return number

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name) or default
        try:
            ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ConfigurationError(
                f"{name} is no time zone.", f"Write for instance {name}=Europe/Berlin."
            ) from None
        return value

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A comma-separated list, blanks dropped; the default where nothing is left."""
        given = tuple(word.strip() for word in self.text(name).split(",") if word.strip())
        return given or default

    def json_list(
        self, name: str, default: Sequence[dict[str, Any]] = (), *, may_be_path: bool = False
    ) -> list[dict[str, Any]]:
        """A JSON list, or with `may_be_path` the path of a file that holds one."""
        value = self.text(name)
        if not value:
            return list(default)
        if may_be_path and value[0] not in "[{":
            value = self._file_of(name, value)
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, list):
            raise ConfigurationError(
                f"{name} is not a JSON list.", f"See {name} in .env.example for its form."
            )
        return parsed

    def _file_of(self, name: str, path: str) -> str:
        try:
            return Path(path).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, RuntimeError, ValueError):  # a home, a path of none
            raise ConfigurationError(
                f"{name} is no JSON list, and no file by that path can be read.",
                f"Write a list that begins with [, or the whole path of a JSON file in {name}.",
            ) from None

    def database(self, default: str) -> dict[str, Any]:
        """Django's settings of one database: DATABASE_URL, or the seed's DB_HOST…DB_NAME."""
        url = self.text("DATABASE_URL") or self._seed_database_url() or default
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in _ENGINES or not rest:
            raise ConfigurationError("DATABASE_URL is malformed.", _DATABASE_URL_CURE)
        try:
            config: dict[str, Any] = dict(self._env.db_url_config(url))
        except Exception:  # django-environ raises whatever urllib.parse raises
            raise ConfigurationError("DATABASE_URL is malformed.", _DATABASE_URL_CURE) from None
        if not config.get("NAME"):
            raise ConfigurationError("DATABASE_URL names no database.", _DATABASE_URL_CURE)
        return config

    def _seed_database_url(self) -> str:
        host, name = self.text("DB_HOST"), self.text("DB_NAME")
        if not host and not name:
            return ""
        if not host or not name:
            missing = "DB_NAME" if host else "DB_HOST"
            raise ConfigurationError(
                f"{missing} is not set though its siblings are.",
                "Set DB_HOST, DB_USER, DB_PASSWORD and DB_NAME together, or DATABASE_URL alone.",
            )
        user = quote(self.text("DB_USER", "root"), safe="")
        password = quote(self.text("DB_PASSWORD"), safe="")
        return f"mysql://{user}:{password}@{host}/{name}"
