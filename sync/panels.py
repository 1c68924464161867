"""What this app shows on home: coverage of titles, checks of availability, TMDB's rate, needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from popflix.console.home import needs
from popflix.console.home.panels import Panel, Place, register
from popflix.lib.limiter.survey import survey
from sync.availability.screens import panel as availability
from sync.links.models import Coverage, Title
from sync.links.trend import SHOWN_DAYS, percent, points
from sync.needs import sync_needs
from sync.tmdb.client import BUCKET

_NO_TITLES = "No titles are loaded yet: `manage.py import_imdb title.basics.tsv.gz` loads them."
_NOT_COUNTED = "Counted after each `manage.py sync_tmdb`, and every 10 min by `manage.py work`."
_MOST_ROWS = 2000  # a day more than is shown, kept every 10 min for two days


def coverage(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    kept = Coverage.objects.order_by("-measured_at")
    last = kept.first()
    if last is None:
        return {"last": None, "what_next": _NOT_COUNTED if Title.objects.exists() else _NO_TITLES}
    since = min(last.measured_at, now - dt.timedelta(days=SHOWN_DAYS + 1))
    rows = kept.filter(measured_at__gte=since)[:_MOST_ROWS]
    measured = [
        (at, percent(answered, titles))
        for at, answered, titles in rows.values_list(
            "measured_at", "answered_count", "title_count"
        )
    ]
    share = {
        "poster": percent(last.poster_count, last.title_count),
        "trailer": percent(last.trailer_count, last.title_count),
    }
    drawn = points(measured[::-1], now, timezone.get_current_timezone())
    titles = f"{last.title_count:,} {'title' if last.title_count == 1 else 'titles'}"
    return {"last": last, "points": drawn, "share": share, "titles": titles}


def rate(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    """What the limiter lets through now, of what the settings allow."""
    bucket = next((each for each in survey() if each.name == BUCKET), None)
    if bucket is None:
        allowed = settings.TMDB_RATE_PER_SECOND
        return {"rate": allowed, "allowed": allowed, "told": "Nothing has been asked yet."}
    is_cut = bucket.rate < bucket.allowed_rate
    why = f"Cut from {bucket.allowed_rate:g}: {needs.short(bucket.reason)}"
    return {
        "rate": _rounded(bucket.rate),
        "allowed": _rounded(bucket.allowed_rate),
        "told": f"{why} It creeps back by itself."
        if is_cut
        else "All that is allowed is in force.",
    }


def _rounded(rate: float) -> float:
    """`38`, `19.2`."""
    return int(rate) if rate == int(rate) else round(rate, 1)


register(
    Panel(
        "coverage", "Coverage of titles", "sync/panels/coverage.html", coverage,
        place=Place.FOOT, rank=20, permission="sync.view_medialinks", every_seconds=30,
    )
)  # fmt: skip
register(
    Panel(
        "rate", "Rate of TMDB", "sync/panels/rate.html", rate,
        place=Place.FOOT, rank=30, permission="sync.view_medialinks", every_seconds=10,
    )
)  # fmt: skip
register(
    Panel(
        "availability", "Availability", "sync/panels/availability.html", availability.panel,
        place=Place.FOOT, rank=25, permission="sync.view_provider", every_seconds=30,
    )
)  # fmt: skip
needs.register("Titles", sync_needs)
needs.register("Availability", availability.availability_needs)
