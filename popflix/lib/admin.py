"""What every admin page of a big table shares: cheap pages, search by key, no stray edits, why.

The measurements behind it: a count on every page, facets, date drill-down and substring search
take seconds at five million rows; a capped count and a range on the primary key take
milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.text import capfirst

from popflix.lib.redact import redact

if TYPE_CHECKING:  # the stubs' classes are generic, Django's own are not
    AnyPaginator = Paginator[Any]
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyPaginator = Paginator
    AnyModelAdmin = admin.ModelAdmin

_LAST_BEFORE_SURROGATES = 0xD7FF
_WHY_LENGTH = 200
_SAY_WHY = "Say why, for the audit trail. Nothing was deleted."
MOST_ROWS = 10_000  # that can be paged to; deep offsets cost seconds, a filter is the way there
_DEEP = 500  # rows before a page
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

    def page(self, number: int | str) -> Page[Any]:
        """A deep page by its keys, which stand in an index: MariaDB sorts whole rows else."""
        number = self.validate_number(number)
        begin = (number - 1) * int(self.per_page)
        rows = self.object_list
        if begin < _DEEP or not isinstance(rows, QuerySet):
            return super().page(number)
        keys = list(rows.values_list("pk", flat=True)[begin : begin + int(self.per_page)])
        if rows.query.values_select:
            return Page(rows.filter(pk__in=keys), number, self)
        # By their keys alone: SQLite would read all that fits the filters, for its order.
        found = rows.order_by()
        found.query.clear_where()
        by_key = {row.pk: row for row in found.filter(pk__in=keys)}
        return Page([by_key[key] for key in keys if key in by_key], number, self)

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


def why_said(request: HttpRequest) -> str:
    """What the form that was sent says in its field *why*, for the audit trail."""
    typed = request.POST.get("why", "").replace("\0", "")  # PostgreSQL stores no NUL
    return redact(typed.strip()[:_WHY_LENGTH])


def why_given(request: HttpRequest) -> str:
    """What was said in the bar of actions; where nothing was, that it was chosen there."""
    return why_said(request) or "chosen in the admin's list"


class _WithWhy:
    """A form that asks why, too: that is no field of the row and none of its changes."""

    @property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "why"]  # type: ignore[misc]


class AskWhy(AnyModelAdmin):
    """Who adds, changes or deletes a row says why; `why_said(request)` hands it to the audit.

    The forms get a required field, confirmations of a deletion too. Who may only look is not
    asked. Stands before the bases that it asks for.
    """

    delete_confirmation_template = "lib/delete_confirmation.html"
    delete_selected_confirmation_template = "lib/delete_selected_confirmation.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = self._own_fieldsets(request, obj)
        if self._asks(request, obj):
            asked.append((None, {"fields": ("why",)}))
        return asked

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if "fields" not in kwargs:
            kwargs["fields"] = flatten_fieldsets(self._own_fieldsets(request, obj))
        if kwargs["fields"] is not None:  # the row's own, without the question
            kwargs["fields"] = [name for name in kwargs["fields"] if name != "why"]
        form = super().get_form(request, obj, change=change, **kwargs)
        if not self._asks(request, obj):
            return form
        return type(form.__name__, (_WithWhy, form), {"why": why_field()})

    def _own_fieldsets(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Where Django takes the fields from the form, the question is among them."""
        return [
            (name, {**options, "fields": [each for each in options["fields"] if each != "why"]})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def _asks(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        if request.method == "POST" and not why_said(request):
            messages.error(request, _SAY_WHY)
            request.POST = QueryDict()  # asked again
        return super().delete_view(request, object_id, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        is_deletion = request.POST.get("action") == "delete_selected" and "post" in request.POST
        if is_deletion and not why_said(request):
            messages.error(request, _SAY_WHY)
            asked_again = request.POST.copy()
            del asked_again["post"]
            request.POST = asked_again  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)


def why_field() -> forms.CharField:
    text = forms.TextInput({"class": "vTextField", "autocomplete": "off"})
    told = "For the audit trail: whoever comes later understands it."
    return forms.CharField(max_length=_WHY_LENGTH, label="Why", widget=text, help_text=told)


class OneWay(ChangeList):
    """What settles ties goes the way of the column sorted by: no index goes both ways."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        first, *rest = super().get_ordering(request, queryset)
        is_up = not str(first).startswith("-")
        return [first, *("pk" if each == "-pk" and is_up else each for each in rest)]


class Headed(AnyModelAdmin):
    """A list is headed by what is listed, where Django says "Select … to change"."""

    list_title = ""  # where the rows' name in the plural is not what the list is called

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = self.list_title or capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class BigTableAdmin(Headed):
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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OneWay

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A number or a date that no database takes is no filter, and told as that."""
        try:
            return super().get_changelist_instance(request)
        except OverflowError:
            raise IncorrectLookupParameters from None


class ReadOnlyAdmin(BigTableAdmin):
    """Rows that only the machine writes: looked at, never touched."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
