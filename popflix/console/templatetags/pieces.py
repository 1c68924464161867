"""`{% load pieces %}`: every piece as a tag, and the labels of a list's cells on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from popflix.console.pieces import render

register = template.Library()

for _piece in (
    render.badge, render.toned, render.moment, render.progress, render.empty_state, render.problem,
    render.before_after, render.timeline, render.sparkline, render.bars,
):  # fmt: skip
    register.simple_tag(_piece)
register.simple_block_tag(render.card)


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
            hollow = mark_safe("data-empty " if cell.endswith(">-</td>") else "")
            label = format_html('<td data-label="{}" {}', capfirst(text), hollow)
            yield mark_safe(label + cell.removeprefix("<td "))
        else:
            yield cell
