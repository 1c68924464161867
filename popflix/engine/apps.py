from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class EngineConfig(AppConfig):
    name = "popflix.engine"
    label = "engine"
    verbose_name = "Work"

    def ready(self) -> None:
        # After the models are loaded: both need them.
        from popflix.engine.checks import check_settings
        from popflix.engine.q2.fallback import after_migrating

        checks.register(check_settings)
        post_migrate.connect(after_migrating, sender=self, dispatch_uid="keep_one_tick")
        autodiscover_modules("units")
