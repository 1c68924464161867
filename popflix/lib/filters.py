"""Filters of lists with millions of rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest


class FixedFilter(admin.SimpleListFilter):
    """By the fixed list that `lookups` gives: Django's own would read the table for its values.

    A value that is none of them filters nothing. `column` is asked; empty: the parameter's name.
    """

    column = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen not in {str(value) for value, _ in self.lookup_choices}:
            return queryset
        return queryset.filter(**{self.column or str(self.parameter_name): chosen})
