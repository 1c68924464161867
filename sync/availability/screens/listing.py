"""The list of availability: its filters, in the address and as a choice that can be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from popflix.lib.admin import OneWay
from sync.availability.finding import ALL_REGIONS, STATES, YES, Choice, is_region
from sync.availability.health import configured
from sync.availability.models import Outcome, Provider
from sync.availability.screens.words import CREDITED

SEARCH, _PAGE = "q", ("p", "all", "e", "o")
_MOST_TEXT = 100  # characters of a filter or a search that mean something


class _OfChoice(admin.SimpleListFilter):
    """Offers values; which rows they mean says `Choice`, for the list and for a run alike."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class ProviderFilter(_OfChoice):
    title, parameter_name = "provider", "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = Provider.objects.order_by("name").values_list("name", flat=True)
        return [(name, name) for name in names]


class RegionFilter(_OfChoice):
    """Without one: the rows that hold for no region in particular."""

    title, parameter_name = "region", "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = request.GET.get("region", "")
        regions = {region for each in configured().values() for region in each.regions}
        regions |= {named} if is_region(named) and named != ALL_REGIONS else set()
        return [*((each, each) for each in sorted(regions)), (ALL_REGIONS, "All, each in a row")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "As a whole"}
        yield from others


class StateFilter(_OfChoice):
    title, parameter_name = "known answer", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(STATES.items())


class OutcomeFilter(_OfChoice):
    title, parameter_name = "last check", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Outcome.choices]


class WaitsFilter(_OfChoice):
    title, parameter_name = "second look", "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(YES, "Waits for it")]


class GivenUpFilter(_OfChoice):
    title, parameter_name = "given up", "given_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(YES, "Given up")]


FILTERS = (ProviderFilter, RegionFilter, StateFilter, OutcomeFilter, WaitsFilter, GivenUpFilter)
_NAMES = tuple(str(each.parameter_name) for each in FILTERS)


def choice_of(query: QueryDict) -> Choice:
    """What the list of this address is narrowed to; what cannot be meant narrows nothing."""
    given = {name: query.get(name, "")[:_MOST_TEXT] for name in _NAMES}
    search = query.get(SEARCH, "").strip()[:_MOST_TEXT]
    return Choice(
        provider=given["provider"].replace("\0", ""),
        region=given["region"] if is_region(given["region"]) else "",
        state=given["state"] if given["state"] in STATES else "",
        outcome=given["outcome"] if given["outcome"] in Outcome.values else "",
        waits=YES if given["waits"] == YES else "",
        given_up=YES if given["given_up"] == YES else "",
        search=search.replace("\0", ""),
    )


def is_storable(query: QueryDict) -> bool:
    """Whether nothing but what a choice says narrows the list."""
    return not set(query) - {SEARCH, *_PAGE, *_NAMES}


class ChosenList(OneWay):
    is_credited = False  # whether JustWatch stands behind anything on the page

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.is_credited = any(row.provider.kind == CREDITED for row in self.result_list)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        return choice_of(request.GET).narrow(rows)
