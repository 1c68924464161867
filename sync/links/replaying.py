"""Rows of IMDb's files that were in quarantine, read and taken by the rules of the import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Model

from popflix.lib.bulk import Loaded, RowBatch, Target, open_loader
from popflix.lib.replaying import Cell, Reading, Took, damage_of
from sync.links.ensure_links import ensure_links
from sync.links.import_titles import RATINGS_TARGET, TITLES_TARGET, title_capacity
from sync.links.models import TCONST_LENGTH, Title, TitleRating
from sync.links.transform import Parser, ratings_parser, titles_parser

_MISSING = r"is missing: write \N where there is none"
_TOO_MANY = "is one field too many: leave it empty"
_LINE_END = "holds a line end"
_AS_THE_FILE_HAD_IT = "is not as the file had it ({}): write what stands there"


@dataclass(frozen=True)
class ImdbReplayer:
    """Rows of one of IMDb's files. `columns` are the model's, in the order of the file.

    `why_not(keys)` says which of these ids cannot be taken, `after(keys, now)` does what the
    import does behind its rows.
    """

    title: str
    model: type[Model]
    columns: tuple[str, ...]
    target: Target
    parser: Callable[[], Parser]
    why_not: Callable[[Sequence[str]], Mapping[str, str]]
    after: Callable[[Sequence[str], dt.datetime], None]

    def read(self, raw: str) -> Reading:
        cells = _cells(self.parser(), raw)
        key = "" if cells[0].fault else cells[0].text
        return Reading(cells, key, self._stored(cells, key) if key else {})

    def _stored(self, cells: Sequence[Cell], key: str) -> dict[str, str]:
        rows = self.model._default_manager.filter(pk=key).values_list(*self.columns)
        return {
            cell.name: _words(value)
            for row in rows
            for cell, value in zip(cells, row, strict=False)
        }

    def joined(self, texts: Sequence[str]) -> str:
        width = len(self.columns)
        return "\t".join([*texts[:width], *(text for text in texts[width:] if text)])

    def take(self, rows: Mapping[int, str], now: dt.datetime) -> Took:
        """All good rows with the import's own writer, then their links and work."""
        good, refused = self._sorted(rows)
        loaded = self._load(good) if good else Loaded()
        for each in loaded.refused:
            refused[each.number] = f"the database refuses it: {each.reason}"
            del good[each.number]
        if good:
            self.after(sorted({str(row[0]) for row in good.values()}), now)
        return Took(refused, _told(loaded))

    def _sorted(
        self, rows: Mapping[int, str]
    ) -> tuple[dict[int, tuple[object, ...]], dict[int, str]]:
        """The rows that can be written, as values, and why the others cannot."""
        parser = self.parser()
        good: dict[int, tuple[object, ...]] = {}
        refused: dict[int, str] = {}
        for number, raw in rows.items():
            faults = [f"{each.name} {each.fault}" for each in _cells(parser, raw) if each.fault]
            if faults:
                refused[number] = "; ".join(faults)
            else:
                good[number] = tuple(each.value for each in parser.cells(raw.split("\t")))
        why_not = self.why_not([str(row[0]) for row in good.values()])
        for number in [number for number, row in good.items() if str(row[0]) in why_not]:
            refused[number] = why_not[str(good.pop(number)[0])]
        return good, refused

    def _load(self, rows: Mapping[int, tuple[object, ...]]) -> Loaded:
        batch = RowBatch(list(rows.values()), list(rows))
        with open_loader(self.target) as loader, closing(loader.prepared([batch])) as prepared:
            return sum((loader.load(each) for each in prepared), start=Loaded())


def _cells(parser: Parser, raw: str) -> list[Cell]:
    """A cell for each field that the file has and for each that the row has beyond."""
    texts, names = raw.split("\t"), parser.names
    cells = [
        Cell(each.name, each.text, _words(each.value), _damage(each.text) or each.fault)
        for each in parser.cells(texts)
    ]
    cells += [Cell(name, "", fault=_MISSING, is_missing=True) for name in names[len(texts) :]]
    beyond = enumerate(texts[len(names) :], len(names) + 1)
    return cells + [Cell(f"field {number}", text, fault=_TOO_MANY) for number, text in beyond]


def _damage(text: str) -> str:
    if "\n" in text or "\r" in text:
        return _LINE_END
    damage = damage_of(text)
    return _AS_THE_FILE_HAD_IT.format(damage) if damage else ""


def _words(value: object) -> str:
    """A value as the page says it, the same for what is read and what is stored."""
    if value is None:
        return "none"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _told(loaded: Loaded) -> str:
    counts = (
        (loaded.inserted, "new"),
        (loaded.updated, "changed"),
        (loaded.unchanged, "there already"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count)


@cache
def _capacity_of(database: str) -> dict[str, int | None]:
    """Asked once by each process: the catalogue takes some twenty queries."""
    return title_capacity()


def _all_may(keys: Sequence[str]) -> Mapping[str, str]:
    return {}


def _without_title(keys: Sequence[str]) -> Mapping[str, str]:
    """IMDb rates titles of types that are not held."""
    held: Iterable[Any] = Title.objects.filter(pk__in=keys).values_list("pk", flat=True)
    return {key: f"{key} is no title here" for key in set(keys) - set(held)}


def _give_work(keys: Sequence[str], now: dt.datetime) -> None:
    ensure_links(settings.POPFLIX_TITLE_TYPES, now, keys=keys)


def _nothing_more(keys: Sequence[str], now: dt.datetime) -> None:
    """Ratings have no links of their own."""


TITLE_ROWS = ImdbReplayer(
    "IMDb's list of titles",
    Title,
    tuple(field.attname for field in Title._meta.concrete_fields),
    TITLES_TARGET,
    lambda: titles_parser(_capacity_of(str(connection.settings_dict["NAME"]))),
    _all_may,
    _give_work,
)
RATING_ROWS = ImdbReplayer(
    "IMDb's ratings",
    TitleRating,
    tuple(field.attname for field in TitleRating._meta.concrete_fields),
    RATINGS_TARGET,
    lambda: ratings_parser(TCONST_LENGTH),
    _without_title,
    _nothing_more,
)
