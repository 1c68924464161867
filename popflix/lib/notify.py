"""The settings of the channels by which people are told: a mail server and a webhook.

What is missing or malformed is refused when the settings are read, since a notification that
cannot be sent is noticed by nobody. No address and no secret is ever echoed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import environ

from popflix.lib.addresses import is_http
from popflix.lib.errors import ConfigurationError

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465, "smtps": 465}
_TIMEOUT_SECONDS = 15
_EMAIL_URL_CURE = (
    "Write it in .env as smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://… or smtp://HOST:25, with "
    "special characters percent-encoded."
)


def mail_settings(email_url: str) -> dict[str, Any]:
    """Django's EMAIL_… settings of one server. Raises ConfigurationError.

    Without a server they are Django's own, which nothing of ours uses.
    """
    found: dict[str, Any] = {}
    if email_url:
        scheme = email_url.partition("://")[0]
        try:
            if scheme not in _PORTS:
                raise ValueError(scheme)
            found = dict(environ.Env.email_url_config(email_url))
        except Exception:  # django-environ raises whatever urllib.parse raises
            raise ConfigurationError("EMAIL_URL is malformed.", _EMAIL_URL_CURE) from None
        if not found.get("EMAIL_HOST"):
            raise ConfigurationError("EMAIL_URL names no host.", _EMAIL_URL_CURE)
    scheme = email_url.partition("://")[0]
    return {
        "host": found.get("EMAIL_HOST") or "localhost",
        "port": found.get("EMAIL_PORT") or _PORTS.get(scheme, 25),
        "user": found.get("EMAIL_HOST_USER") or "",
        "password": found.get("EMAIL_HOST_PASSWORD") or "",
        # django-environ takes smtps for STARTTLS; everybody else means TLS from the first byte.
        "starttls": scheme == "smtp+tls",
        "tls": scheme in ("smtp+ssl", "smtps"),
        "timeout_seconds": _TIMEOUT_SECONDS,
    }


def require_channels(
    *, addresses: Sequence[str], email_url: str, webhook: str, secret: str
) -> None:
    """Raise ConfigurationError where a channel is asked for and could not be used."""
    if addresses and not email_url:
        raise ConfigurationError("POPFLIX_NOTIFY_EMAIL is set without EMAIL_URL.", _EMAIL_URL_CURE)
    if any("@" not in address.strip("@") or " " in address for address in addresses):
        raise ConfigurationError(
            "POPFLIX_NOTIFY_EMAIL has a word that is no address.",
            "Write one or more addresses, separated by commas.",
        )
    if webhook and not is_http(webhook):
        raise ConfigurationError(
            "POPFLIX_NOTIFY_WEBHOOK is no http or https address.",
            "Write for instance https://hooks.example.org/popflix.",
        )
    if webhook and not secret:
        raise ConfigurationError(
            "POPFLIX_NOTIFY_WEBHOOK is set without POPFLIX_NOTIFY_SECRET.",
            "Choose a long random text for both ends: it signs each notification.",
        )
