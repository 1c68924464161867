from __future__ import annotations

from django.urls import path

from popflix.console.units import views

urlpatterns = [
    path("", views.units, name="console_units"),
    path("<str:name>/", views.unit, name="console_unit"),
    path("<str:name>/run/", views.run, name="console_unit_run"),
    path("<str:name>/pause/", views.pause, name="console_unit_pause"),
    path("<str:name>/resume/", views.resume, name="console_unit_resume"),
]
