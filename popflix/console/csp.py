"""A Content-Security-Policy on every response: only what the site itself serves is run or shown.

The one exception are TMDB's images. Nothing inline is allowed, so text that got into a page by
whatever mistake is never executed.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from popflix.lib.addresses import is_http

HEADER = "Content-Security-Policy"


def policy(image_url: str) -> str:
    """The header's value; images come from the site and from the origin of `image_url`."""
    sources = ["'self'"]
    if is_http(image_url):
        parts = urlsplit(image_url)
        port = f":{parts.port}" if parts.port else ""
        sources.append(f"{parts.scheme}://{_host(parts.hostname or '')}{port}")
    return "; ".join(
        [
            "default-src 'self'",
            f"img-src {' '.join(sources)}",
            "style-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ]
    )


def _host(name: str) -> str:
    """As it may stand in the header: a setting must not be able to add a directive."""
    allowed = name.encode("idna").decode()
    kept = "".join(each for each in allowed if each.isalnum() or each in ".-:")
    return f"[{kept}]" if ":" in kept else kept


class ContentSecurityPolicy:
    """First of all middleware, so that errors and static files have the header, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._policy = policy(settings.TMDB_IMAGES_SHOWN_FROM)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        answer.headers.setdefault(HEADER, self._policy)  # a run's file brings a stricter one
        return answer
