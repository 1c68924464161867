from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "popflix.console"
    label = "console"
    verbose_name = "Console"
