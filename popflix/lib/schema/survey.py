"""Find the adoptable tables of all migrations and compare each, before any is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from popflix.lib.schema.examine import Examined, examine, refuse_misfits
from popflix.lib.schema.operations import CreateOrAdopt


def survey(connection: BaseDatabaseWrapper) -> list[Examined]:
    """Compare every adoptable table of this project, in the order of the migrations."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    return _examine(executor, (each for each, _ in plan))


def refuse_before_migrating(
    plan: Sequence[tuple[Migration, bool]], using: str, **kwargs: Any
) -> None:
    """Receive pre_migrate: refuse while no table, not even Django's own, was created.

    Raises OperatorError naming all tables that do not fit.
    """
    forwards = [
        migration
        for migration, backwards in plan
        if not backwards and any(isinstance(each, CreateOrAdopt) for each in migration.operations)
    ]
    if forwards:
        executor = MigrationExecutor(connections[using])
        refuse_misfits(_examine(executor, forwards))


def _examine(executor: MigrationExecutor, migrations: Iterable[Migration]) -> list[Examined]:
    """Compare with the model of the migration that is to come, else with today's."""
    examined = []
    for migration in migrations:
        key = (migration.app_label, migration.name)
        for operation in migration.operations:
            if not isinstance(operation, CreateOrAdopt):
                continue
            applied = key in executor.loader.applied_migrations
            latest = executor.loader.graph.leaf_nodes(migration.app_label)
            state = executor.loader.project_state(latest if applied else key)
            model = state.apps.get_model(migration.app_label, operation.name)
            if operation.allow_migrate_model(executor.connection.alias, model):
                examined.append(examine(executor.connection, model, operation.expectations))
    return examined
