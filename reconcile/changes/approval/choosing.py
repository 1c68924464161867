"""Which changes of a set the filters of its pages mean: for a list, and for deciding all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from popflix.lib.errors import OperatorError
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.told import FIELDS
from reconcile.changes.types import ChangeKind
from reconcile.feed.models import Cinema

_NARROWING = ("state", "kind", "cinema", "weekday", "field")


@dataclass(frozen=True)
class Choice:
    """Changes of one set; what is empty, or None, narrows nothing."""

    change_set: int
    state: str = ""
    kind: str = ""
    cinema: int | None = None
    weekday: int | None = None  # 0 is Monday
    field: str = ""

    def changes(self) -> QuerySet[Change]:
        """In the order in which they are applied."""
        found = Change.objects.filter(change_set=self.change_set)
        if self.state:
            found = found.filter(state=self.state)
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.cinema is not None:
            found = found.filter(cinema_id=self.cinema)
        if self.weekday is not None:
            found = found.filter(weekday=self.weekday)
        return found.filter(_names(self.field)).order_by("pk")

    def words(self) -> list[tuple[str, str]]:
        """Each part in words, for who is to confirm it."""
        told = (
            ("State", self.state and str(ChangeState(self.state).label)),
            ("Kind", self.kind),
            ("Cinema", "" if self.cinema is None else _cinema(self.cinema)),
            ("Weekday", "" if self.weekday is None else WEEKDAYS[self.weekday]),
            ("Field", self.field and FIELDS[self.field]),
        )
        return [(label, value) for label, value in told if value]

    def query(self) -> str:
        """As the pages take it: `state=held&cinema=3`."""
        values = {name: getattr(self, name) for name in _NARROWING}
        return urlencode(
            {name: value for name, value in values.items() if value not in ("", None)}
        )


def clean_choice(params: Mapping[str, object]) -> Choice:
    """Raises OperatorError naming what no set can be narrowed to."""
    number = _number(params, "change_set")
    if number is None or not ChangeSet.objects.filter(pk=number).exists():
        told = "No change set is named." if number is None else f"There is no change set {number}."
        raise OperatorError(told, "Give the number of one, as change_set=…")
    weekday = _number(params, "weekday")
    if weekday is not None and not 0 <= weekday < len(WEEKDAYS):
        raise OperatorError(
            f"There is no weekday {weekday}.", "Give 0 for Monday to 6 for Sunday."
        )
    return Choice(
        number,
        state=_one_of(params, "state", ChangeState.values),
        kind=_one_of(params, "kind", list(ChangeKind)),
        cinema=_number(params, "cinema"),
        weekday=weekday,
        field=_one_of(params, "field", list(FIELDS)),
    )


def _names(field: str) -> Q:
    """`fields` has the names by commas: one that only begins alike is another."""
    if not field:
        return Q()
    return (
        Q(fields=field)
        | Q(fields__startswith=f"{field},")
        | Q(fields__endswith=f",{field}")
        | Q(fields__contains=f",{field},")
    )


def _cinema(pk: int) -> str:
    known = Cinema.objects.filter(pk=pk).first()
    return str(known) if known else f"cinema {pk}"


def _one_of(params: Mapping[str, object], name: str, values: list[str]) -> str:
    value = str(params.get(name) or "").strip()
    if value and value not in values:
        raise OperatorError(f"There is no {name} {value}.", f"Choose one of {', '.join(values)}.")
    return value


_MOST = 2**31 - 1  # what the columns hold


def _number(params: Mapping[str, object], name: str) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    text = str(value).strip()
    is_number = text.lstrip("-").isdecimal() and text.isascii() and not isinstance(value, bool)
    if not is_number or abs(int(text[:12])) > _MOST or len(text) > 11:
        raise OperatorError(f"{name} is {text[:40]}.", "Give a whole number.")
    return int(text)
