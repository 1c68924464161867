"""Where a title that the audit trail names is looked at."""

from __future__ import annotations

from django.urls import reverse

from popflix.console.trail import targets
from sync.links.tconst import parse_tconst


def page_of(target: str) -> str:
    is_title = target.startswith("tt") and parse_tconst(target) == target
    return reverse("admin:sync_medialinks_change", args=[target]) if is_title else ""


targets.register("titles", page_of)
