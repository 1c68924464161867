"""The page of schedules: what may be refused is refused in the form, every change is audited."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from popflix.console.columns import moment_column
from popflix.console.pieces import render
from popflix.engine.models import Schedule
from popflix.engine.models.schedules import DECLARED
from popflix.engine.registry import registry
from popflix.engine.schedules.checking import told_next
from popflix.lib import audit
from popflix.lib.admin import BigTableAdmin
from popflix.lib.clock import SYSTEM_CLOCK


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's is not generic
    """`Schedule.clean` says what is wrong, by field; here only the unit becomes a choice."""

    class Meta:
        model = Schedule
        fields = (
            "unit", "cron", "every_seconds", "time_zone", "overlap", "jitter_seconds", "params",
            "is_enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "unit" not in self.fields:  # who may only look gets no fields
            return
        names = sorted({*registry.names(), *filter(None, [self.instance.unit])})
        self.fields["unit"].widget = forms.Select(choices=[(name, name) for name in names])
        self.fields["unit"].disabled = self.instance.origin == DECLARED
        # What counts as changed is told by the stored row, not by what the page was sent with.
        self.fields["params"].show_hidden_initial = False


@admin.register(Schedule)
class ScheduleAdmin(BigTableAdmin):
    form = ScheduleForm
    list_display = (
        "unit", "when", "state", "next_firing", "overlap", "declared_by", "error",
    )  # fmt: skip
    list_display_links = ("unit", "when")
    list_filter = ("is_enabled",)
    ordering = ("unit", "id")
    sortable_by: ClassVar[Any] = ("unit",)
    readonly_fields = ("next_firing", "error", "declared_by")
    operators_may = ("add", "change", "delete")
    fields = (*ScheduleForm.Meta.fields, *readonly_fields)
    empty_hint = "Add a schedule, or declare a timetable where a unit is registered."

    next_firing = moment_column("next_at", "fires next")

    @admin.display(description="when")
    def when(self, schedule: Schedule) -> str:
        return str(schedule.cadence)

    @admin.display(description="state")
    def state(self, schedule: Schedule) -> SafeString:
        word = "off" if not schedule.is_enabled else "broken" if schedule.error else "on"
        return render.badge("schedule", word)

    @admin.display(description="declared by")
    def declared_by(self, schedule: Schedule) -> str:
        return "code" if schedule.origin == DECLARED else "an operator"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A declared one would be made again: it is disabled instead."""
        if isinstance(obj, Schedule) and obj.origin == DECLARED:
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store the edited fields alone: the watcher may be moving on the others."""
        if change and not form.changed_data:
            return
        now = SYSTEM_CLOCK.now()
        details = {name: form.cleaned_data[name] for name in form.changed_data}
        with transaction.atomic():
            if change:
                obj.save(update_fields=form.changed_data)
            else:
                obj.save()
            action = "change schedule" if change else "add schedule"
            _audit(request, action, obj, details)
        messages.info(request, told_next(obj, now))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            _audit(request, "delete schedule", obj, {})
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for schedule in queryset.exclude(origin=DECLARED):
            self.delete_model(request, schedule)


def _audit(request: HttpRequest, action: str, schedule: Schedule, details: dict[str, Any]) -> None:
    target = f"{schedule} (schedule {schedule.pk})"
    audit.record(request.user, action, at=SYSTEM_CLOCK.now(), target=target, details=details)
