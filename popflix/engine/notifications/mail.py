"""Sending a notification as an e-mail, by Django's mail settings."""

from __future__ import annotations

import smtplib
from email.utils import formatdate, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage

from popflix.engine.notifications.message import Message, NotSent
from popflix.lib.redact import remember_secret


def send(message: Message) -> None:
    """Send it to the addresses of POPFLIX_NOTIFY_EMAIL. Raises NotSent."""
    addresses: list[str] = settings.POPFLIX_NOTIFY_EMAIL
    if not addresses:
        raise NotSent("POPFLIX_NOTIFY_EMAIL is not set any more")
    for address in addresses:
        remember_secret(address)
    failed = ""
    try:
        _mail(message, addresses).send(fail_silently=False)
    except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: no mail at all
        failed = _in_words(error)
    if failed:  # raised out here: the server's words, which name addresses, would be its context
        raise NotSent(failed)


def _mail(message: Message, addresses: list[str]) -> EmailMessage:
    sender: str = settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    headers = {
        # The same at each try: mail servers drop what they have already.
        "Message-ID": f"<{message.id}.popflix@{domain}>",
        "Date": formatdate(message.at.timestamp()),
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(
        subject=f"[popflix] {message.subject}",
        body=f"{message.text}\n",
        from_email=sender,
        to=addresses,
        headers=headers,
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the mail server refused the recipients"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    words = error.strerror if isinstance(error, OSError) else None
    return f"the mail server could not be used ({words or type(error).__name__})"
