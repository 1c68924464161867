from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class LibConfig(AppConfig):
    name = "popflix.lib"
    label = "lib"
    verbose_name = "Platform"

    def ready(self) -> None:
        import popflix.lib.lookups  # noqa: F401 - registers them

        # After the models are loaded: the operations need them.
        from popflix.lib.schema.survey import refuse_before_migrating

        pre_migrate.connect(
            refuse_before_migrating, sender=self, dispatch_uid="refuse_before_migrating"
        )
