"""What every response says about itself: content policy, other headers, cookies, HTTPS."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.contrib import admin
from django.test import Client
from pytest_django import Settings

from popflix.console.csp import HEADER, policy
from popflix.lib.secret_key import site_mark
from tests.popflix.console import walking
from tests.site import Site
from tests.test_project.test_configuration import run_python

KEY = "a-key-of-fifty-letters-at-least-0123456789-0123456789-abcdefgh"


class Inline(HTMLParser):
    """Collects what the policy would keep a browser from running or applying."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(tag)
        self.found += [name for name in given if name == "style" or name.startswith("on")]
        self.found += [value for _, value in attrs if value and value.startswith("javascript:")]


# --- content ------------------------------------------------------------------------------------


def test_the_policy_allows_nothing_inline_and_no_other_origin() -> None:
    assert policy("https://image.tmdb.org/t/p/").split("; ") == [
        "default-src 'self'",
        "img-src 'self' https://image.tmdb.org",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]


@pytest.mark.parametrize(
    ("url", "sources"),
    [
        ("http://127.0.0.1:8080/t/p/", "'self' http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "'self' http://[::1]:8080"),
        ("https://Bücher.example/", "'self' https://xn--bcher-kva.example"),
        ("https://a.example; script-src */", "'self' https://a.examplescript-src"),
        ("nonsense", "'self'"),
        ("javascript:alert(1)", "'self'"),
    ],
)
def test_images_come_from_the_origin_that_is_set_and_nowhere_else(url: str, sources: str) -> None:
    assert policy(url).split("; ")[1] == f"img-src {sources}"


@pytest.mark.django_db
def test_every_response_has_the_headers(operator: Client) -> None:
    for path in ("/", "/admin/", "/admin/login/", "/nowhere", "/static/admin/css/base.css",
                 "/admin/engine/run/?status=odd"):  # fmt: skip
        answer = operator.get(path)
        assert answer[HEADER].startswith("default-src 'self'; "), path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        answer.close()


def test_errors_have_the_policy_too(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(admin.site, "login_form", broken)
    client.raise_request_exception = False
    answer = client.get("/admin/login/")
    assert (answer.status_code, HEADER in answer) == (500, True)
    assert HEADER in client.get("/admin/", headers={"host": "evil.example"})


@pytest.mark.django_db
def test_no_page_holds_anything_inline(operator: Client) -> None:
    walking.fill_every_table()
    found = {}
    for page in walking.pages():
        answer = operator.get(page.path)
        if answer["Content-Type"].startswith("text/html"):
            found[page.path] = Inline(answer.content.decode()).found
    assert len(found) > 50
    assert not {path: inline for path, inline in found.items() if inline}


def test_what_is_inline_would_be_found() -> None:
    page = (
        '<a style="x" onclick="y()"></a><style></style><script>1</script><a href="javascript:1">'
    )
    assert Inline(page).found == ["style", "onclick", "style", "script", "javascript:1"]


def test_every_list_keeps_a_bar_of_actions() -> None:
    """Without both bars Django's list brings an inline <style>."""
    for page in admin.site._registry.values():
        assert page.actions_on_top or page.actions_on_bottom


# --- cookies and HTTPS --------------------------------------------------------------------------


def test_two_sites_on_one_host_have_cookies_of_their_own(tmp_path: Path) -> None:
    show = "from popflix import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    site, demo = Site(tmp_path / "site"), Site(tmp_path / "demo")
    names = run_python(site, show).split()
    assert not set(names) & set(run_python(demo, show).split())
    assert run_python(site, show).split() == names


def test_all_hosts_of_one_database_share_their_cookies(tmp_path: Path) -> None:
    shared = {"DB_NAME": "popflix_db", "SECRET_KEY": KEY}
    show = "from popflix import settings as s; print(s.SESSION_COOKIE_NAME)"
    names = {
        run_python(Site(tmp_path / host, DB_HOST=host, **shared), show) for host in ("db1", "db2")
    }
    assert names == {f"popflix_session_{site_mark('popflix_db')}"}


@pytest.mark.django_db
def test_without_https_the_cookies_work_on_plain_http(client: Client) -> None:
    client.get("/admin/login/")
    cookie = client.cookies[site_settings.CSRF_COOKIE_NAME]
    assert not cookie["secure"]


def test_with_https_the_deployment_check_has_no_complaint(tmp_path: Path) -> None:
    site = Site(tmp_path, POPFLIX_HTTPS="true", SECRET_KEY=KEY)
    done = site.manage("check", "--deploy", "--fail-level", "WARNING")
    assert "WARNING" not in done.stderr + done.stdout


def test_without_https_the_deployment_check_names_what_is_missing(tmp_path: Path) -> None:
    done = Site(tmp_path, SECRET_KEY=KEY).manage("check", "--deploy")
    assert "security.W012" in done.stderr


ASK = """
import django; django.setup()
from django.test import Client
plain = Client().get('/admin/login/')
proxied = Client(headers={'X-Forwarded-Proto': 'https'}).get('/admin/login/', follow=False)
print(plain.status_code, plain['Location'])
print(proxied.status_code, proxied.get('Strict-Transport-Security'))
print([bool(each['secure']) for each in proxied.cookies.values()])
"""


def test_with_https_plain_requests_are_redirected_and_cookies_are_secure(tmp_path: Path) -> None:
    site = Site(tmp_path, POPFLIX_HTTPS="true", ALLOWED_HOSTS="testserver", SECRET_KEY=KEY)
    (tmp_path / "var" / "static").mkdir(parents=True)
    site.migrate()
    plain, proxied, secure = run_python(site, ASK).splitlines()
    assert plain == "301 https://testserver/admin/login/"
    assert proxied == f"200 max-age={365 * 86_400}"
    assert secure == "[True]"
