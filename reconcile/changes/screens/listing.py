"""One page of the changes that are asked for, in the order in which they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from popflix.console.pieces import vocabulary
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.screens.asked import AFTER, BEFORE, PER_PAGE, Asked
from reconcile.changes.screens.cards import Card, cards
from reconcile.changes.screens.words import KIND, STATE
from reconcile.changes.types import COMPARED, ChangeKind
from reconcile.feed.models import Cinema

_FIELDS = ("show_time", "screen_name", *COMPARED)


@dataclass(frozen=True)
class Listed:
    """`earlier` and `later` are addresses of the pages beside this one; empty where none is."""

    cards: list[Card]
    count: int
    earlier: str = ""
    later: str = ""


def listed(asked: Asked) -> Listed:
    """Pages go by the changes' numbers: what is decided meanwhile shifts none of them."""
    found = asked.changes()
    count = found.count()
    if asked.before:
        keys = found.filter(pk__lt=asked.before).order_by("-pk")
    else:
        keys = found.filter(pk__gt=asked.after).order_by("pk")
    some = list(keys.values_list("pk", flat=True)[: PER_PAGE + 1])
    has_more, some = len(some) > PER_PAGE, sorted(some[:PER_PAGE])
    rows = Change.objects.select_related("change_set").in_bulk(some)
    shown = cards([rows[key] for key in some if key in rows])
    is_behind, is_before = (has_more, True) if asked.before else (bool(asked.after), has_more)
    return Listed(
        shown,
        count,
        asked.url(**{BEFORE: some[0]}) if some and is_behind else "",
        asked.url(**{AFTER: some[-1]}) if some and is_before else "",
    )


def filters(change_set: ChangeSet, asked: Asked) -> list[dict[str, Any]]:
    """The fields of the form that narrows: each with its options and what is chosen."""
    counts, choice = told.by_kind(change_set.counts), asked.choice
    kinds = [
        (str(kind), vocabulary.state(KIND, kind).label)
        for kind in ChangeKind
        if kind in counts or kind == choice.kind
    ]
    states = [
        (str(each), vocabulary.state(STATE, each).label)
        for each in ChangeState
        if told.in_state(change_set.counts, each) or each == choice.state
    ]
    fields = [(name, told.FIELDS[name].capitalize()) for name in _FIELDS]
    weekdays = [(str(number), name) for number, name in enumerate(WEEKDAYS)]
    return [
        _filter("state", "State", "All states", states, choice.state),
        _filter("kind", "Kind", "All kinds", kinds, choice.kind),
        _filter("cinema", "Cinema", "All cinemas", _cinemas(change_set), choice.cinema),
        _filter("field", "Field", "All fields", fields, choice.field),
        _filter("weekday", "Weekday", "All days", weekdays, choice.weekday),
    ]


def _filter(
    name: str, label: str, all_of_them: str, options: list[tuple[str, str]], chosen: object
) -> dict[str, Any]:
    value = "" if chosen is None else str(chosen)
    return {
        "name": name,
        "label": label,
        "options": [("", all_of_them), *options],
        "chosen": value,
    }


def _cinemas(change_set: ChangeSet) -> list[tuple[str, str]]:
    """Those of which the set has changes, by name."""
    used = Change.objects.filter(change_set=change_set).order_by()
    keys = set(used.values_list("cinema_id", flat=True).distinct())
    names = Cinema.objects.in_bulk(keys)
    found = [(str(key), str(names.get(key, f"cinema {key}"))) for key in keys]
    return sorted(found, key=lambda pair: pair[1].casefold())
