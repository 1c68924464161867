"""The admin site: home of panels and a menu in the operator's words; logging in is throttled, and
what accounts do to themselves is audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from popflix.console.devices import remember
from popflix.console.home.cards import cards
from popflix.console.home.sidebar import sections
from popflix.console.login import LoginForm, address_of
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK


class ConsoleSite(admin.AdminSite):
    login_form = LoginForm
    site_url = None  # the site is its admin: there is nothing else to view
    empty_value_display = "–"  # as the pieces say that there is nothing

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Home, without Django's list of models: the menu has them."""
        shown = cards(request, SYSTEM_CLOCK.now())
        context = {
            **self.each_context(request),
            "title": "Home",
            "cards": shown,
            "has_cards": any(shown.values()),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/index.html", context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "home_url": reverse("admin:index")}

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """One app's lists by its label; the sections of the menu without one."""
        found: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label:
            return found
        models = [model for app in found for model in app["models"] if model["admin_url"]]
        return sections(request, models, self._registry)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().login(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            remember(request, answer, request.user.get_username())
        return answer

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        answer = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            audit.record(
                request.user,
                "change own password",
                at=SYSTEM_CLOCK.now(),
                target=address_of(request),
            )
        return answer
