"""The admin site: logging in is throttled, and what accounts do to themselves is audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from popflix.console.devices import remember
from popflix.console.login import LoginForm, address_of
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK


class ConsoleSite(admin.AdminSite):
    login_form = LoginForm

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
