from __future__ import annotations

from django.urls import path

from popflix.console.home import views

urlpatterns = [path("panels/<slug:name>/", views.panel, name="console_panel")]
