"""System check: what POPFLIX_PROVIDERS says is looked at before anything starts."""

from __future__ import annotations

from collections.abc import Sequence

from django.core import checks

from popflix.lib.errors import ConfigurationError
from sync.availability.providers import configured


def check_providers(app_configs: object = None, **kwargs: object) -> Sequence[checks.CheckMessage]:
    try:
        configured()
    except ConfigurationError as error:
        return [checks.Error(error.cause, hint=error.cure, id="sync.availability.E001")]
    return []
