"""The page of schedules: what may be refused is refused in the form, every change is audited."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from popflix.console import menu
from popflix.console.columns import moment_column
from popflix.console.pieces import render
from popflix.console.pieces.tones import SCHEDULES
from popflix.console.units import timetables, words
from popflix.console.units.links import unit_link
from popflix.engine.models import Schedule
from popflix.engine.models.schedules import DECLARED
from popflix.engine.registry import registry
from popflix.engine.schedules.checking import told_next
from popflix.lib import audit
from popflix.lib.admin import AskWhy, BigTableAdmin, WhyForm, why_given, why_said
from popflix.lib.clock import SYSTEM_CLOCK

_NOT_YET = mark_safe("Told once it is saved")


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's is not generic
    """`Schedule.clean` says what is wrong, by field; here only the unit becomes a choice."""

    class Meta:
        model = Schedule
        fields = (
            "unit", "cron", "every_seconds", "time_zone", "overlap", "jitter_seconds", "params",
            "is_enabled",
        )  # fmt: skip
        labels: ClassVar[Any] = {
            "every_seconds": "Every (seconds)", "jitter_seconds": "Jitter (seconds)",
            "params": "Parameters", "is_enabled": "On",
        }  # fmt: skip
        help_texts: ClassVar[Any] = {
            "cron": "Five fields, such as 0 4 * * 1-5; or leave it empty and fill in the next.",
            "overlap": "While an earlier run is active: skip the firing, or queue one run behind.",
            "jitter_seconds": "Each firing comes up to so much later.",
            "params": "As JSON, such as {\"limit\": 100}.",
        }  # fmt: skip
        widgets: ClassVar[Any] = {"params": forms.Textarea({"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "unit" not in self.fields:  # who may only look gets no fields
            return
        names = sorted({*registry.names(), *filter(None, [self.instance.unit])})
        self.fields["unit"].widget = forms.Select(choices=[(name, name) for name in names])
        self.fields["unit"].disabled = self.instance.origin == DECLARED
        # What counts as changed is told by the stored row, not by what the page was sent with.
        self.fields["params"].show_hidden_initial = False


class StateFilter(admin.SimpleListFilter):
    """In the words of the badges."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, state.label) for word, state in SCHEDULES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "off":
            return queryset.filter(is_enabled=False)
        if self.value() == "broken":
            return queryset.filter(is_enabled=True).exclude(error="")
        return queryset.filter(is_enabled=True, error="") if self.value() == "on" else queryset


@admin.register(Schedule)
class ScheduleAdmin(AskWhy, BigTableAdmin):
    form = ScheduleForm
    menu = (menu.WORK, 35)
    list_display = ("of_unit", "when", "state", "next_firing", "would", "declared_by")
    list_display_links = ("when",)
    list_filter = (StateFilter,)
    ordering = ("unit", "id")
    sortable_by: ClassVar[Any] = ("of_unit",)
    action_form = WhyForm
    actions = ("enable", "disable")
    readonly_fields = ("state", "would", "firings", "declared_by")
    operators_may = ("add", "change", "delete")
    fields = (*ScheduleForm.Meta.fields, *readonly_fields)
    empty_hint = "Add a schedule, or declare a timetable where a unit is registered."

    next_firing = moment_column("next_at", "fires next")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown, stands = super().get_changelist_instance(request), timetables.standing()
        for schedule in shown.result_list:
            schedule.stands = stands
        return shown

    @admin.display(description="unit", ordering="unit")
    def of_unit(self, schedule: Schedule) -> SafeString:
        return unit_link(schedule.unit)

    @admin.display(description="when")
    def when(self, schedule: Schedule) -> str:
        return words.when(schedule.cadence)

    @admin.display(description="state")
    def state(self, schedule: Schedule) -> SafeString:
        return render.badge("schedule", timetables.word(schedule)) if schedule.pk else _NOT_YET

    @admin.display(description="what it would do")
    def would(self, schedule: Schedule) -> str:
        if not schedule.pk:
            return _NOT_YET
        stands = getattr(schedule, "stands", None)  # the list has asked for all of them
        return timetables.would(schedule, stands or timetables.standing([schedule.unit]))

    @admin.display(description="next firings")
    def firings(self, schedule: Schedule) -> SafeString:
        """Of what is stored; what is typed is told once it is saved."""
        if not schedule.pk:
            return _NOT_YET
        rows = timetables.firings(schedule, SYSTEM_CLOCK.now())
        jitter = words.jitter(schedule.jitter_seconds)
        context = {"firings": rows, "jitter": jitter, "state": timetables.word(schedule)}
        return mark_safe(render_to_string("console/units/firings.html", context))

    @admin.display(description="timetable")
    def declared_by(self, schedule: Schedule) -> str:
        return capfirst(timetables.origin(schedule)) if schedule.pk else _NOT_YET

    # --- actions ------------------------------------------------------------------------

    @admin.action(description="Turn on", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for schedule in queryset.filter(is_enabled=False):
            schedule.is_enabled = True
            try:
                with transaction.atomic():
                    schedule.save(update_fields=["is_enabled"])
                    _audit(request, "enable schedule", schedule, {}, why_given(request))
            except ValidationError as error:
                told = f"{schedule} cannot fire: {' '.join(error.messages)}"
                messages.error(request, f"{told} Correct it on its page.")
            else:
                messages.success(request, told_next(schedule, SYSTEM_CLOCK.now()))

    @admin.action(description="Turn off", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """One that cannot fire, too, which could not be saved."""
        for schedule in queryset.filter(is_enabled=True):
            with transaction.atomic():
                Schedule.objects.filter(pk=schedule.pk).update(is_enabled=False)
                _audit(request, "disable schedule", schedule, {}, why_given(request))
            messages.success(request, f"{schedule} is off. What runs already goes on.")

    # --- changes ------------------------------------------------------------------------

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
            _audit(request, action, obj, details, why_said(request))
        messages.info(request, told_next(obj, now))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            _audit(request, "delete schedule", obj, {}, why_said(request))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for schedule in queryset.exclude(origin=DECLARED):
            self.delete_model(request, schedule)


def _audit(
    request: HttpRequest, action: str, schedule: Schedule, details: dict[str, Any], why: str
) -> None:
    target = f"{schedule} (schedule {schedule.pk})"
    now = SYSTEM_CLOCK.now()
    audit.record(request.user, action, at=now, target=target, details=details, why=why)
