"""Deciding all changes that match a filter: a page that asks, and a run's start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from popflix.console.doors import action, page, shown
from popflix.console.units.acting import run_now
from popflix.engine.registry import registry
from popflix.lib.admin import why_said
from popflix.lib.errors import OperatorError
from reconcile.changes.approval.applying import DECIDE_UNIT
from reconcile.changes.approval.choosing import Choice, clean_choice
from reconcile.changes.approval.deciding import DECIDABLE, Verdict, require_open
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.screens.asked import FILTERS, review_url
from reconcile.changes.screens.cards import cards
from reconcile.changes.screens.review import find_set
from reconcile.changes.screens.words import APPROVE
from reconcile.changes.types import ChangeKind
from reconcile.feed.models import Cinema

_FIRST = 10  # differences that are shown
_CINEMAS = 8  # that are named
_WRITTEN = {  # of one, and of several
    ChangeKind.INSERT: ("new show comes into master", "new shows come into master"),
    ChangeKind.UPDATE: ("show gets the feed's values", "shows get the feed's values"),
    ChangeKind.MOVE: (
        "show gets another time or screen, and keeps its number",
        "shows get another time or screen, and keep their numbers",
    ),
    ChangeKind.MISSING: (
        "show becomes inactive, because the feed has it no more",
        "shows become inactive, because the feed has them no more",
    ),
    ChangeKind.REVIVE: ("show is active again", "shows are active again"),
    ChangeKind.REMOVE: ("show leaves master again", "shows leave master again"),
}


def decide_all(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Asked with GET it shows what would be decided, with POST it starts the run that does so."""
    return (_start if request.method == "POST" else _confirm)(request, object_id)


@page(APPROVE)
def _confirm(request: HttpRequest, object_id: int) -> HttpResponseBase:
    change_set = find_set(object_id)
    try:
        verdict, choice = _wanted(change_set, request.GET)
    except OperatorError as error:
        messages.warning(request, f"{error.cause} {error.cure}")
        return redirect(review_url(change_set.pk))
    values = {name: getattr(choice, name) for name in FILTERS}
    counted = _counted(choice)
    title = f"{verdict.capitalize()} {counted['count']:,} change{'s'[: counted['count'] != 1]}?"
    return shown(
        request, "reconcile/changes/decide_all.html", title, change_set=change_set,
        verdict=verdict, is_approval=verdict is Verdict.APPROVE, choice=choice, **counted,
        fields=[(name, value) for name, value in values.items() if value not in ("", None)],
        parts=choice.words(), back=review_url(change_set.pk, **values),
    )  # fmt: skip


@action(APPROVE)
def _start(request: HttpRequest, object_id: int) -> HttpResponse:
    change_set, why = find_set(object_id), why_said(request)
    verdict, choice = _wanted(change_set, request.POST)
    if not why:
        raise OperatorError("Deciding all of them needs a reason.", "Say why, for later.")
    narrowed = {name: value for name, value in asdict(choice).items() if value not in ("", None)}
    params = {**narrowed, "verdict": str(verdict), "why": why, "by": request.user.get_username()}
    run = run_now(request.user, registry.get(DECIDE_UNIT), params, why)
    done = "approves and applies" if verdict is Verdict.APPROVE else "rejects"
    messages.success(request, f"Run {run.pk} {done} all of them.")
    return redirect(reverse("admin:engine_run_change", args=[run.pk]))


def _wanted(change_set: ChangeSet, given: Mapping[str, Any]) -> tuple[Verdict, Choice]:
    """Without a state those that wait are meant. Raises OperatorError."""
    require_open(change_set)
    wanted = given.get("verdict", "") or Verdict.APPROVE
    if wanted not in list(Verdict):
        raise OperatorError("That is no verdict.", "Choose approve or reject.")
    narrowed = {name: given[name] for name in FILTERS if given.get(name)}
    choice = clean_choice({**narrowed, "change_set": change_set.pk})
    if change_set.purpose == Purpose.ZONE:
        choice = Choice(change_set.pk)  # all of it, or none
    if choice.state and choice.state not in DECIDABLE:
        raise OperatorError(f"What is {choice.state} cannot be decided.", "Choose what is held.")
    return Verdict(wanted), replace(choice, state=choice.state or ChangeState.HELD)


# --- what it comes to ---------------------------------------------------------------------------


def _counted(choice: Choice) -> dict[str, Any]:
    found = choice.changes().order_by()
    by_cinema: Counter[int] = Counter()
    by_kind: Counter[str] = Counter()
    count = 0
    grouped = found.values_list("kind", "cinema_id").annotate(Count("pk"), Sum("row_count"))
    for kind, cinema_id, changes, rows in grouped:
        by_kind[kind] += rows
        by_cinema[cinema_id] += rows
        count += changes
    names = Cinema.objects.in_bulk([pk for pk, _ in by_cinema.most_common(_CINEMAS)])
    first = Change.objects.select_related("change_set")
    keys = list(choice.changes().order_by("pk").values_list("pk", flat=True)[:_FIRST])
    return {
        "count": count,
        "kinds": [
            (kind, by_kind[kind], _WRITTEN[kind][by_kind[kind] > 1])
            for kind in ChangeKind
            if by_kind[kind]
        ],
        "cinemas": [
            (str(names.get(pk, f"cinema {pk}")), rows)
            for pk, rows in by_cinema.most_common(_CINEMAS)
        ],
        "more_cinemas": max(len(by_cinema) - _CINEMAS, 0),
        "linked": linked_along(choice),
        "cards": cards(list(first.filter(pk__in=keys).order_by("pk"))),
    }


def linked_along(choice: Choice) -> int:
    """Changes that do not match, and are decided together with ones that do."""
    chosen = _groups(choice.changes())
    if not chosen:
        return 0
    known = _groups(Choice(choice.change_set).changes())
    return sum(known[group] - count for group, count in chosen.items())


def _groups(changes: Any) -> Counter[tuple[int, int]]:
    """How many changes there are of each group that is decided as one."""
    rows = changes.filter(group__isnull=False).order_by().values_list("cinema_id", "group")
    return Counter({(cinema, group): count for cinema, group, count in rows.annotate(Count("pk"))})
