"""From a row of some list to the page of its unit."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.engine.registry import registry


def unit_link(name: str) -> SafeString:
    """The name alone where there is no such unit (any more)."""
    if registry.find(name) is None:
        return format_html("{}", name)
    href = reverse("console_unit", args=[name])
    return format_html('<a class="nowrap" href="{}">{}</a>', href, name)
