"""What is done with many rows of quarantine at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from popflix.console.doors import shown
from popflix.engine.views.words import cut
from popflix.lib import replaying
from popflix.lib.admin import why_given, why_said
from popflix.lib.clock import SYSTEM_CLOCK

MOST_AT_ONCE = 2_000
LONGEST_LINE = 15  # digits
_REASONS_TOLD = 3
_REASON_LENGTH = 120


def replay(request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Take those that can be read by now, and say why the others stay."""
    ids = _chosen(request, rows)
    told = replaying.replay(ids, by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now())
    level = messages.SUCCESS if told.taken else messages.INFO
    messages.add_message(request, level, f"{told.taken:,} of {len(ids):,} rows are taken.")
    if told.left:
        messages.warning(request, _left(told.left))


def _left(left: Counter[str]) -> str:
    reasons = [cut(reason, _REASON_LENGTH) for reason, _ in left.most_common(_REASONS_TOLD)]
    more = len(left) - len(reasons)
    also = f" And {more} more reasons." if more else ""
    return f"{left.total():,} stay as they are: {'; '.join(reasons)}.{also}"


def discard(request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
    """Ask first, with their number and for a reason; then discard them."""
    is_every = request.POST.get("select_across") == "1"
    last = request.POST.get("last", "")  # of those that were seen: later ones are left
    is_number = last.isdecimal() and len(last) <= LONGEST_LINE
    ids = _chosen(request, rows.filter(pk__lte=int(last)) if is_number else rows)
    why = why_said(request)
    if not (request.POST.get("post") and why):
        title = f"Discard {len(ids):,} {'row' if len(ids) == 1 else 'rows'}?"
        return shown(
            request, "admin/lib/quarantinedrow/discard.html", title, why=why,
            checkbox=ACTION_CHECKBOX_NAME, count=f"{len(ids):,}", more=len(ids) - _REASONS_TOLD,
            # All that match are told by the address of the list, as the list itself does it.
            is_every=is_every, ids=ids[:1] if is_every else ids, last=ids[-1] if ids else "",
            some=rows.model.objects.filter(pk__in=ids[:_REASONS_TOLD]).order_by("pk"),
        )  # fmt: skip
    count = replaying.discard(ids, by=request.user, why=why, now=SYSTEM_CLOCK.now())
    messages.success(request, f"{count:,} rows are discarded. The audit trail has kept them.")
    return None


def _chosen(request: HttpRequest, rows: QuerySet[Any]) -> list[int]:
    """The first of what was chosen: as many as one click can take."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(ids) > MOST_AT_ONCE:
        messages.info(request, f"Of these the first {MOST_AT_ONCE:,}; choose the rest again.")
    return ids[:MOST_AT_ONCE]
