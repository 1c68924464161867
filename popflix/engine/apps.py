from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EngineConfig(AppConfig):
    name = "popflix.engine"
    label = "engine"
    verbose_name = "Work"

    def ready(self) -> None:
        autodiscover_modules("units")
