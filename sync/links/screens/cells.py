"""The cells of the list of media links."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from popflix.console.pieces import render
from sync.links.models import MediaLinks
from sync.links.screens.shown import Shown

_WHY_LENGTH = 110
NOTHING = "–"  # an empty cell, as Django's are here: a phone leaves it out


def _cell(name: str, link: MediaLinks, **more: object) -> SafeString:
    context = {"shown": Shown(link), **more}
    return mark_safe(render_to_string(f"sync/links/cells/{name}.html", context).strip())


@admin.display(description="poster")
def picture(self: Any, link: MediaLinks) -> SafeString:
    return _cell("picture", link)


@admin.display(description="title")
def name(self: Any, link: MediaLinks) -> SafeString:
    return _cell("name", link)


@admin.display(description="status")
def state(self: Any, link: MediaLinks) -> SafeString:
    return _cell("state", link)


@admin.display(description="why")
def summary(self: Any, link: MediaLinks) -> str:
    """One line of what is known; the page tells it in full."""
    return Truncator(Shown(link).why).chars(_WHY_LENGTH)


@admin.display(description="trailer")
def trailer(self: Any, link: MediaLinks) -> str:
    return _cell("trailer", link) if Shown(link).trailer else NOTHING


@admin.display(description="attempts")
def attempts(self: Any, link: MediaLinks) -> int | str:
    """Since it was settled last: nothing to see where that was at once."""
    return Shown(link).work.attempts or NOTHING


@admin.display(description="tried")
def tried(self: Any, link: MediaLinks) -> SafeString:
    """When last, and when next."""
    return _cell("tried", link)


@admin.display(description="again")
def again(self: Any, link: MediaLinks) -> SafeString:
    shown = Shown(link)
    url = reverse("admin:sync_medialinks_retry", args=[shown.tconst])
    return render.row_button(url, shown.asked, shown.full_name)
