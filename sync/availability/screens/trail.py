"""Where a check by hand that the audit trail names is looked at."""

from __future__ import annotations

import re

from django.urls import reverse

from popflix.console.trail import targets

_ONE = re.compile(r"movie (\d{1,18}) at \S+")


def page_of(target: str) -> str:
    """The movie's page, which tells what each provider says."""
    found = _ONE.fullmatch(target)
    return reverse("admin:sync_movie_change", args=[found[1]]) if found else ""


targets.register("availability", page_of)
