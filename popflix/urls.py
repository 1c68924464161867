"""The site is its admin; the root leads there."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = "popflix"
admin.site.index_title = "Titles, work and records"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("popflix.console.urls")),
    path("admin/", admin.site.urls),
]
