"""Drop every table of the database and build the schema anew; for development only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from popflix.lib.errors import OperatorError, UsageError


@dataclass(frozen=True)
class Inventory:
    """What a reset would drop. `strangers` are tables of the database that no app of ours made."""

    database: str
    tables: list[str]
    views: list[str]
    strangers: list[str]

    def question(self) -> str:
        others = f", {len(self.strangers)} of them not popflix's" if self.strangers else ""
        named = f" ({', '.join(self.strangers[:5])})" if self.strangers else ""
        return f"Drop all {len(self.tables)} tables{others}{named} of {self.database}?"


def refuse_live_site(debug: bool) -> None:
    """Raises OperatorError unless the site is a development site."""
    if not debug:
        raise OperatorError(
            "reset drops every table and is refused because DEBUG is off.",
            "Set DEBUG=true in .env on a development machine, never on a live site.",
        )


def unanswered() -> UsageError:
    return UsageError(
        "reset asks before it drops, and there is no terminal to ask on.",
        "Add --yes to answer beforehand.",
    )


def take_inventory() -> Inventory:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    ours = {name.lower() for name in _our_tables()}
    tables = sorted(table.name for table in found if table.type == "t")
    return Inventory(
        database=str(connection.settings_dict["NAME"]),
        tables=tables,
        views=sorted(table.name for table in found if table.type == "v"),
        strangers=[name for name in tables if name.lower() not in ours],
    )


def _our_tables() -> list[str]:
    models: list[Any] = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    return [model._meta.db_table for model in models]


def drop_and_migrate(inventory: Inventory) -> None:
    """Constraints are off meanwhile: tables of the seeds' users point at each other."""
    with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
        for view in inventory.views:
            editor.execute(f"DROP VIEW {connection.ops.quote_name(view)}")
        for table in inventory.tables:
            editor.execute(editor.sql_delete_table % {"table": connection.ops.quote_name(table)})
    call_command("migrate", verbosity=0, interactive=False)
