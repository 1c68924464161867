"""How one enters the console's own pages: logged in, with a permission, and by the right method.

@page("engine.view_run")        GET and HEAD only; anybody else is refused
@part("engine.view_run")        what htmx asks for again and again of a page
@action("engine.pause_unit")    POST only, with its token; an OperatorError becomes a message
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from popflix.lib.errors import OperatorError

View = Callable[..., HttpResponseBase]
_LONGEST_PATH = 4000  # with its query; a longer one no browser is sent to


def page(permission: str) -> Callable[[View], View]:
    """A page that may be looked at by who has the permission; empty: by every operator."""

    def decorate(view: View) -> View:
        return admin.site.admin_view(require_safe(_guarded(view, permission)))

    return decorate


def part(permission: str) -> Callable[[View], View]:
    """A part of a page that htmx asks for again and again.

    Who may see it no longer, because the session has ended or a permission is gone, has the whole
    page loaded again instead: that leads to the login, where a part would show it inside a card.
    """

    def decorate(view: View) -> View:
        whole = page(permission)(view)

        @functools.wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not getattr(request, "htmx", None):
                return whole(request, *args, **kwargs)
            if not admin.site.has_permission(request):
                return HttpResponseClientRefresh()
            try:
                return whole(request, *args, **kwargs)
            except (PermissionDenied, Http404):
                return HttpResponseClientRefresh()

        return asked

    return decorate


def action(permission: str) -> Callable[[Callable[..., str | HttpResponse | None]], View]:
    """Something that is done: the function returns what it did, as a sentence.

    An OperatorError is shown with its cure. Either way the browser goes back to where it was
    (`next`), or home; what leads elsewhere returns an answer of its own. Who was logged out
    meanwhile comes back there, too: the address itself can only be sent to.
    """

    def decorate(function: Callable[..., str | HttpResponse | None]) -> View:
        @functools.wraps(function)
        def act(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                done = function(request, *args, **kwargs)
            except OperatorError as error:
                messages.error(request, f"{error.cause} {error.cure}")
            else:
                if isinstance(done, HttpResponse):
                    return done
                if done:
                    messages.success(request, done)
            return redirect(way_back(request))

        acted = admin.site.admin_view(require_POST(_guarded(act, permission)))

        @functools.wraps(function)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST" or admin.site.has_permission(request):
                return acted(request, *args, **kwargs)
            messages.warning(request, "Nothing was done: log in first, and then do it again.")
            return redirect_to_login(resolve_url(way_back(request)), reverse("admin:login"))

        return asked

    return decorate


def _guarded(view: View, permission: str) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if permission and not request.user.has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def way_back(request: HttpRequest, otherwise: str = "admin:index") -> str:
    """`next` of the form that was sent, where it is a path of this site."""
    wanted = request.POST.get("next", "")
    is_path = wanted.startswith("/") and len(wanted) <= _LONGEST_PATH
    return wanted if is_path and url_has_allowed_host_and_scheme(wanted, None) else otherwise


def shown(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    """A whole page in the admin's frame."""
    frame = admin.site.each_context(request)
    return TemplateResponse(request, template, {**frame, "title": title, **context})
