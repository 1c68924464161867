"""django-q2's own pages, to be looked at only: ours act, and check and audit what they do.

What a delivery carries is pickled, and unpickling executes it: whoever could write to the database
could run code in the web server. So those columns are never read here.
"""

from __future__ import annotations

from typing import Any, ClassVar

import django_q.admin  # its pages have to be registered before they can be replaced
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

from popflix.lib.admin import ReadOnlyAdmin

__all__ = ["django_q"]
_SECTION = "Under the hood"  # of the console's menu, which the engine does not know
_TASK_FIELDS = (
    "id", "name", "func", "group", "cluster", "started", "stopped", "success", "attempt_count",
)  # fmt: skip


class _Unread(ReadOnlyAdmin):
    """Leaves the columns in `unread` where they are."""

    unread: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*self.unread)


class ResultAdmin(_Unread):
    """What ended and was kept: deliveries of runs leave nothing here, the runs' own pages tell."""

    menu = (_SECTION, 30)
    menu_label = list_title = "Queue: done"
    list_display = ("name", "func", "cluster", "started", "stopped", "attempt_count")
    ordering = ("-stopped",)
    fields = _TASK_FIELDS
    unread = ("args", "kwargs", "result")


class FailureAdmin(ResultAdmin):
    menu_label = list_title = "Queue: failed"


class WaitingAdmin(_Unread):
    menu = (_SECTION, 20)
    menu_label = list_title = "Queue: waiting"
    list_display = ("id", "key", "lock")
    ordering = ("id",)
    fields = ("key", "lock")
    unread = ("payload",)


class TickAdmin(_Unread):
    """The fallback's tick, and what strangers put there. Ours are the schedules under *Work*."""

    menu = (_SECTION, 40)
    menu_label = list_title = "Queue: ticks"
    list_display = ("id", "name", "func", "schedule_type", "next_run", "cluster")
    ordering = ("id",)
    fields = ("name", "func", "schedule_type", "minutes", "repeats", "next_run", "cluster")
    unread = ("args", "kwargs")


admin.site.unregister([Success, Failure, OrmQ, Schedule])
admin.site.register(Success, ResultAdmin)
admin.site.register(Failure, FailureAdmin)
admin.site.register(OrmQ, WaitingAdmin)
admin.site.register(Schedule, TickAdmin)
