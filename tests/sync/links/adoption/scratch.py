"""Databases with somebody's tables in them, under a connection alias of their own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.databases import database_settings
from popflix.lib.schema.examine import Examined
from popflix.lib.schema.survey import survey

# As a user of the seed may have loaded IMDb's file, and the seed's own SQL, word for word.
TITLE_BASICS = """
    CREATE TABLE TitleBasics (
        tconst VARCHAR(10) NOT NULL PRIMARY KEY,
        titleType VARCHAR(20),
        primaryTitle VARCHAR(1000),
        originalTitle VARCHAR(1000),
        isAdult TINYINT(1),
        startYear INT,
        endYear INT,
        runtimeMinutes INT,
        genres VARCHAR(255)
    )"""
MEDIA_LINKS = """
    CREATE TABLE IF NOT EXISTS MediaLinks (
        imdb_id VARCHAR(10) NOT NULL PRIMARY KEY,
        tmdb_id INT,
        poster_url VARCHAR(2048),
        trailer_embed_url VARCHAR(2048),
        processed_status ENUM('PENDING', 'SUCCESS', 'FAILED') NOT NULL DEFAULT 'PENDING',
        last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        FOREIGN KEY (imdb_id) REFERENCES TitleBasics(tconst)
    )"""
TITLES = """
    INSERT INTO TitleBasics (tconst, titleType, primaryTitle, startYear) VALUES
        ('tt9900001', 'movie', '"Quoted" Première', 1994),
        ('tt9900002', 'tvSeries', 'A Series', 2004),
        ('tt9900003', 'short', 'The Oldest', 1894),
        ('tt9900004', 'movie', 'Without a link', 2020)"""
LINKS = """
    INSERT INTO MediaLinks (imdb_id, tmdb_id, poster_url, processed_status, last_updated) VALUES
        ('tt9900001', 9000001, 'https://images.invalid/1.jpg', 'SUCCESS', '2025-01-02 03:04:05'),
        ('tt9900002', NULL, NULL, 'PENDING', '2025-01-02 03:04:05'),
        ('tt9900003', NULL, NULL, 'FAILED', '2025-01-02 03:04:05')"""
LAST_OF_TITLES = ("sync", "0018")  # after it come tables that no other program has
OUR_INDEXES = (
    "titles_of_a_type",
    "titles_by_beginning",
    "links_of_a_status",
    "links_by_tmdb_id",
)
# What popflix-synchron runs for each title.
SEED_UPSERT = """
    INSERT INTO MediaLinks (imdb_id, tmdb_id, poster_url, trailer_embed_url, processed_status)
    VALUES (%s, %s, %s, %s, %s)
    ON DUPLICATE KEY UPDATE tmdb_id = VALUES(tmdb_id), poster_url = VALUES(poster_url),
        trailer_embed_url = VALUES(trailer_embed_url),
        processed_status = VALUES(processed_status)"""


@dataclass(frozen=True)
class Scratch:
    """A database of one test."""

    alias: str

    @property
    def connection(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    def run(self, *statements: str, params: Sequence[Any] | None = None) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, params)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def tables(self) -> set[str]:
        with self.connection.cursor() as cursor:
            return {each.name for each in self.connection.introspection.get_table_list(cursor)}

    def columns(self, table: str) -> list[str]:
        with self.connection.cursor() as cursor:
            found = self.connection.introspection.get_table_description(cursor, table)
        return [each.name for each in found]

    def migrate(self, *target: str) -> None:
        """Run the command itself, as far as the titles and their companions need it; `"sync"`
        asks for all, which takes twice as long."""
        where = target or LAST_OF_TITLES
        call_command("migrate", *where, database=self.alias, verbosity=0, interactive=False)

    def examined(self) -> dict[str, Examined]:
        """Titles and their links alone; shows have tests of their own."""
        names = ("TitleBasics", "MediaLinks")
        found = {each.wanted.name: each for each in survey(self.connection)}
        return {name: found[name] for name in names if name in found}

    def everything(self) -> dict[str, Any]:
        """All definitions and rows, to tell whether anything was touched."""
        return {name: (self.definition(name), self.rows(f"SELECT * FROM {self.quoted(name)}"))
                for name in sorted(self.tables())}  # fmt: skip

    def definition(self, table: str) -> str:
        """The table as its owner knows it: without the indexes that popflix adds."""
        if self.connection.vendor == "mysql":
            whole = str(self.rows(f"SHOW CREATE TABLE {self.quoted(table)}")[0][1])
            return re.sub(rf",\n  KEY `(?:{'|'.join(OUR_INDEXES)})` .*?(?=,?\n)", "", whole)
        if self.connection.vendor == "sqlite":
            owners = f"tbl_name = '{table}' AND name NOT IN {OUR_INDEXES}"
            return str(self.rows(f"SELECT sql FROM sqlite_master WHERE {owners}"))
        return str(self.rows("SELECT column_name, data_type FROM information_schema.columns "
                             f"WHERE table_name = '{table}' ORDER BY 1"))  # fmt: skip

    def quoted(self, name: str) -> str:
        return self.connection.ops.quote_name(name)


@contextmanager
def scratch(**config: Any) -> Iterator[Scratch]:
    """Register a connection to the database that `config` describes and close it at the end."""
    alias = f"scratch_{uuid.uuid4().hex[:12]}"
    settings = connections.configure_settings({"default": {}, alias: database_settings(config)})
    connections.settings[alias] = settings[alias]
    try:
        yield Scratch(alias)
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@contextmanager
def scratch_on_server(url: str, create: str = "CREATE DATABASE {name}") -> Iterator[Scratch]:
    """A database made by `create` on a server and dropped at the end."""
    parts = urlsplit(url)
    engines = {"mysql": "mysql", "postgres": "postgresql"}
    config = {
        "ENGINE": f"django.db.backends.{engines[parts.scheme]}",
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
    }
    name = f"adoption_{uuid.uuid4().hex[:12]}"
    with scratch(**config, NAME={"mysql": "", "postgres": "postgres"}[parts.scheme]) as server:
        server.run(create.format(name=name))
        try:
            with scratch(**config, NAME=name) as made:
                yield made
        finally:
            server.run(f"DROP DATABASE {name}")


@contextmanager
def scratch_file(path: Path) -> Iterator[Scratch]:
    with scratch(ENGINE="django.db.backends.sqlite3", NAME=str(path)) as made:
        yield made
