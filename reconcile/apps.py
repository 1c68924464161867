from django.apps import AppConfig


class ReconcileConfig(AppConfig):
    name = "reconcile"
    label = "reconcile"
    verbose_name = "Shows"
