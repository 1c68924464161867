"""What every admin page of a big table shares: cheap pages, search by key, no stray edits, why.

The measurements behind it: a count on every page, facets, date drill-down and substring search
take seconds at five million rows; a capped count and a range on the primary key take
milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

if TYPE_CHECKING:  # the stubs' classes are generic, Django's own are not
    AnyPaginator = Paginator[Any]
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyPaginator = Paginator
    AnyModelAdmin = admin.ModelAdmin

_LAST_BEFORE_SURROGATES = 0xD7FF
MOST_ROWS = 10_000  # that can be paged to; deep offsets cost seconds, a filter is the way there
_ESTIMATES = {
    "mysql": "SELECT TABLE_ROWS FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
    "postgresql": "SELECT reltuples::bigint FROM pg_class "
    "WHERE oid = to_regclass(quote_ident(%s))",
}


class CappedPaginator(AnyPaginator):
    """Counts exactly up to MOST_ROWS, estimates a whole table beyond, never counts it."""

    @property
    def count(self) -> int:
        if "_capped" not in self.__dict__:
            self.__dict__["_capped"] = self._count()
        return int(self.__dict__["_capped"])

    @property
    def num_pages(self) -> int:
        reachable = min(self.count, MOST_ROWS)
        return max(1, -(-reachable // int(self.per_page)))

    def _count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        exact = rows.order_by()[: MOST_ROWS + 1].count()
        if exact <= MOST_ROWS:
            return exact
        return MOST_ROWS if rows.query.where else max(MOST_ROWS, estimated_rows(rows))


def estimated_rows(rows: QuerySet[Any]) -> int:
    """The database's own guess at a table's size; 0 where it has none."""
    connection = connections[rows.db]
    table = rows.model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT max(_rowid_) FROM {connection.ops.quote_name(table)}")
        else:
            cursor.execute(_ESTIMATES[connection.vendor], [table])
        found = cursor.fetchone()
    return int(found[0] or 0) if found else 0


def key_prefix(field: str, prefix: str) -> Q:
    """Keys that begin with `prefix`, as a range: LIKE finds no index on any of the databases."""
    last = ord(prefix[-1])
    if last >= _LAST_BEFORE_SURROGATES:  # no letter is followed by none there
        return Q(**{f"{field}__startswith": prefix})
    after = prefix[:-1] + chr(last + 1)
    return Q(**{f"{field}__gte": prefix, f"{field}__lt": after})


class WhyForm(ActionForm):
    """The bar of actions asks why, for the audit trail."""

    why = forms.CharField(
        required=False, max_length=200, label="Why:", widget=forms.TextInput({"size": 30})
    )


def why_given(request: HttpRequest) -> str:
    """What was said in the bar of actions; where nothing was, that it was chosen there."""
    return request.POST.get("why", "").strip()[:200] or "chosen in the admin's list"


class BigTableAdmin(AnyModelAdmin):
    """No full count, no facets, no sorting but by what an index serves (`sortable_by`)."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    sortable_by: ClassVar[Any] = ()
    # Of Django's add, change and delete, what the group *operator* gets (popflix.console.groups).
    operators_may: ClassVar[tuple[str, ...]] = ()
    empty_hint = ""  # what an operator does to see rows here

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Headed by what is listed, where Django says "Select … to change"."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class ReadOnlyAdmin(BigTableAdmin):
    """Rows that only the machine writes: looked at, never touched."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
