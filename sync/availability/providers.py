"""The providers that POPFLIX_PROVIDERS names."""

from __future__ import annotations

from django.conf import settings

from popflix.lib.errors import OperatorError
from popflix.lib.redact import remember_secret
from sync.availability.config import parse_providers, secrets_of
from sync.availability.entry import SETTING
from sync.availability.types import Kind, ProviderConfig


def configured() -> tuple[ProviderConfig, ...]:
    """All of them. Raises ConfigurationError naming entry and field.

    Keys in their templates are secrets from here on.
    """
    found = parse_providers(settings.POPFLIX_PROVIDERS)
    for config in found:
        for secret in secrets_of(config):
            remember_secret(secret)
    return found


def allowed_rate(config: ProviderConfig) -> float:
    """Requests per second; TMDB has one rate, whoever asks."""
    if config.kind is Kind.TMDB:
        return float(settings.TMDB_RATE_PER_SECOND)
    return config.rate_per_second


def find(name: str) -> ProviderConfig:
    """Raises OperatorError where none has that name."""
    known = {config.name: config for config in configured()}
    if name not in known:
        cure = f"Known are {', '.join(known)}." if known else f"Set {SETTING} in .env."
        raise OperatorError(f"There is no provider {name[:40]}.", cure)
    return known[name]
