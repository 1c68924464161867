"""The list of groups, and the page of one."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from popflix.console.doors import page, shown
from popflix.console.letters import ledger, paging, reading
from popflix.engine.deadletters.letters import Wanted
from popflix.engine.deadletters.order import PER_MINUTE
from popflix.engine.deadletters.sample import SIZE
from popflix.engine.views.words import cut
from popflix.lib.errors import OperatorError


@page("engine.view_run")
def letters(request: HttpRequest) -> TemplateResponse:
    wanted = Wanted(source=request.GET.get("source", ""), unit=request.GET.get("unit", ""))
    overview = reading.overview(wanted)
    return shown(
        request, "console/letters/list.html", "Dead letters", overview=overview, **_may(request)
    )


@page("engine.view_run")
def group(request: HttpRequest, source: str, group: str) -> TemplateResponse:
    """One group; of one that is gone, that it is, and who retried it."""
    try:
        each = reading.group_of(source, group)
    except OperatorError as error:
        raise Http404(error.cause) from None
    retries = ledger.of_group(group)
    if each is None:
        title = "Nothing is left of this group"
        return shown(request, "console/letters/gone.html", title, retries=retries)
    asked = request.GET.get
    found = paging.letters_of(each, asked("after", ""), asked("at", ""))
    return shown(
        request, "console/letters/group.html", cut(each.error, 120), each=each, page=found,
        retries=retries, **_may(request),
    )  # fmt: skip


def _may(request: HttpRequest) -> dict[str, Any]:
    """What the account may do here, and what the forms say by themselves."""
    return {
        "may_retry": request.user.has_perm("engine.retry_run"),
        "may_discard": request.user.has_perm("engine.discard_run"),
        "per_minute": PER_MINUTE,
        "sample": SIZE,
    }
