"""Settings of mail server and webhook: complete, or refused without echoing a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from popflix.lib.errors import ConfigurationError
from popflix.lib.notify import mail_settings, require_channels
from tests.site import Site


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp+tls://anna:p%40ss@mail.example", 587, True, False),
        ("smtp+ssl://anna:p%40ss@mail.example", 465, False, True),
        ("smtps://anna:p%40ss@mail.example", 465, False, True),
        ("smtp://anna:p%40ss@mail.example", 25, False, False),
        ("smtp+tls://anna:p%40ss@mail.example:2525", 2525, True, False),
    ],
)
def test_a_mail_server_is_one_address(url: str, port: int, starttls: bool, tls: bool) -> None:
    assert mail_settings(url) == {
        "host": "mail.example",
        "port": port,
        "user": "anna",
        "password": "p@ss",
        "starttls": starttls,
        "tls": tls,
        "timeout_seconds": 15,
    }


def test_without_a_mail_server_the_settings_are_djangos_own() -> None:
    found = mail_settings("")
    assert (found["host"], found["port"], found["user"]) == ("localhost", 25, "")


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp+tls://anna:pass55word@h:x"]
)
def test_a_malformed_mail_server_is_refused_and_not_echoed(url: str) -> None:
    with pytest.raises(ConfigurationError, match="EMAIL_URL") as refused:
        mail_settings(url)
    assert "pass55word" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"addresses": ["anna@example.org"]}, "EMAIL_URL"),
        ({"addresses": ["anna"], "email_url": "smtp://h"}, "no address"),
        ({"addresses": ["anna@b.c bert@b.c"], "email_url": "smtp://h"}, "no address"),
        ({"webhook": "ftp://h/x", "secret": "s"}, "no http"),
        ({"webhook": "https://h:port/x", "secret": "s"}, "no http"),
        ({"webhook": "https://h/x"}, "POPFLIX_NOTIFY_SECRET"),
    ],
)
def test_half_a_channel_is_refused(given: dict[str, object], words: str) -> None:
    none: dict[str, object] = {"addresses": [], "email_url": "", "webhook": "", "secret": ""}
    with pytest.raises(ConfigurationError, match=words):
        require_channels(**{**none, **given})  # type: ignore[arg-type]


def test_whole_channels_are_taken() -> None:
    require_channels(
        addresses=["anna@example.org"],
        email_url="smtp://h",
        webhook="https://h/x",
        secret="long and random",
    )


def test_a_command_says_what_is_missing(tmp_path: Path) -> None:
    site = Site(tmp_path, POPFLIX_NOTIFY_EMAIL="anna@example.org")
    told = site.manage("check", expect=1).stderr
    assert "POPFLIX_NOTIFY_EMAIL is set without EMAIL_URL." in told
    assert "anna" not in told
