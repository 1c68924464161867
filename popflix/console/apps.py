from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class ConsoleConfig(AppConfig):
    name = "popflix.console"
    label = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        # After the models are loaded: the rule needs them.
        from popflix.console.groups import after_migrating

        post_migrate.connect(after_migrating, dispatch_uid="console_groups")  # of every app
        autodiscover_modules("showcase", "panels", "areas")
