"""Does a table that is there fit what popflix would have made? Pure: descriptions in, words out.

A column may be wider, of a kindred type, in another character set or in another order; extra
columns and indexes are the owner's business. What popflix could not read or write is a misfit,
each with the exact SQL that mends it; what will become too small is advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from popflix.lib.schema import dialect
from popflix.lib.schema.descriptions import Column, Table, Wanted, WantedTable, charset_clause
from popflix.lib.schema.dialect import Definition
from popflix.lib.schema.names import fold, pair
from popflix.lib.schema.types import UNLIMITED, Family, Fit, fit


@dataclass(frozen=True)
class Problem:
    """`cause` is part of a sentence; `cure` the statements to run, in their order."""

    cause: str
    cure: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    missing: tuple[Wanted, ...] = ()  # popflix adds them
    misfits: tuple[Problem, ...] = ()  # a person must act first
    advice: tuple[Problem, ...] = ()  # works today


def compare(
    wanted: WantedTable, actual: Table, parents: Mapping[str, tuple[Column, ...]] | None = None
) -> Comparison:
    """Compare one table; `parents` has the columns of tables that `Wanted.like` names."""
    if actual.is_view:
        aside = dialect.set_aside(wanted.vendor, actual.name, is_view=True)
        return Comparison(misfits=(Problem("it is a view", (aside,)),))
    return _Comparing(wanted, actual, parents or {}).outcome()


class _Comparing:
    def __init__(
        self, wanted: WantedTable, actual: Table, parents: Mapping[str, tuple[Column, ...]]
    ) -> None:
        self.wanted, self.actual, self.parents = wanted, actual, parents
        self.vendor = wanted.vendor
        self.misfits: list[Problem] = []
        self.advice: list[Problem] = []

    def outcome(self) -> Comparison:
        pairs, missing, extras = pair(self.vendor, self.wanted.columns, self.actual.columns)
        if self._is_foreign(missing, extras):
            names = ", ".join(column.name for column in missing)
            aside = dialect.set_aside(self.vendor, self.actual.name)
            self._misfit(f"it is another kind of table, without {names}", aside)
            return Comparison(misfits=tuple(self.misfits))
        self._check_table()
        for column, found in pairs:
            self._check_name(column, found)
        for column, found in pairs:
            self._check_column(column, found)
        self._check_missing(missing)
        self._check_keys(pairs)
        for extra in extras:
            self._check_extra(extra)
        addable = () if self.misfits else tuple(missing)
        return Comparison(addable, tuple(self.misfits), tuple(self.advice))

    def _misfit(self, cause: str, *cure: str) -> None:
        self.misfits.append(Problem(cause, cure))

    def _fold(self, name: str) -> str:
        return fold(self.vendor, name)

    def _check_table(self) -> None:
        name = self.wanted.name
        if self.actual.name != name:
            rename = dialect.rename_table(self.vendor, self.actual.name, name)
            self._misfit(f"it is written {self.actual.name}", rename)
        if self.actual.engine not in ("", "InnoDB"):
            cure = dialect.use_innodb(self.vendor, name)
            self._misfit(f"its engine {self.actual.engine} knows no transactions", cure)

    def _check_name(self, column: Wanted, found: Column) -> None:
        if self._fold(found.name) != self._fold(column.name):
            rename = dialect.rename_column(self.vendor, self.wanted.name, found.name, column.name)
            self._misfit(f"it has {found.name} in place of {column.name}", rename)

    def _is_foreign(self, missing: list[Wanted], extras: list[Column]) -> bool:
        """Without its key, or with mostly other columns, a table only shares the name."""
        known = len(self.wanted.columns) - len(missing)
        strange = sum(not column.fills_itself for column in extras)
        mostly_other = strange >= known and len(missing) > known
        return mostly_other or any(column.is_key for column in missing)

    def _check_missing(self, missing: list[Wanted]) -> None:
        for column in missing:
            if not (column.definition.null or column.definition.default):
                cure = dialect.add_column(
                    self.vendor, self.wanted.name, column.name, column.definition
                )
                self._misfit(f"it has no column {column.name}", cure)

    def _check_keys(self, pairs: list[tuple[Wanted, Column]]) -> None:
        renamed = {self._fold(found.name): self._fold(column.name) for column, found in pairs}
        there = {
            frozenset(renamed.get(self._fold(name), self._fold(name)) for name in columns)
            for columns in self.actual.uniques
        }
        key, table = self.wanted.key().name, self.wanted.name
        if frozenset({self._fold(key)}) not in there:
            if self.actual.has_primary_key:
                cure = dialect.add_unique(self.vendor, table, (key,))
            else:
                cure = dialect.add_primary_key(self.vendor, table, key)
            self._misfit(f"{key} is no key", cure)
        for columns in self.wanted.uniques:
            if frozenset(map(self._fold, columns)) not in there:
                cure = dialect.add_unique(self.vendor, table, columns)
                self._misfit(f"{', '.join(columns)} together are not unique", cure)

    def _check_extra(self, extra: Column) -> None:
        if extra.null or extra.fills_itself:
            return
        optional = replace(extra.definition, null=True)
        cure = self._redefine(extra.name, extra.definition, optional)
        self._misfit(f"its column {extra.name} asks for a value popflix does not know", *cure)

    def _check_column(self, column: Wanted, found: Column) -> None:
        """Gather all that one column needs, so that one statement mends it."""
        target, causes = found.definition, []
        how = self._fit(column, found)
        if how is Fit.NO:
            causes.append(_cannot_hold(column, found))
            is_text = column.type.family in (Family.TEXT, Family.ENUM)
            target = replace(column.definition, charset=target.charset if is_text else "")
        if self._null_differs(column, found):
            word = "optional" if column.definition.null else "required"
            causes.append(f"{column.name} must be {word}")
            default = target.default or column.definition.default
            target = replace(target, null=column.definition.null, default=default)
        if (parent := self._parent(column)) and parent.collation != found.collation:
            causes.append(f"{column.name} and what it refers to differ in collation")
            target = replace(target, charset=charset_clause(parent.charset, parent.collation))
        if causes:
            self._misfit(", ".join(causes), *self._mend(column, found, target))
        else:
            self._advise(column, found, tight=how is Fit.TIGHT)

    def _advise(self, column: Wanted, found: Column, *, tight: bool) -> None:
        """One statement per column again, for what works today and will not for ever."""
        target, causes = found.definition, []
        if column.any_language and found.charset not in ("", "utf8mb4"):
            target = replace(target, charset="CHARACTER SET utf8mb4")
            causes.append(f"is {found.charset} and cannot hold CJK or emoji")
        if tight:
            target = replace(target, type=column.definition.type)
            enough = f"enough until {column.of} outgrow {found.type.capacity} characters"
            causes.append(f"is {found.type.text}, {enough}")
        if causes:
            cause = f"{column.name} {' and '.join(causes)}"
            self.advice.append(Problem(cause, self._mend(column, found, target)))

    def _fit(self, column: Wanted, found: Column) -> Fit:
        how = fit(self.vendor, column.type, found.type, column.today)
        unindexable = self.vendor == "mysql" and found.type.capacity is UNLIMITED
        if column.is_key and unindexable and found.type.family is Family.TEXT:
            return Fit.NO
        return how

    def _null_differs(self, column: Wanted, found: Column) -> bool:
        if column.is_key:  # a primary key implies it, wherever it matters
            return found.null and self.actual.has_primary_key and self.vendor != "sqlite"
        if column.definition.null == found.null:
            return False
        return not (column.definition.default and found.fills_itself and not found.null)

    def _parent(self, column: Wanted) -> Column | None:
        """The column this one must be comparable with, where collations exist."""
        if column.like is None or column.like[0] not in self.parents:
            return None
        wanted_name = self._fold(column.like[1])
        columns = self.parents[column.like[0]]
        return next((each for each in columns if self._fold(each.name) == wanted_name), None)

    def _mend(self, column: Wanted, found: Column, target: Definition) -> tuple[str, ...]:
        return self._redefine(column.name, found.definition, target)

    def _redefine(self, name: str, before: Definition, after: Definition) -> tuple[str, ...]:
        keys = self.actual.foreign_keys
        return dialect.redefine(self.vendor, self.wanted.name, name, before, after, keys)


def _cannot_hold(column: Wanted, found: Column) -> str:
    is_ = f"{column.name} is {found.type.text}"
    if column.today is None:
        return f"{is_} where {column.type.text} is needed"
    if column.type.family is Family.TEXT:
        return f"{is_}, which cannot hold the {column.today} characters of {column.of}"
    return f"{is_}, which cannot hold {column.today}"
