"""Sending a notification as signed JSON by POST."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json

import requests
import urllib3
from django.conf import settings

from popflix.engine.notifications.message import Message, NotSent
from popflix.lib.http.faults import describe
from popflix.lib.http.wire import Limits, environment_proxies
from popflix.lib.redact import remember_secret

SIGNATURE_HEADER = "X-Popflix-Signature"
_LIMITS = Limits(connect_seconds=5, read_seconds=15, deadline_seconds=20, max_bytes=0)


def send(message: Message, now: dt.datetime) -> None:
    """POST it to POPFLIX_NOTIFY_WEBHOOK; any 2xx means it was taken. Raises NotSent."""
    url: str = settings.POPFLIX_NOTIFY_WEBHOOK
    if not url:
        raise NotSent("POPFLIX_NOTIFY_WEBHOOK is not set any more")
    remember_secret(url)  # such addresses often carry a password in their path
    body = _body(message)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "popflix",
        SIGNATURE_HEADER: signature(settings.POPFLIX_NOTIFY_SECRET, body, now),
    }
    status = _post(url, body, headers)
    if not 200 <= status < 300:
        more = "; redirects are not followed" if 300 <= status < 400 else ""
        raise NotSent(f"the webhook answered {status}{more}")


def signature(secret: str, body: bytes, now: dt.datetime) -> str:
    """`t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`: the instant keeps recordings of
    old requests from being replayed."""
    at = str(int(now.timestamp()))
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def _body(message: Message) -> bytes:
    data = {
        "id": message.id,
        "kind": message.kind,
        "cause": message.cause,
        "subject": message.subject,
        "text": message.text,
        "at": message.at.isoformat(),
        "payload": message.payload,
    }
    return json.dumps(data, ensure_ascii=False).encode()


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, whose body nobody reads."""
    failed = ""
    with requests.Session() as session:
        session.trust_env = False  # no password from .netrc; the proxies come in by name
        session.proxies = environment_proxies(url)
        try:
            with session.post(
                url,
                data=body,
                headers=headers,
                timeout=(_LIMITS.connect_seconds, _LIMITS.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failed = describe(error, _LIMITS)
    # Raised out here, since the library's error, which names the address, would be its context.
    raise NotSent(f"the webhook {failed}")
