"""Deciding single changes: a POST with a permission, audited, told in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh, reswap

from popflix.console.doors import action
from popflix.lib import audit
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from reconcile.changes.approval.applying import apply_soon
from reconcile.changes.approval.carrying import may_be_applied
from reconcile.changes.approval.deciding import Verdict, decide
from reconcile.changes.models import Change, ChangeSet
from reconcile.changes.screens.cards import cards
from reconcile.changes.screens.review import figures, find_set, seen_on, tools
from reconcile.changes.screens.words import APPROVE

MOST_AT_ONCE = 200  # more are decided by a run
_DIGITS = 18
_DONE = {Verdict.APPROVE: "Approved", Verdict.REJECT: "Rejected"}


def decide_some(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Who was logged out has the page loaded again: htmx would put the login into a card."""
    if getattr(request, "htmx", None) and not admin.site.has_permission(request):
        return HttpResponseClientRefresh()
    return _decide_some(request, object_id)


@action(APPROVE)
def _decide_some(request: HttpRequest, object_id: int) -> str | HttpResponse:
    change_set = find_set(object_id)
    if not getattr(request, "htmx", None):
        said, _ = _decided(request, change_set)
        return said
    try:
        said, changes = _decided(request, change_set)
    except OperatorError as error:
        refused = {"problem": error, "verdict": ""}
        told = render(request, "reconcile/changes/review/refused.html", refused)
        return reswap(told, "none")
    return _answer(request, find_set(object_id), said, changes)


@action(APPROVE)
def apply_now(request: HttpRequest, object_id: int) -> str:
    """What is approved and lies there, because its run was lost or its unit was paused."""
    change_set = find_set(object_id)
    if not may_be_applied(change_set):
        raise OperatorError("Nothing of it waits to be applied.", "Load the page again.")
    by = request.user.get_username()
    audit.record(request.user, "apply changes", at=SYSTEM_CLOCK.now(), target=str(change_set))
    return apply_soon(change_set.pk, by=by)


def _decided(request: HttpRequest, change_set: ChangeSet) -> tuple[str, list[int]]:
    """What was done in a sentence, and the changes that it was done to. Raises OperatorError."""
    verdict, ids = _verdict(request), _ids(request)
    own = Change.objects.filter(change_set=change_set, pk__in=ids)
    known = list(own.order_by("pk").values_list("pk", flat=True))
    if not known:
        raise OperatorError("No change of this set was chosen.", "Load the page again.")
    done = decide(
        known, verdict, by=request.user, now=SYSTEM_CLOCK.now(),
        why=why_said(request) or "decided on the review page",
    )  # fmt: skip
    said = f"{_DONE[verdict]}: {done.count:,} {'change' if done.count == 1 else 'changes'}"
    if done.linked:
        said += f", {done.linked:,} of them because they are linked"
    if verdict is Verdict.REJECT:
        return f"{said}.", known
    applied = apply_soon(change_set.pk, by=request.user.get_username())
    return f"{said}. {applied}", known


def _verdict(request: HttpRequest) -> Verdict:
    try:
        return Verdict(request.POST.get("verdict", ""))
    except ValueError:
        raise OperatorError("Nothing says what is decided.", "Press Approve or Reject.") from None


def _ids(request: HttpRequest) -> list[int]:
    given = request.POST.getlist("ids")
    found = [
        int(each) for each in given if each.isascii() and each.isdigit() and len(each) <= _DIGITS
    ]
    if len(found) > MOST_AT_ONCE:
        raise OperatorError(
            f"{len(found):,} changes are too many for one click.", "Decide all that match."
        )
    return found


def _answer(
    request: HttpRequest, change_set: ChangeSet, said: str, ids: Sequence[int]
) -> HttpResponse:
    """The cards as they are now, those that were decided along among them, and the counts."""
    rows = Change.objects.select_related("change_set")
    decided = list(rows.filter(pk__in=ids).order_by("pk"))
    groups = [(each.cinema_id, each.group) for each in decided if each.group is not None]
    for cinema_id, group in dict.fromkeys(groups):
        same = rows.filter(change_set=change_set, cinema_id=cinema_id, group=group)
        decided += same.exclude(pk__in=[each.pk for each in decided])[:MOST_AT_ONCE]
    wanted = seen_on(request, change_set)
    count = wanted.changes().count()
    context = {
        "cards": cards(decided), "said": said, "change_set": change_set, "asked": wanted,
        "figures": figures(change_set), **tools(request, change_set, wanted, count),
    }  # fmt: skip
    return render(request, "reconcile/changes/review/decided.html", context)
