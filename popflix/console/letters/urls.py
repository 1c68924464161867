from __future__ import annotations

from django.urls import path

from popflix.console import menu
from popflix.console.letters import actions, pages

urlpatterns = [
    path("", pages.letters, name="console_letters"),
    path("retry/", actions.retry, name="console_letters_retry"),
    path("discard/", actions.discard, name="console_letters_discard"),
    path("<str:source>/<str:group>/", pages.group, name="console_letter_group"),
]
menu.register(menu.Page(menu.WORK, "Dead letters", "console_letters", "engine.view_run", rank=40))
