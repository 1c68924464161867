"""Where a show that the audit trail names is looked at."""

from __future__ import annotations

import re

from django.urls import reverse

from popflix.console.trail import targets

_SHOW = re.compile(r"show (\d{1,10})")


def page_of(target: str) -> str:
    found = _SHOW.fullmatch(target)
    return reverse("admin:reconcile_mastershow_change", args=[found[1]]) if found else ""


targets.register("shows", page_of)
