"""How long the texts of staging and master may be: adopted tables have their own widths."""

from __future__ import annotations

from functools import cache

from django.db import connection

from popflix.lib.schema.describe import describe_table
from popflix.lib.schema.types import Family
from reconcile.shows.models import TEXT_LENGTH, MasterShow, SyncShow


def capacity() -> dict[str, int | None]:
    """Characters that each text column takes, by column."""
    return _capacity_of(str(connection.settings_dict["NAME"]))


@cache
def _capacity_of(database: str) -> dict[str, int | None]:
    """Asked once by each process: the catalogue takes some twenty queries."""
    found: dict[str, int | None] = {}
    for model in (SyncShow, MasterShow):
        table = describe_table(connection, model._meta.db_table)
        for column in table.columns if table else ():
            if column.type.family is Family.TEXT:
                most = column.type.capacity or TEXT_LENGTH
                found[column.name] = min(most, TEXT_LENGTH, found.get(column.name) or TEXT_LENGTH)
    return found
