"""Answers that are known, in one line each, and how their pages are visited."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sync.availability.models import Availability, Provider
from sync.movies.models import Movie

LIST = "/admin/sync/availability/"
MATRIX = f"{LIST}matrix/"
TMDB = {"name": "watch", "kind": "tmdb", "regions": ["DE", "US"]}
URL = {
    "name": "harbour",
    "kind": "url",
    "template": "https://harbour.example/embed/{tmdb_id}",
    "hosts": ["harbour.example"],
    "controls": {"available": [901], "unavailable": [801]},
    "rate_per_second": 2,
}


def ago(**span: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**span)


def provider(name: str, **facts: Any) -> Provider:
    kind = {"watch": "tmdb", "club": "list"}.get(name, "url")
    given = {"kind": kind, "first_seen_at": ago(days=9), **facts}
    return Provider.objects.get_or_create(name=name, defaults=given)[0]


def movie(number: int, **facts: Any) -> Movie:
    given = {
        "title": f"Film {number}", "imdb_id": f"tt{number:07}", "popularity": 100.0 / number,
        "created_at": ago(days=9), "updated_at": ago(days=9), **facts,
    }  # fmt: skip
    return Movie.objects.get_or_create(media_type="movie", tmdb_id=number, defaults=given)[0]


def answer(number: int, status: str = "", at: str = "harbour", **facts: Any) -> Availability:
    """Of a movie at a provider; of an available or unavailable one with its evidence."""
    known: dict[str, Any] = {}
    if status:
        code = 200 if status == "available" else 404
        known = {
            "status": status, "status_since": ago(days=5), "confirmed_at": ago(hours=3.5),
            "last_outcome": status, "last_checked": ago(hours=3.5), "code": code,
            "rule": str(code), "final_host": f"{at}.example",
        }  # fmt: skip
    if not facts.get("region"):
        known["due_at"] = ago(hours=-8.5)
    return Availability.objects.create(
        movie=movie(number), provider=provider(at), **{**known, **facts}
    )


def unknown(number: int, status: str = "", at: str = "harbour", **facts: Any) -> Availability:
    """The last check found nothing; with `status` something is known from before."""
    found = {
        "last_outcome": "unknown", "last_checked": ago(minutes=20.5), "code": 403, "rule": "403",
        "failure_kind": "refused", "attempts": 2,
        "confirmed_at": ago(days=4.5) if status else None,
        "last_error": "answered 403: a login, or a wall against bots", **facts,
    }  # fmt: skip
    return answer(number, status, at, **found)


def listed(client: Client, query: str = "") -> set[tuple[int, str, str]]:
    """What the list of answers shows: TMDB's id, provider and region."""
    found = client.get(f"{LIST}{query}")
    assert found.status_code == 200
    rows = found.context["cl"].result_list
    return {(row.movie.tmdb_id, row.provider.name, row.region) for row in rows}


def row_page(client: Client, row: Availability) -> str:
    found = client.get(reverse("admin:sync_availability_change", args=[row.pk]))
    assert found.status_code == 200
    return told(found.content.decode())


def told(html: str) -> str:
    """What is read there, without marks, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client
