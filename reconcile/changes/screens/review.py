"""The review page: the changes of a set side by side, to be approved and rejected one by one.

What a decision answers to htmx is the decided cards and the counts alone; a browser without
scripts is led back to the same page.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect

from popflix.console.doors import page, shown
from popflix.lib.errors import OperatorError
from reconcile.changes import told
from reconcile.changes.approval.deciding import Verdict, newer_set, require_open
from reconcile.changes.models import ChangeSet, ChangeState, Purpose
from reconcile.changes.screens.asked import FILTERS, Asked, asked, decide_url, review_url
from reconcile.changes.screens.listing import filters, listed
from reconcile.changes.screens.words import APPROVE, LOOK


def find_set(object_id: int) -> ChangeSet:
    """Raises Http404."""
    found = ChangeSet.objects.filter(pk=object_id).first() if object_id < 2**63 else None
    if found is None:
        raise Http404("There is no such change set.")
    return found


@page(LOOK)
def review(request: HttpRequest, object_id: int) -> HttpResponseBase:
    change_set = find_set(object_id)
    try:
        wanted = asked(change_set, request.GET)
    except OperatorError as error:
        messages.warning(request, f"{error.cause} {error.cure}")
        return redirect(review_url(change_set.pk))
    page_of = listed(wanted)
    return shown(
        request, "reconcile/changes/review.html", "Review", subtitle=f"Review of {change_set}",
        change_set=change_set, asked=wanted, listed=page_of, figures=figures(change_set),
        filters=filters(change_set, wanted), **tools(request, change_set, wanted, page_of.count),
    )  # fmt: skip


def tools(
    request: HttpRequest, change_set: ChangeSet, wanted: Asked, count: int
) -> dict[str, Any]:
    """What may be done with all that match: the filter says which, and a search is none."""
    closed = why_closed(change_set)
    is_approver = request.user.has_perm(APPROVE)
    may_decide = is_approver and not closed
    narrowed = {name: value for name, value in wanted.values().items() if name in FILTERS}
    links = {
        f"{verdict}_all": decide_url(change_set.pk, verdict, **narrowed)
        for verdict in Verdict
        if may_decide and count and not wanted.search and _may_be(verdict, wanted.choice.state)
    }
    return {
        "closed": closed,
        "newer_url": _newer_url(change_set) if closed else "",
        "is_looking": not is_approver and not closed,
        "may_decide": may_decide and change_set.purpose != Purpose.ZONE,  # a zone: all, or none
        "count": count,
        **links,
    }


def why_closed(change_set: ChangeSet) -> str:
    """Why nothing of the set is decided any more, or not yet; empty where it may be."""
    try:
        require_open(change_set)
    except OperatorError as error:
        return f"{error.cause} {error.cure}"
    return ""


def _newer_url(change_set: ChangeSet) -> str:
    newer = newer_set(change_set) if change_set.purpose == Purpose.LOAD else None
    return "" if newer is None else review_url(newer)


def _may_be(verdict: Verdict, state: str) -> bool:
    """All that match may get this verdict: those of all states are those that wait."""
    other = ChangeState.REJECTED if verdict is Verdict.APPROVE else ChangeState.APPROVED
    return state in ("", ChangeState.HELD, other)


def figures(change_set: ChangeSet) -> list[tuple[str, int, str]]:
    """Word, rows and address: all, each kind, and what waits."""
    counts = told.totals(change_set.counts)
    held = told.in_state(change_set.counts, ChangeState.HELD).total()
    of_kinds = [
        (told.MANY[kind], rows, review_url(change_set.pk, state="", kind=kind))
        for kind, rows in counts.items()
    ]
    return [
        ("changes", sum(counts.values()), review_url(change_set.pk, state="")),
        *of_kinds,
        *([("held", held, review_url(change_set.pk, state=ChangeState.HELD))] if held else []),
    ]


def seen_on(request: HttpRequest, change_set: ChangeSet) -> Asked:
    """What the page asks for on which a button was pressed. Raises OperatorError."""
    htmx = getattr(request, "htmx", None)
    address = (htmx and htmx.current_url_abs_path) or request.POST.get("next", "")
    return asked(change_set, QueryDict(urlsplit(address).query))
