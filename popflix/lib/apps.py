from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "popflix.lib"
    label = "lib"
    verbose_name = "Platform"
