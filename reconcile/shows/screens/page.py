"""What the page of a show of master tells: its fields, their locks, and what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse

from popflix.console.pieces import vocabulary
from popflix.console.pieces.render import Entry
from popflix.console.pieces.tones import State, Tone
from popflix.lib import field_locks
from popflix.lib.addresses import is_http
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.field_locks import Kept
from reconcile.changes import told
from reconcile.changes.finding.kept import TABLE
from reconcile.changes.models import ChangeState
from reconcile.changes.screens.words import KIND, STATE
from reconcile.shows import history
from reconcile.shows.history import Happened
from reconcile.shows.screens.words import EDIT, UNTIL, field_name, locked_words

_BY_HAND = {
    "edit show": State("Edited", Tone.INFO),
    "lock fields": State("Locked", Tone.HOLD),
    "unlock fields": State("Unlocked", Tone.QUIET),
}


@dataclass(frozen=True)
class Line:
    """A field: what it says, since when, and who or what said so."""

    name: str
    label: str
    value: str
    link: str
    since: Any
    source: str
    href: str
    lock: str


def context(request: HttpRequest, show: Any) -> dict[str, Any]:
    zone = ZoneInfo(show.zone)
    found = history.provenance(show)
    kept = field_locks.locks_of(TABLE, [show.pk], SYSTEM_CLOCK.now()).get(str(show.pk), {})
    return {
        "title": "Show",
        "subtitle": show.title,
        "show": show,
        "lines": _lines(found.fields, kept, zone),
        "entries": [_entry(each, zone) for each in found.happened],
        "has_more": found.has_more,
        "may_edit": request.user.has_perm(EDIT),
        "until": UNTIL,
        "changes_url": f"{reverse('admin:reconcile_change_changelist')}?q={show.pk}",
    }


def _lines(
    fields: Sequence[history.Since], kept: dict[str, Kept], zone: ZoneInfo
) -> list[Line]:  # fmt: skip
    found = []
    for each in fields:
        value = told.value(each.name, each.value, zone) or ""
        is_link = each.name == "image_url" and is_http(value)
        lock = kept.get(each.name)
        found.append(
            Line(
                name=each.name,
                label=field_name(each.name).capitalize(),
                value=value,
                link=value if is_link else "",
                since=each.happened and each.happened.at,
                source=_source(each.happened),
                href=_href(each.happened),
                lock=locked_words(lock) if lock else "",
            )
        )
    return found


def _source(happened: Happened | None) -> str:
    if happened is None:
        return "not known: before popflix, or past it"
    if happened.entry is not None:
        return str(happened.entry.actor_name)
    return _of_set(happened)


def _of_set(happened: Happened) -> str:
    change = happened.change
    assert change is not None
    made = change.change_set
    if made.purpose != "load":
        return f"change set {made.pk} ({made.purpose}) of {made.source}"
    return f"load {made.load_id} of {made.source}"


def _href(happened: Happened | None) -> str:
    if happened is None:
        return ""
    if happened.entry is not None:
        return reverse("admin:lib_auditentry_change", args=[happened.entry.pk])
    return reverse("admin:reconcile_change_change", args=[happened.change.pk])  # type: ignore[union-attr]


def _entry(happened: Happened, zone: ZoneInfo) -> Entry:
    entry, change = happened.entry, happened.change
    text = history.summary(happened, zone)
    if entry is not None:
        state = _BY_HAND.get(entry.action, State(entry.action, Tone.QUIET))
        why = f": {entry.why}" if entry.why else ""
        return Entry(happened.at, state, text, f"by {entry.actor_name}{why}", _href(happened))
    assert change is not None
    kind = vocabulary.state(KIND, change.kind)
    if change.state != ChangeState.APPLIED:
        outcome = vocabulary.state(STATE, change.state)
        kind = State(f"{kind.label}, {outcome.label.lower()}", outcome.tone)
    return Entry(happened.at, kind, text, _detail(happened), _href(happened))


def _detail(happened: Happened) -> str:
    """Of which set and run it came, and who let it."""
    change = happened.change
    assert change is not None
    run = f", run {change.change_set.run_id}" if change.change_set.run_id else ""
    words = [f"{_of_set(happened)}, change set {change.change_set_id}{run}"]
    if change.decided_by:
        why = f" ({change.decided_why})" if change.decided_why else ""
        words.append(f"decided by {change.decided_by}{why}")
    elif change.state == ChangeState.APPLIED:
        words.append("approved by policy")
    if change.locked:
        words.append(f"locked: {', '.join(map(field_name, change.locked))}")
    if change.reason:
        words.append(change.reason)
    return "; ".join(words)
