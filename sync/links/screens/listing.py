"""The list of media links at millions of rows: its filters, its search, and its pages.

The page's keys are read first, by the index that keeps their order, and only then the rows of
these keys: no database may choose to sort a join of millions.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from popflix.lib.admin import MOST_ROWS, CappedPaginator
from sync.links.finding import MOST_FOUND, Choice, find_titles
from sync.links.models import FailureKind, MediaLinks, ProcessedStatus


class _FixedFilter(admin.SimpleListFilter):
    """By a fixed list: Django's own filter would read the whole table for the values."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _ in self.lookups(request, None)}
        chosen = self.value()
        return queryset.filter(**{self.column: chosen}) if chosen in known else queryset

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        raise NotImplementedError


class StatusFilter(_FixedFilter):
    title, parameter_name = "status", "processed_status__exact"
    column = "processed_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in ProcessedStatus.choices]


class KindFilter(_FixedFilter):
    title, parameter_name = "failure", "kind"
    column = "enrichment__failure_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in FailureKind.choices]


class TypeFilter(_FixedFilter):
    title, parameter_name = "type", "type"
    column = "title__title_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, each) for each in settings.POPFLIX_TITLE_TYPES]


class TitleTypeFilter(TypeFilter):
    column = "title_type"


LINK_FILTERS = (StatusFilter, KindFilter, TypeFilter)
SEARCH, PAGE = "q", ("p", "all", "e", "o")


def choice_of(query: QueryDict) -> Choice:
    """What the list of this address is narrowed to; what is no choice of it is left out.

    Nothing where it shows the rows of one run: no filter that is stored says that.
    """
    if "run" in query:
        return Choice()

    def chosen(name: str, values: Any) -> str:
        value = query.get(name, "")
        return value if value in values else ""

    return Choice(
        status=chosen("processed_status__exact", ProcessedStatus.values),
        kind=chosen("kind", FailureKind.values),
        title_type=chosen("type", settings.POPFLIX_TITLE_TYPES),
        search=query.get(SEARCH, "").strip(),
    )


def found(request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
    """The rows of the titles that the search means; says so where there are more of them."""
    if not term.strip():
        return rows
    meant = find_titles(term)
    if meant.has_more and request.method == "GET":
        messages.info(
            request, f"More than {MOST_FOUND:,} titles begin so; {MOST_FOUND:,} of them are "
            "shown. Write more of the title.",
        )  # fmt: skip
    return rows.filter(pk__in=meant.keys)


class InOrder(CappedPaginator):
    """Counts along the order of the list, too: the index that serves it ends the count early."""

    def _count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet) or not rows.query.where:
            return super()._count()
        return min(int(rows[: MOST_ROWS + 1].count()), MOST_ROWS)


class LinksList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        rows, self.queryset = self.queryset, self._keys(request)
        super().get_results(request)
        self.queryset = rows
        keys = list(self.result_list)
        links = MediaLinks.objects.select_related("title", "enrichment").in_bulk(keys)
        self.result_list = [links[key] for key in keys if key in links]

    def _keys(self, request: HttpRequest) -> QuerySet[Any, Any]:
        choice = choice_of(request.GET)
        known = {SEARCH, *PAGE, *(each.parameter_name for each in LINK_FILTERS)}
        if choice.search or set(request.GET) - known:
            rows: QuerySet[Any, Any] = self.queryset.order_by("pk")
            return rows.values_list("pk", flat=True)
        return choice.keys()
