"""`{% load pieces %}`: every piece as a tag, and the labels of a list's cells on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from popflix.console.pieces import render

register = template.Library()

for _piece in (
    render.badge, render.toned, render.moment, render.progress, render.empty_state, render.problem,
    render.before_after, render.timeline, render.sparkline, render.bars,
    render.row_button,
):  # fmt: skip
    register.simple_tag(_piece)
register.simple_block_tag(render.card)


@register.inclusion_tag("pieces/action.html", takes_context=True)
def action(
    context: Mapping[str, Any],
    href: str,
    label: str,
    kind: str = "quiet-button",
    about: str = "",
    ask_why: str = "",
    ident: str = "",
    **fields: object,
) -> dict[str, Any]:
    """A button that does something: a form of its own, which leads back to the page it stands on.

    `kind`: quiet-button, danger, or empty for the one next step of the page. `about` says of what,
    for who hears the page. `ask_why` is the label of a field that must say why. `ident` is the
    button's id: in a part that is asked for again it keeps the focus. `fields` are sent along.
    """
    request = context["request"]
    return {
        "href": href, "label": label, "kind": kind, "about": about, "ask_why": ask_why,
        "fields": list(fields.items()), "token": get_token(request),
        "ident": ident,
        "next": _page_of(request),
    }  # fmt: skip


def _page_of(request: Any) -> str:
    """The page on which an answer is shown: what htmx asks for is a part of one, and what a
    form was sent to can often not be looked at."""
    htmx = getattr(request, "htmx", None)
    asking = (htmx and htmx.current_url_abs_path) or request.POST.get("next")
    return str(asking or request.get_full_path())


@register.filter
def thousands(count: int) -> str:
    """`48,210`."""
    return f"{count:,}"


@register.filter
def sentence(text: str) -> str:
    """With one full stop, whoever wrote it."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


@register.filter
def coded(text: str) -> SafeString:
    """What stands in backticks, as our errors and hints write commands, becomes code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


@register.filter
def labelled(cells: Iterable[SafeString], headers: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The cells of one row of Django's list, each with the heading of its column.

    On a phone a row becomes a block: the stylesheet shows the headings inside of it, and leaves
    out the cells in which nothing stands.
    """
    headings = [str(header.get("text", "")) for header in headers]
    for number, cell in enumerate(cells):
        text = headings[number] if number < len(headings) else ""
        if cell.startswith("<td class=") and text and not text.lstrip().startswith("<"):
            hollow = mark_safe("data-empty " if cell.endswith(">–</td>") else "")
            label = format_html('<td data-label="{}" {}', capfirst(text), hollow)
            yield mark_safe(label + cell.removeprefix("<td "))
        else:
            yield cell
