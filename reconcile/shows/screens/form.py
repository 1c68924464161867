"""The form of a show of master: its times are read on the clock of its cinema."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MinValueValidator
from django.urls import reverse
from django.utils.html import format_html

from popflix.lib.addresses import is_http
from popflix.lib.models import LockMode
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.inactive import active_word, inactive_word
from reconcile.changes.types import KEY
from reconcile.feed.values import clean
from reconcile.feed.words import is_active
from reconcile.feed.zones import Times, start
from reconcile.shows.editing import Keep
from reconcile.shows.models import MasterShow
from reconcile.shows.rows import row_of
from reconcile.shows.screens.words import UNTIL

_TEXTS = ("screen_name", "title", "rating", "format", "genere", "image_url")
_REQUIRED = ("screen_name", "title")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_CLOCK = "%Y-%m-%dT%H:%M:%S"
FIELDS = (
    "begins", "screen_name", "title", "rating", "length", "format", "genere", "takes_place",
    "image_url", "keep", "until", "seen",
)  # fmt: skip


class MasterShowForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's is not generic
    """`edited` has what the operator wrote, as the row keeps it."""

    begins = forms.CharField(
        label="Begins", widget=forms.DateTimeInput({"type": "datetime-local", "step": "1"})
    )
    takes_place = forms.ChoiceField(
        label="Active", choices=[("yes", "Yes"), ("no", "No: it does not take place")]
    )
    keep = forms.ChoiceField(
        label="Keep what is edited", required=False, initial=LockMode.AGREES,
        choices=[*UNTIL, ("", "Not locked: the next feed may change it back")],
    )  # fmt: skip
    until = forms.DateField(
        label="Until the date", required=False, widget=forms.DateInput({"type": "date"}),
        help_text="For “until a date”: the lock ends as this day begins, on the cinema's clock.",
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = MasterShow
        fields = ("screen_name", "title", "rating", "length", "format", "genere", "image_url")
        labels: ClassVar[Any] = {
            "screen_name": "Screen", "length": "Length in minutes", "genere": "Genre",
            "image_url": "Picture",
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        show: Any = self.instance
        self.edited: dict[str, Any] = {}
        self._before = row_of(show)
        self._zone = ZoneInfo(getattr(show, "zone", "UTC"))
        for name in set(_TEXTS) & set(self.fields):
            self.fields[name].strip = False  # type: ignore[attr-defined]
            self.fields[name].required = name in _REQUIRED
            self.fields[name].widget.attrs["class"] = "vLargeTextField"
        if "length" in self.fields:
            self.fields["length"].required = False
            self.fields["length"].validators.append(MinValueValidator(0))
        if "begins" in self.fields and show.show_time:
            self._set_out(show)

    def _set_out(self, show: Any) -> None:
        self.initial["begins"] = self._local.strftime(_CLOCK)
        self.initial["takes_place"] = "yes" if is_active(show.is_active) else "no"
        self.initial["seen"] = fingerprint(self._before)
        self.initial["keep"], self.initial["until"] = str(LockMode.AGREES), None
        utc = self._before.show_time.astimezone(dt.UTC)
        self.fields["begins"].help_text = f"On the clock of {self._zone.key}; {utc:%H:%M} UTC."

    @property
    def _local(self) -> dt.datetime:
        return self._before.show_time.astimezone(self._zone)

    @property
    def kept(self) -> Keep:
        day = self.cleaned_data.get("until")
        midnight = dt.datetime.combine(day, dt.time(), self._zone) if day else None
        return Keep(
            self.cleaned_data.get("keep", ""), midnight and midnight.astimezone(dt.UTC)
        )  # fmt: skip

    # --- what was written -------------------------------------------------------------------

    def clean_begins(self) -> str:
        written: str = self.cleaned_data["begins"]
        if "begins" in self.changed_data:
            try:
                begin = start(written.strip(), self._zone.key, Times.LOCAL)
            except ValueError as fault:
                raise forms.ValidationError(f"The time {fault}.") from None
            at = dt.datetime.fromisoformat(begin.at).replace(tzinfo=dt.UTC)
            if at.astimezone(self._zone).replace(tzinfo=None) != self._local.replace(tzinfo=None):
                self.edited["show_time"] = at
        return written

    def clean_takes_place(self) -> str:
        said: str = self.cleaned_data["takes_place"]
        if "takes_place" in self.changed_data:
            word = active_word if said == "yes" else inactive_word
            self.edited["is_active"] = word(self._before.is_active)
        return said

    def clean_until(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data.get("until")
        if day is None and self.data.get(self.add_prefix("keep")) == LockMode.DATE:
            raise forms.ValidationError("Give the date until which it shall be kept.")
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise forms.ValidationError(f"{day.year} is no year that is meant here.")
        return day

    def clean(self) -> dict[str, Any] | None:
        found = super().clean()
        for name in self.changed_data:
            if name == "length" and name in self.cleaned_data:
                self.edited[name] = self.cleaned_data[name]
            elif name in _TEXTS and name in self.cleaned_data:
                self._take_text(name, self.cleaned_data[name])
        if not self.errors and {"show_time", "screen_name"} & self.edited.keys():
            self._require_free_place()
        return found

    def _take_text(self, name: str, text: str | None) -> None:
        text = clean(text or "") or None
        if text is None and name in _REQUIRED:
            self.add_error(name, "It cannot be empty.")
        elif text is not None and not text.isprintable():
            self.add_error(name, "It holds a character that cannot be printed.")
        elif text is not None and name == "image_url" and not is_http(text):
            self.add_error(name, "Only addresses that begin with http:// or https:// are taken.")
        else:
            self.edited[name] = text

    def _require_free_place(self) -> None:
        place = {name: getattr(self._before, name) for name in KEY}
        place |= {name: self.edited[name] for name in KEY if name in self.edited}
        other = MasterShow.objects.filter(**place).exclude(pk=self._before.id).first()
        if other is not None:
            url = reverse("admin:reconcile_mastershow_change", args=[other.pk])
            self.add_error(None, format_html(
                'Another show of the same film stands there already: <a href="{}">show {}</a>. '
                "Choose another time or screen, or edit that one.", url, other.pk,
            ))  # fmt: skip
