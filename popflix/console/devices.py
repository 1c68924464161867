"""Browsers in which an account has logged in before: their failures are counted by themselves.

So whoever guesses from the same address (of an office, or of a proxy that hides all others) cannot
keep a known operator out. The cookie opens nothing; it only chooses the counter.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

_SALT = "popflix.console.devices"
_DAYS = 180


def cookie_name() -> str:
    return f"{settings.SESSION_COOKIE_NAME}_device"


def device_of(request: HttpRequest, account: str) -> str:
    """The number of a browser that this account has used; empty for any other."""
    try:
        name, number = signing.loads(
            request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=_DAYS * 86_400
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(number) if name == account else ""


def remember(request: HttpRequest, answer: HttpResponseBase, account: str) -> None:
    """Let the browser be known as one of the account's; it keeps the number that it has."""
    number = device_of(request, account) or secrets.token_urlsafe(12)
    answer.set_cookie(
        cookie_name(),
        signing.dumps([account, number], salt=_SALT),
        max_age=_DAYS * 86_400,
        path=reverse("admin:login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
