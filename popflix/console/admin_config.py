"""Puts the console's site in the place of Django's own; in INSTALLED_APPS for the admin."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    default_site = "popflix.console.site.ConsoleSite"
