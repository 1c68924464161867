"""The list of master's shows: what is locked, missing or inactive, found through indexes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from popflix.console.pieces import render
from popflix.lib import field_locks
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import FieldLock
from reconcile.changes.finding.kept import TABLE
from reconcile.feed.screens.shows import ShowList
from reconcile.feed.words import INACTIVE_WORDS
from reconcile.shows.screens.words import field_name

NOTHING = "–"
_MOST_LOCKED = 2_000
_EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# As feeds write them; a database finds just these through its index.
_WORDS = sorted({
    form for word in INACTIVE_WORDS for form in (word, word.upper(), word.capitalize())
})  # fmt: skip


class HowFilter(admin.SimpleListFilter):
    title, parameter_name = "how it stands", "how"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("locked", "Has locked fields"),
            ("missing", "Missing"),
            ("inactive", "Inactive"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "locked":
            rows = FieldLock.objects.filter(table=TABLE).values_list("row", flat=True)
            newest = rows.order_by("-pk")[:_MOST_LOCKED]
            return queryset.filter(pk__in={int(row) for row in newest if row.isdecimal()})
        if self.value() == "missing":
            return queryset.filter(missing_since__gte=_EVER)  # a range: planners use the index
        if self.value() == "inactive":
            return queryset.filter(is_active__in=_WORDS)
        return queryset


class MasterList(ShowList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        with_locks(self.result_list)


def with_locks(shows: Iterable[Any]) -> None:
    """Give each show its `locks`, by field."""
    shows = list(shows)
    found = field_locks.locks_of(TABLE, [show.pk for show in shows], SYSTEM_CLOCK.now())
    for show in shows:
        show.locks = found.get(str(show.pk), {})


@admin.display(description="locked")
def locked(self: Any, show: Any) -> SafeString | str:
    """The fields by their ends."""
    ends: dict[str, list[str]] = {}
    for name, kept in show.locks.items():
        ends.setdefault(kept.until_words, []).append(field_name(name))
    found = ((render.toned(", ".join(sorted(names)), "hold"), end) for end, names in ends.items())
    return format_html_join("", '<span>{}<span class="sub">{}</span></span>', found) or NOTHING
