"""The form of the login page: refuses while one has to wait, tells how long, and audits."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from popflix.console.devices import device_of
from popflix.console.throttle import Attempt, Throttle
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK

log = logging.getLogger(__name__)
throttle = Throttle()
_NOBODY = "an unknown account"  # the name itself is kept nowhere: it may have been a password


class LoginForm(AdminAuthenticationForm):
    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password"):
            return super().clean()
        address = address_of(self.request)
        place = _place(self.request, name, address)
        attempt = throttle.begin(name, place)
        if attempt.refused_seconds:
            raise _refusal(attempt.refused_seconds)
        try:
            cleaned = super().clean()
        except ValidationError as error:
            _tell_failure(name, address, attempt)
            raise _with_wait(error, attempt) from None
        throttle.succeeded(name, place)
        user = self.get_user()
        audit.record(user, "log in", at=SYSTEM_CLOCK.now(), target=address)
        return cleaned


def address_of(request: HttpRequest | None) -> str:
    """Whose request it is: an IPv4 address, or an IPv6 network, of which each has many addresses.

    Behind proxies it is what the outermost of ours was asked from; what stands before that in the
    header anybody may have written.
    """
    if request is None:
        return "unknown"
    text = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.POPFLIX_PROXIES
    header = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    forwarded = [each for each in header.split(",") if each.strip()]
    if proxies and len(forwarded) >= proxies:
        text = forwarded[-proxies]
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def _place(request: HttpRequest | None, name: str, address: str) -> str:
    """Where an attempt is counted: at the account's own browser, else at the address."""
    device = device_of(request, name) if request else ""
    return f"device {device}" if device else address


def in_words(seconds: int) -> str:
    """How long that is, never less than it is."""
    if seconds < 120:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


def _refusal(seconds: int) -> ValidationError:
    return ValidationError(
        f"Too many failed logins. Try again in {in_words(seconds)}; until then no password is "
        "looked at.",
        code="throttled",
    )


def _with_wait(error: ValidationError, attempt: Attempt) -> ValidationError:
    if not attempt.wait_seconds:
        return error
    wait = ValidationError(
        f"After so many failures the next login is possible in {in_words(attempt.wait_seconds)}.",
        code="throttled",
    )
    return ValidationError([error, wait])


def _tell_failure(name: str, address: str, attempt: Attempt) -> None:
    """Each failure in the log; in the audit trail, which is never pruned, those that cost a wait.

    Also where there is no such account, so that an attack is seen.
    """
    found = get_user_model().objects.filter(username=name).values_list("username", flat=True)
    account = found.first() or _NOBODY
    log.warning("login failed: %s from %s (%s in a row)", account, address, attempt.failures)
    if not attempt.wait_seconds:
        return
    details = {"failures": attempt.failures, "wait_seconds": attempt.wait_seconds}
    audit.record(
        account,
        "fail to log in",
        at=SYSTEM_CLOCK.now(),
        target=address,
        why=f"Too many failures: the next attempt in {in_words(attempt.wait_seconds)}.",
        details=details,
    )
