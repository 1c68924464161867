"""The login page: it tells the wait, correct operators get in, and nothing secret is kept."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.test import Client
from pytest_django import Settings

from popflix.console import login
from popflix.console.devices import cookie_name
from popflix.console.login import address_of, in_words
from popflix.console.models import LoginFailures
from popflix.console.throttle import FREE_OF_ADDRESS, Throttle
from popflix.lib.models import AuditEntry
from tests.popflix.console.clock import FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PASSWORD = "the right one, long enough"
HERE = "192.0.2.1"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def throttle(clock: FakeClock) -> Throttle:
    return Throttle(clock)


@pytest.fixture(autouse=True)
def site(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, throttle: Throttle
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(login, "throttle", throttle)


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


def log_in(name: str = "ada", password: str = "wrong", address: str = HERE) -> Any:
    sent = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", sent)


def told(answer: Any) -> str:
    return " ".join(answer.context["form"].non_field_errors())


# --- the page -----------------------------------------------------------------------------------


def test_the_right_password_logs_in_and_is_audited(ada: User) -> None:
    assert log_in(password=PASSWORD).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (ada, "log in", HERE)


def test_the_page_says_how_long_to_wait(ada: User, clock: FakeClock) -> None:
    for _ in range(4):
        assert "possible in" not in told(log_in())
    assert "the next login is possible in 10 seconds" in told(log_in())
    assert "Try again in 10 seconds" in told(log_in(password=PASSWORD))
    clock.sleep(10)
    assert log_in(password=PASSWORD).status_code == 302


def test_during_a_wait_no_password_is_looked_at(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        log_in()
    asked: list[object] = []
    monkeypatch.setattr("django.contrib.auth.forms.authenticate", lambda *_, **__: asked.append(1))
    log_in(password=PASSWORD)
    assert asked == []


def test_who_is_no_staff_or_inactive_counts_as_a_failure(ada: User) -> None:
    User.objects.create_user("guest", password=PASSWORD)
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)
    for name in ("guest", "gone"):
        for _ in range(5):
            assert log_in(name, PASSWORD).status_code == 200
        assert "Try again" in told(log_in(name, PASSWORD))


def test_an_empty_form_is_no_attempt() -> None:
    log_in("", "")
    log_in("ada", "")
    assert not LoginFailures.objects.exists()


def test_a_wait_is_in_the_audit_trail_with_who_and_from_where(ada: User) -> None:
    for _ in range(6):
        log_in()
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target) == ("ada", "fail to log in", HERE)
    assert entry.details == {"failures": 5, "wait_seconds": 10}


def test_neither_passwords_nor_unknown_names_are_kept(
    ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            log_in("my-password-in-the-wrong-field", "hunter2-hunter2")
    with connection.cursor() as cursor:
        kept = caplog.text
        for table in ("console_loginfailures", "lib_auditentry", "django_session"):
            cursor.execute(f"SELECT * FROM {table}")
            kept += repr(cursor.fetchall())
    assert "an unknown account" in kept
    assert "my-password-in-the-wrong-field" not in kept
    assert "hunter2" not in kept


def test_changing_ones_own_password_is_audited(ada: User) -> None:
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(ada)
    new = "another one, long enough"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    client.post("/admin/password_change/", sent | {"old_password": "wrong"})
    assert not AuditEntry.objects.exists()
    client.post("/admin/password_change/", sent)
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("ada", "change own password")


# --- known browsers -----------------------------------------------------------------------------


def attacked() -> None:
    for number in range(FREE_OF_ADDRESS + 5):
        log_in(f"name-{number}" if number % 2 else "ada")


def test_a_browser_that_the_account_knows_gets_in_beside_an_attack_from_its_address(
    ada: User,
) -> None:
    known = Client(REMOTE_ADDR=HERE)
    sent = {"username": "ada", "password": PASSWORD, "next": "/admin/"}
    assert known.post("/admin/login/", sent).status_code == 302
    known.post("/admin/logout/")
    attacked()
    assert "Try again" in told(log_in(password=PASSWORD))
    assert known.post("/admin/login/", sent).status_code == 302


def test_a_known_browser_is_slowed_down_by_its_own_failures(ada: User) -> None:
    known = Client(REMOTE_ADDR=HERE)
    sent = {"username": "ada", "password": PASSWORD}
    known.post("/admin/login/", sent | {"next": "/admin/"})
    for _ in range(5):
        known.post("/admin/login/", sent | {"password": "wrong"})
    assert "Try again" in told(known.post("/admin/login/", sent))
    assert log_in(password=PASSWORD).status_code == 302


def test_a_browser_is_known_to_the_account_that_used_it_alone(ada: User) -> None:
    User.objects.create_superuser("mallory", password=PASSWORD)
    browser = Client(REMOTE_ADDR=HERE)
    browser.post("/admin/login/", {"username": "mallory", "password": PASSWORD})
    attacked()
    assert "Try again" in told(
        browser.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    )


@pytest.mark.parametrize(
    "forged",
    ["", "nonsense", '["ada","1"]', pytest.param(signing.dumps(["ada", "1"]), id="another salt")],
)
def test_a_forged_cookie_makes_no_browser_known(ada: User, forged: str) -> None:
    attacked()
    client = Client(REMOTE_ADDR=HERE)
    client.cookies[cookie_name()] = forged
    assert "Try again" in told(
        client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    )


def test_the_cookie_is_for_the_login_page_alone(ada: User) -> None:
    cookie = log_in(password=PASSWORD).cookies[cookie_name()]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        "/admin/login/", True, "Strict",
    )  # fmt: skip


# --- addresses ----------------------------------------------------------------------------------


class Request:
    def __init__(self, address: str, forwarded: str = "") -> None:
        self.META = {"REMOTE_ADDR": address}
        if forwarded:
            self.META["HTTP_X_FORWARDED_FOR"] = forwarded


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "found"),
    [
        (0, HERE, "203.0.113.9", HERE),
        (1, "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "127.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (1, "127.0.0.1", "", "127.0.0.1"),
        (2, "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (0, "::ffff:192.0.2.1", "", HERE),
        (0, "", "", "unknown"),
        (1, "127.0.0.1", "<script>", "unknown"),
    ],
)
def test_whose_attempt_it_is(
    settings: Settings, proxies: int, address: str, forwarded: str, found: str
) -> None:
    settings.POPFLIX_PROXIES = proxies
    assert address_of(Request(address, forwarded)) == found  # type: ignore[arg-type]


def test_without_a_request_nobody_is_told_apart() -> None:
    assert address_of(None) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (119, "119 seconds"), (121, "3 minutes"), (900, "15 minutes")],
)
def test_a_wait_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
