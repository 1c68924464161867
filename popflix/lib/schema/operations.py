"""Migration operations that create a table or take the one that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from popflix.lib.schema.create import create_table
from popflix.lib.schema.describe import describe_table
from popflix.lib.schema.examine import examine, refuse_misfits
from popflix.lib.schema.wanted import Expectations, parents_of, wanted_table


class CreateCompanion(migrations.CreateModel):
    """CreateModel for a table of popflix's own that refers to an adopted one.

    Its key takes character set and collation of the key it refers to. A table of these very
    columns that is there already was left by a migration that died before it was recorded.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(connection.alias, model):
            return
        wanted = wanted_table(connection, model, Expectations())
        there = describe_table(connection, wanted.name)
        if there is None or {each.name for each in there.columns} != {
            each.name for each in wanted.columns
        }:
            create_table(schema_editor, model, parents_of(connection, wanted))


class CreateOrAdopt(migrations.CreateModel):
    """CreateModel for a table that popflix's users may have already.

    `holds` maps a column to the characters (text) or value (integer) that it must take today
    and the words for them: a narrower column is refused, one between that and popflix's own
    width is advised about. `any_language` names texts that need all of Unicode.

    Unapplying leaves the table where it is, whoever made it; applying adopts it again
    (docs/adr/0002-adopt-existing-tables.md).
    """

    def __init__(
        self,
        name: str,
        fields: list[tuple[str, models.Field[Any, Any]]],
        options: dict[str, Any] | None = None,
        bases: Sequence[Any] | None = None,
        managers: Sequence[Any] | None = None,
        *,
        holds: Mapping[str, tuple[int, str]] | None = None,
        any_language: Sequence[str] = (),
    ) -> None:
        super().__init__(name, fields, options, bases, managers)
        self.expectations = Expectations(dict(holds or {}), tuple(any_language))

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        if self.expectations.holds:
            kwargs["holds"] = dict(self.expectations.holds)
        if self.expectations.any_language:
            kwargs["any_language"] = self.expectations.any_language
        return name, args, kwargs

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Raises OperatorError, before anything is changed, if the table there does not fit."""
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        examined = examine(schema_editor.connection, model, self.expectations)
        refuse_misfits([examined])
        if examined.there is None:
            create_table(schema_editor, model, examined.parents)
        for statement in examined.additions():
            schema_editor.execute(statement, None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Touch nothing: no unapplied migration is worth a table of titles."""

    def describe(self) -> str:
        return f"Create or adopt model {self.name}"
