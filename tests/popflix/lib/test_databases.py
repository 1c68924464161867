"""Connection settings of each vendor."""

from __future__ import annotations

from pathlib import Path

import pytest

from popflix.lib.databases import cache_settings, database_settings
from popflix.lib.errors import ConfigurationError


def test_sqlite_waits_instead_of_failing_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "films.sqlite3"
    settings = database_settings({"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)})
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in settings["OPTIONS"]["init_command"]
    assert path.parent.is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "films.sqlite3"
    with pytest.raises(ConfigurationError, match="cannot be made"):
        database_settings({"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)})


def test_mysql_speaks_utc_and_refuses_what_does_not_fit() -> None:
    options = database_settings({"ENGINE": "django.db.backends.mysql", "NAME": "x"})["OPTIONS"]
    assert options["isolation_level"] == "read committed"
    assert "time_zone='+00:00'" in options["init_command"]
    assert "STRICT_TRANS_TABLES" in options["init_command"]


def test_what_the_url_says_wins() -> None:
    given = {"ENGINE": "django.db.backends.mysql", "NAME": "x", "OPTIONS": {"charset": "latin1"}}
    options = database_settings(given)["OPTIONS"]
    assert (options["charset"], options["isolation_level"]) == ("latin1", "read committed")


def test_postgres_needs_nothing_special() -> None:
    settings = database_settings({"ENGINE": "django.db.backends.postgresql", "NAME": "x"})
    assert (settings["OPTIONS"], settings["CONN_HEALTH_CHECKS"]) == ({}, True)


def test_the_cache_is_redis_where_there_is_one_and_files_otherwise(tmp_path: Path) -> None:
    assert cache_settings("redis://h", tmp_path)["queue"]["KEY_PREFIX"] == "queue"
    files = cache_settings("", tmp_path)
    assert files["default"]["LOCATION"] != files["queue"]["LOCATION"]
