from django.apps import AppConfig
from django.core import checks


class SyncConfig(AppConfig):
    name = "sync"
    label = "sync"
    verbose_name = "Titles"

    def ready(self) -> None:
        from sync.availability.checks import check_providers  # needs the settings

        checks.register(check_providers)
