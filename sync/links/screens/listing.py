"""The list of media links at millions of rows: its filters, its search, and its pages.

The page's keys are read first, by the index that keeps their order, and only then the rows of
these keys: no database may choose to sort a join of millions.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from popflix.lib.admin import MOST_ROWS, CappedPaginator
from popflix.lib.filters import FixedFilter
from sync.links.finding import MOST_FOUND, Choice, find_titles
from sync.links.looking import Look, is_crossed, keys_of_run, look
from sync.links.models import TCONST_LENGTH, FailureKind, MediaLinks, ProcessedStatus
from sync.links.screens.of_run import PARAMETER, run_of


class StatusFilter(FixedFilter):
    title, parameter_name = "status", "processed_status__exact"
    column = "processed_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in ProcessedStatus.choices]


class KindFilter(FixedFilter):
    title, parameter_name = "failure", "kind"
    column = "enrichment__failure_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in FailureKind.choices]


class TypeFilter(FixedFilter):
    title, parameter_name = "type", "type"
    column = "title__title_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, each) for each in settings.POPFLIX_TITLE_TYPES]


class TitleTypeFilter(TypeFilter):
    column = "title_type"


LINK_FILTERS = (StatusFilter, KindFilter, TypeFilter)
AFTER = "after"
SEARCH, PAGE = "q", ("p", "all", "e", "o", AFTER)  # where in the list one is narrows it to nothing
_KNOWN = frozenset({SEARCH, *PAGE, *(str(each.parameter_name) for each in LINK_FILTERS)})


def choice_of(query: QueryDict) -> Choice:
    """What the list of this address is narrowed to; what is no choice of it is left out.

    Nothing where something else narrows it, such as one run: no filter that is stored says that.
    """
    if set(query) - _KNOWN:
        return Choice()

    def chosen(name: str, values: Any) -> str:
        value = query.get(name, "")
        return value if value in values else ""

    search = query.get(SEARCH, "").strip()
    return Choice(
        status=chosen("processed_status__exact", ProcessedStatus.values),
        kind=chosen("kind", FailureKind.values),
        title_type=chosen("type", settings.POPFLIX_TITLE_TYPES),
        search="" if "\0" in search else search,  # the list refuses it, and shows all
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


class AfterFilter(admin.SimpleListFilter):
    """Stands in the list only where an address says behind which title it begins."""

    title, parameter_name = "part of the list", AFTER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        after = request.GET.get(AFTER, "")
        return [(after, f"behind {after}")] if is_place(after) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__gt=self.value() or "")


def is_place(after: str) -> bool:
    return after.isascii() and after.isalnum() and len(after) <= TCONST_LENGTH


class _Keys(list[str]):
    """What a change list asks of its rows, where they are known."""

    def _clone(self) -> _Keys:
        return self


class LinksList(ChangeList):
    looked: Look | None = None  # where filters stand together and there is more to look through

    @property
    def further(self) -> str:
        """The address of the part behind this one; empty where nothing is left."""
        last = self.looked.last if self.looked else ""
        return self.get_query_string({AFTER: last}, [PAGE_VAR]) if last else ""

    @property
    def how_far(self) -> str:
        if self.looked is None:
            return ""
        return (
            f"Filters together are looked through {self.looked.looked:,} titles at a time: "
            f"{len(self.looked.keys):,} fit up to {self.looked.last}."
        )

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        if self.looked is not None:  # an action asks for all that was listed
            return self.root_queryset.filter(pk__in=self.looked.keys)
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        rows, self.queryset = self.queryset, self._keys(request)
        super().get_results(request)
        self.queryset = rows
        keys = list(self.result_list)
        links = MediaLinks.objects.select_related("title", "enrichment").in_bulk(keys)
        self.result_list = [links[key] for key in keys if key in links]

    def _keys(self, request: HttpRequest) -> Any:
        query, run = request.GET.copy(), run_of(request.GET)
        query.pop(PARAMETER, None)
        choice, after = choice_of(query), query.get(AFTER, "")
        if choice.search or set(query) - _KNOWN:
            return self.queryset.order_by("pk").values_list("pk", flat=True)
        after = after if is_place(after) else ""
        if is_crossed(choice, run):
            self.looked = look(choice, run=run, after=after)
            return _Keys(self.looked.keys)
        keys = choice.keys() if run is None else keys_of_run(run)
        return keys.filter(pk__gt=after) if after else keys
