"""The migration operations where nothing is adopted: routers, serialisation, leftovers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.writer import OperationWriter

from popflix.lib.schema import CreateOrAdopt
from tests.sync.links.adoption.scratch import Scratch


class NothingOfSync:
    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool | None:
        return False if app_label == "sync" and db.startswith("scratch") else None


def test_a_router_that_keeps_titles_elsewhere_is_obeyed(sqlite: Scratch, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.NothingOfSync"]
    sqlite.run("CREATE TABLE TitleBasics (unrelated INT)")
    sqlite.migrate()
    assert sqlite.columns("TitleBasics") == ["unrelated"]
    assert not {"MediaLinks", "sync_enrichment", "sync_titlerating"} & sqlite.tables()
    assert sqlite.examined() == {}


def test_a_stranger_under_the_name_of_a_companion_is_not_taken(sqlite: Scratch) -> None:
    sqlite.run("CREATE TABLE sync_titlerating (unrelated INT)")
    with pytest.raises(DatabaseError, match="sync_titlerating"):
        sqlite.migrate()
    assert sqlite.columns("sync_titlerating") == ["unrelated"]


@pytest.mark.parametrize("name", ["0001_initial", "0002_medialinks"])
def test_an_operation_can_be_written_into_a_squashed_migration(name: str) -> None:
    [operation] = MigrationLoader(None).disk_migrations["sync", name].operations
    assert isinstance(operation, CreateOrAdopt)
    again = CreateOrAdopt(**operation.deconstruct()[2])
    assert again.deconstruct() == operation.deconstruct()
    written = "".join(OperationWriter(operation).serialize()[0])
    assert "CreateOrAdopt(" in written
    assert "holds=" in written


def test_an_operation_without_demands_writes_none() -> None:
    bare = CreateOrAdopt("Thing", [])
    assert bare.deconstruct() == ("CreateOrAdopt", [], {"name": "Thing", "fields": []})
    assert bare.describe() == "Create or adopt model Thing"
