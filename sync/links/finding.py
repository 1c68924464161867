"""Which titles a search and the list's filters mean, in milliseconds at millions of rows.

A search becomes ids first, at most MOST_FOUND of them, each meaning through an index of its own;
a filter is asked of the table whose index keeps the list's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from popflix.lib.admin import key_prefix
from popflix.lib.errors import OperatorError
from sync.links.models import Enrichment, FailureKind, MediaLinks, ProcessedStatus, Title
from sync.links.searching import Search, in_usual_cases, parse_search

MOST_FOUND = 1000


@dataclass(frozen=True)
class Found:
    """The ids that a search means; `has_more`: others begin so, too."""

    keys: list[str]
    has_more: bool = False


def find_titles(term: str) -> Found:
    search = parse_search(term)
    found: dict[str, None] = dict.fromkeys([search.tconst] if search.tconst else [])
    has_more = False
    for titles in _meanings(search):
        keys = list(titles[: MOST_FOUND + 1])
        has_more |= len(keys) > MOST_FOUND
        found |= dict.fromkeys(keys[:MOST_FOUND])
    return Found(list(found), has_more)


def _meanings(search: Search) -> list[QuerySet[Any, Any]]:
    titles = Title.objects.order_by().values_list("pk", flat=True)
    meant: list[QuerySet[Any, Any]] = []
    if search.id_prefix:
        meant.append(titles.filter(key_prefix("pk", search.id_prefix)).order_by("pk"))
    if search.tmdb:
        kind, tmdb_id = search.tmdb
        links = MediaLinks.objects.filter(tmdb_id=tmdb_id, enrichment__media_type__in=[kind, ""])
        meant.append(links.values_list("pk", flat=True))
    if search.title:
        meant.append(titles.filter(_begins(search.title)))
    return meant


def _begins(title: str) -> Q:
    """PostgreSQL's index knows no case. SQLite's knows that of ASCII alone, MariaDB's what the
    column's collation says: of none in a binary one."""
    is_written_as_typed = connection.vendor == "postgresql"
    found = Q()
    for each in [title] if is_written_as_typed else in_usual_cases(title):
        found |= Q(primary_title__istartswith=each)
    return found


@dataclass(frozen=True)
class Choice:
    """What the list of media links was narrowed to; empty is everything."""

    status: str = ""
    kind: str = ""
    title_type: str = ""
    search: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any(asdict(self).values())

    def keys(self) -> QuerySet[Any, str]:
        """Of the links chosen, in the order of their ids."""
        if self.search:
            rows = _of_links(self).filter(pk__in=find_titles(self.search).keys)
        elif self.kind:
            rows = _of_work(self)
        elif self.title_type and self.status in ("", ProcessedStatus.SUCCESS):
            rows = _of_titles(self)
        else:
            rows = _of_links(self)
        return rows.order_by("pk").values_list("pk", flat=True)

    def words(self) -> list[tuple[str, str]]:
        """Each part in words, for who is to confirm it."""
        told = (
            ("Status", self.status and ProcessedStatus(self.status).label),
            ("Failure", self.kind and FailureKind(self.kind).label),
            ("Type", self.title_type),
            ("Search", self.search),
        )
        return [(name, str(value)) for name, value in told if value]


def _of_links(choice: Choice) -> QuerySet[Any]:
    rows = MediaLinks.objects.all()
    if choice.status:
        rows = rows.filter(processed_status=choice.status)
    if choice.kind:
        rows = rows.filter(enrichment__failure_kind=choice.kind)
    return rows.filter(title__title_type=choice.title_type) if choice.title_type else rows


def _of_work(choice: Choice) -> QuerySet[Any]:
    rows = Enrichment.objects.filter(failure_kind=choice.kind, link__isnull=False)
    if choice.status:
        rows = rows.filter(link__processed_status=choice.status)
    if choice.title_type:
        rows = rows.filter(link__title__title_type=choice.title_type)
    return rows


def _of_titles(choice: Choice) -> QuerySet[Any]:
    rows = Title.objects.filter(title_type=choice.title_type, media_links__isnull=False)
    return rows.filter(media_links__processed_status=choice.status) if choice.status else rows


def clean_choice(params: Mapping[str, object]) -> Choice:
    """Raises OperatorError naming what no list can be narrowed to."""
    allowed = {
        "status": ProcessedStatus.values,
        "kind": FailureKind.values,
        "title_type": list(settings.POPFLIX_TITLE_TYPES),
    }
    given = {name: str(params.get(name) or "").strip() for name in Choice.__dataclass_fields__}
    for name, values in allowed.items():
        if given[name] and given[name] not in values:
            what = name.replace("_", " ")
            cure = f"Choose one of {', '.join(values)}."
            raise OperatorError(f"There is no {what} {given[name]}.", cure)
    return Choice(**given)
