"""What is done with dead letters: retried by a run of their unit, or discarded with a reason."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect

from popflix.console.doors import action, page, shown
from popflix.console.letters import counting, reading
from popflix.engine import starting
from popflix.engine.deadletters import discarding, sources
from popflix.engine.deadletters.letters import Wanted
from popflix.engine.deadletters.order import UNIT, Way
from popflix.engine.models import Run
from popflix.engine.views.words import cut
from popflix.lib import audit
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError

MOST_AT_ONCE = 10_000  # letters that one click discards: a second or two


@action("engine.retry_run")
def retry(request: HttpRequest) -> HttpResponse:
    """Start the run that retries them, and lead to its page."""
    params, target = _order(request.POST)
    run = _started(request, params | {"by": request.user.get_username()}, target)
    messages.success(request, f"Run {run.pk} retries {cut(target, 80)}")
    return redirect("admin:engine_run_change", run.pk)


def _order(sent: QueryDict) -> tuple[dict[str, object], str]:
    """The unit's parameters and what is retried. Raises OperatorError where it is gone."""
    source, group, letter = (sent.get(name, "") for name in ("source", "group", "letter"))
    if letter:
        found = sources.letter_of(sources.find(source), letter)
        return {"mode": Way.ONE, "source": source, "letter": found.key}, f"{source} {found.key}"
    each = reading.require_group(source, group)
    params: dict[str, object] = {
        "mode": sent.get("mode") or Way.SAMPLED, "source": source, "group": each.group.id,
    }  # fmt: skip
    given = sent.get("per_minute", "").strip()
    if given:
        params["per_minute"] = int(given) if given.isdecimal() and len(given) < 9 else given
    return params, f"{source} {each.group.id}: {each.error}"


def _started(request: HttpRequest, params: dict[str, object], target: str) -> Run:
    """The run and its entry in the audit trail, or neither; why not stays told either way."""
    refused: OperatorError | None = None
    with transaction.atomic():
        try:
            run = starting.enqueue(UNIT, params, trigger="admin", by=request.user.get_username())
        except OperatorError as error:
            refused = error
        else:
            details = {"run": run.pk, "mode": run.params["mode"]}
            audit.record(
                request.user, "retry dead letters", at=SYSTEM_CLOCK.now(), target=target,
                why=why_said(request) or "asked on the pages of dead letters", details=details,
            )  # fmt: skip
    if refused is not None:
        raise refused
    return run


def discard(request: HttpRequest) -> HttpResponseBase:
    """Asked with GET it shows what would be discarded, with POST it does so."""
    return _discard(request) if request.method == "POST" else _confirm(request)


@page("engine.discard_run")
def _confirm(request: HttpRequest) -> HttpResponseBase:
    try:
        each = reading.require_group(request.GET.get("source", ""), request.GET.get("group", ""))
    except OperatorError as error:
        messages.info(request, f"{error.cause} {error.cure}")
        return redirect("console_letters")
    title = f"Discard {each.count} dead {each.noun}?"
    may_be_more = each.group.count > min(MOST_AT_ONCE, counting.MOST)
    return shown(
        request, "console/letters/discard.html", title, each=each,
        seen_at=SYSTEM_CLOCK.now().isoformat(),
        most=f"{MOST_AT_ONCE:,}" if may_be_more else "",
    )  # fmt: skip


@action("engine.discard_run")
def _discard(request: HttpRequest) -> HttpResponse:
    """Discard what was seen; what was given up since then is left."""
    sent = request.POST
    why = why_said(request)
    if not why:
        raise OperatorError("Discarding needs a reason.", "Say why, for whoever asks later.")
    each = reading.require_group(sent.get("source", ""), sent.get("group", ""))
    now = SYSTEM_CLOCK.now()
    count = discarding.discard(
        Wanted(source=each.group.source, group=each.group.id),
        by=request.user, why=why, now=now,
        before=_instant(sent.get("seen_at", ""), now), most=MOST_AT_ONCE,
    )  # fmt: skip
    messages.success(request, f"Discarded {count:,} dead letters: {cut(each.error, 80)}")
    if count >= MOST_AT_ONCE and reading.group_of(each.group.source, each.group.id):
        messages.info(request, "There are more of them: discard again, until none is left.")
        return redirect(each.url)
    return redirect("console_letters")


def _instant(text: str, now: dt.datetime) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return now
    return min(found, now) if found.tzinfo else now
