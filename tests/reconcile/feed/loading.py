"""The command load_shows, called in this process."""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.management import call_command

from reconcile.shows.models import SyncShow


def load(*arguments: object) -> list[str]:
    out = io.StringIO()
    call_command("load_shows", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def told(*arguments: object) -> dict[str, Any]:
    (line,) = load(*arguments, "--json")
    (found,) = json.loads(line)["feeds"]
    assert isinstance(found, dict)
    return found


def counts(of: dict[str, Any]) -> tuple[int, ...]:
    return tuple(of[name] for name in ("inserted", "updated", "removed"))


def staged() -> list[tuple[Any, ...]]:
    names = ("cinema_id", "screen_name", "show_time", "movie_id", "title", "rating", "is_active")
    return sorted(SyncShow.objects.values_list(*names), key=str)
