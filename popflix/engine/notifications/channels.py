"""Which channels there are: what the settings name."""

from __future__ import annotations

from django.conf import settings

from popflix.engine.models.notifications import Channel


def configured() -> list[str]:
    """The channels on which people want to be told; none costs nothing."""
    found = []
    if settings.POPFLIX_NOTIFY_EMAIL:
        found.append(Channel.EMAIL.value)
    if settings.POPFLIX_NOTIFY_WEBHOOK:
        found.append(Channel.WEBHOOK.value)
    return found
