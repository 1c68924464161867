from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    name = "popflix.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        autodiscover_modules("showcase")
