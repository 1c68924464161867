"""The console's own pages, below the admin, and the icon that browsers ask for by themselves."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from popflix.console import pages

urlpatterns = [
    path("favicon.ico", pages.favicon, name="favicon"),
    path("admin/console/pieces/", admin.site.admin_view(pages.pieces), name="console_pieces"),
    path("admin/console/", include("popflix.console.home.urls")),
    path("admin/console/units/", include("popflix.console.units.urls")),
    path("admin/console/dead-letters/", include("popflix.console.letters.urls")),
]
