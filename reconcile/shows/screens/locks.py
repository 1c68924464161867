"""All locks of fields, of shows and of movies: what operators keep, until when and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console.columns import moment_column
from popflix.lib.admin import ReadOnlyAdmin, WhyForm, why_given
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.field_locks import kept
from popflix.lib.filters import FixedFilter
from popflix.lib.models import FieldLock
from reconcile.changes.finding.kept import TABLE
from reconcile.feed.screens.words import SHOWS
from reconcile.shows.editing import unlock_fields
from reconcile.shows.screens.words import EDIT, UNTIL, field_name
from sync.movies.screens.locked import MOVIES_TABLE, movie_link, movie_word, unlock_movies
from sync.movies.screens.words import EDIT as EDIT_MOVIES

_LONGEST = 10  # digits of a show's number
_MOST_CHOSEN = 200


class ModeFilter(FixedFilter):
    title, parameter_name = "until", "mode"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return UNTIL


@admin.register(FieldLock)
class FieldLockAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 60)
    menu_label = "Locks"
    list_title = "Locked fields"
    list_display = ("id", "row_locked", "field_word", "until_words", "feed", "by", "made", "why")
    list_filter = (ModeFilter,)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    search_fields = ("row",)
    search_help_text = "The number of a show in master"
    empty_hint = "A field is locked on the page of its show in master, or of its movie."
    fields = ("row_locked", "field_word", "until_words", "feed", "by", "at", "why")
    readonly_fields = ("row_locked", "field_word", "until_words", "feed")
    action_form = WhyForm
    actions = ("unlock",)
    made = moment_column("at", "locked")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        found = queryset.filter(table=TABLE, row=term[:_LONGEST]) if term else queryset
        return found, False

    @admin.display(description="of")
    def row_locked(self, lock: FieldLock) -> SafeString | str:
        if lock.table == MOVIES_TABLE:
            return movie_link(lock.row)
        is_show = lock.table == TABLE and lock.row.isdecimal() and len(lock.row) <= _LONGEST
        if not is_show:
            return f"{lock.table} {lock.row}"
        url = reverse("admin:reconcile_mastershow_change", args=[lock.row])
        return format_html('<a href="{}">show {}</a>', url, lock.row)

    @admin.display(description="field")
    def field_word(self, lock: FieldLock) -> str:
        return movie_word(lock.field) if lock.table == MOVIES_TABLE else field_name(lock.field)

    @admin.display(description="locked until")
    def until_words(self, lock: FieldLock) -> str:
        is_over = lock.until is not None and lock.until <= SYSTEM_CLOCK.now()
        return f"{kept(lock).until_words}{', over' if is_over else ''}"

    @admin.display(description="the source said")
    def feed(self, lock: FieldLock) -> str:
        return "–" if lock.feed_value is None else str(lock.feed_value)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Of one kind at least; the other kind's locks are left alone, and told."""
        return any(request.user.has_perm(each) for each in (EDIT, EDIT_MOVIES))

    @admin.action(description="Unlock", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_CHOSEN + 1])
        if len(keys) > _MOST_CHOSEN:
            messages.warning(request, f"Only the first {_MOST_CHOSEN:,} were taken.")
        chosen = FieldLock.objects.filter(pk__in=keys[:_MOST_CHOSEN])
        told = [
            *self._unlocked_shows(request, chosen.filter(table=TABLE)),
            *self._unlocked_movies(request, chosen.filter(table=MOVIES_TABLE)),
        ]
        messages.success(request, " ".join(told) or "Unlocked: 0.")

    def _unlocked_shows(self, request: HttpRequest, locks: QuerySet[Any]) -> Iterator[str]:
        rows = [lock for lock in locks.order_by("pk") if lock.row.isdecimal()]
        if rows and not request.user.has_perm(EDIT):
            yield f"Left alone: {len(rows):,} of shows, which you may not change."
        elif rows:
            why, now = why_given(request), SYSTEM_CLOCK.now()
            count = sum(
                unlock_fields(int(lock.row), [lock.field], by=request.user, why=why, now=now)
                for lock in rows
            )
            yield f"Unlocked: {count:,} of shows. The next load has its say again."

    def _unlocked_movies(self, request: HttpRequest, locks: QuerySet[Any]) -> Iterator[str]:
        number = locks.count()
        if number and not request.user.has_perm(EDIT_MOVIES):
            yield f"Left alone: {number:,} of movies, which you may not change."
        elif number:
            why, now = why_given(request), SYSTEM_CLOCK.now()
            count = unlock_movies(locks, request.user, why, now)
            yield f"Unlocked: {count:,} of movies. What TMDB said last was taken."
