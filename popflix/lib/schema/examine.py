"""Compare tables with the models that migrations want to create, changing nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.errors import OperatorError
from popflix.lib.schema import dialect
from popflix.lib.schema.compare import Comparison, compare
from popflix.lib.schema.describe import describe_table
from popflix.lib.schema.descriptions import Column, Table, WantedTable
from popflix.lib.schema.wanted import Expectations, parents_of, wanted_table


@dataclass(frozen=True)
class Examined:
    """One table: what is wanted, whether it is there, and how the two differ."""

    wanted: WantedTable
    parents: dict[str, tuple[Column, ...]]
    there: Table | None
    comparison: Comparison

    @property
    def state(self) -> str:
        """`absent`, `fits`, `lacks columns` or `does not fit`."""
        if self.there is None:
            return "absent"
        if self.comparison.misfits:
            return "does not fit"
        return "lacks columns" if self.comparison.missing else "fits"

    def additions(self) -> tuple[str, ...]:
        """Statements that add the missing columns; each stands alone, so a rerun goes on."""
        wanted, utf8 = self.wanted, self.there is None or self.there.charset in ("", "utf8mb4")
        return tuple(
            dialect.add_column(wanted.vendor, wanted.name, column.name,
                               column.definition if utf8 else column.unicode_definition())
            for column in self.comparison.missing
        )  # fmt: skip


def examine(
    connection: BaseDatabaseWrapper, model: type[models.Model], expectations: Expectations
) -> Examined:
    wanted = wanted_table(connection, model, expectations)
    parents = parents_of(connection, wanted)
    there = describe_table(connection, wanted.name)
    comparison = compare(wanted, there, parents) if there else Comparison()
    return Examined(wanted, parents, there, comparison)


def refuse_misfits(examined: Iterable[Examined]) -> None:
    """Raise OperatorError with one sentence and all the SQL if a table does not fit."""
    misfits = [each for each in examined if each.comparison.misfits]
    if not misfits:
        return
    causes = "; and ".join(
        f"{each.wanted.name} does not fit, because "
        + ", and ".join(problem.cause for problem in each.comparison.misfits)
        for each in misfits
    )
    cures = [
        sql for each in misfits for problem in each.comparison.misfits for sql in problem.cure
    ]
    raise OperatorError(
        f"The existing table {causes} (left untouched).",
        f"Run `{'; '.join(cures)};` and then `python manage.py migrate` again.",
    )
