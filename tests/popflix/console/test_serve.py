"""serve opens the admin, keeps web server and worker alive, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

import pytest
import requests

from popflix.console.serving import Address, Served, serve
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from tests.popflix.console.serving import SECONDS, processes_of, serving, wait_for
from tests.services.plugin import require
from tests.site import Site, create_mysql_database

pytestmark = pytest.mark.measured


def log_in(url: str, password: str) -> requests.Response:
    with requests.Session() as browser:
        browser.get(url, timeout=SECONDS)
        token = next(each.value for each in browser.cookies if "csrf" in each.name)
        return browser.post(
            f"{url}login/?next=/admin/",
            {"username": "operator", "password": password, "csrfmiddlewaretoken": token},
            headers={"Referer": url},
            timeout=SECONDS,
        )


def test_a_new_site_is_served_guarded_and_ended_with_nothing_left(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serving(site) as served:
        url = served.read_until("The admin is open at").split()[-1]
        password = password_in(served.read_until("Log in as operator"))
        assert "Log out" in log_in(url, password).text

        worker = served.child("manage.py work")
        assert worker is not None
        os.kill(worker, signal.SIGKILL)  # its clusters live on until the next one ends them
        wait_for(lambda: served.child("manage.py work") not in (None, worker))

        code, told = served.end(signal.SIGINT)
        assert (code, list(processes_of(tmp_path))) == (130, [])
        assert "it is started again" in told
        assert "Traceback" not in told
    assert not [log for log in tmp_path.rglob("*") if log.is_file() and holds(log, password)]
    with serving(site) as again:
        again.read_until("Ctrl-C ends it.")
        assert "password" not in "".join(again.said)
        assert again.end(signal.SIGTERM)[0] == 143


@pytest.mark.soak
@pytest.mark.mariadb
def test_a_site_on_mariadb_is_served_and_ended_with_nothing_left(tmp_path: Path) -> None:
    site = Site(tmp_path, create_mysql_database(require("mariadb").url))
    with serving(site) as served:
        url = served.read_until("The admin is open at").split()[-1]
        assert "Log out" in log_in(url, password_in(served.read_until("Log in as"))).text
        assert served.end(signal.SIGTERM)[0] == 143
        assert not list(processes_of(tmp_path))


def password_in(line: str) -> str:
    found = re.search(r"password (\S+)", line)
    assert found is not None
    return found[1]


def holds(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()


def test_a_taken_port_is_one_error_and_starts_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = site.manage("serve", "--port", port, expect=1).stderr
    assert f"Error: Port {port} of 127.0.0.1 cannot be used" in told
    assert "--port" in told.splitlines()[-1]


def test_a_dry_run_sets_nothing_up(tmp_path: Path) -> None:
    site = Site(tmp_path)
    told = site.json("serve", "--dry-run")
    assert told == {
        "url": "http://127.0.0.1:8000/admin/",
        "would_migrate": True,
        "would_create_account": True,
    }
    assert "[X]" not in site.manage("showmigrations").stdout


def serve_here(stop: StopRequest, base: Path) -> Served:
    said: list[str] = []
    address = Address("127.0.0.1", 0)
    return serve(address, base=base, stop=stop, say=said.append, clock=SYSTEM_CLOCK)


@pytest.mark.django_db
def test_a_web_server_that_does_not_come_up_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a folder without the project
    with pytest.raises(OperatorError, match="The web server does not answer"):
        serve_here(StopRequest(), tmp_path)


@pytest.mark.django_db
def test_a_stop_before_the_site_is_open_ends_it_at_once(tmp_path: Path) -> None:
    stop = StopRequest()
    stop.ask(signal.SIGTERM)
    assert serve_here(stop, tmp_path).restarts == 0


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81/admin/"),
        ("0.0.0.0", "http://localhost:81/admin/"),
        ("::1", "http://[::1]:81/admin/"),
        ("films.example", "http://films.example:81/admin/"),
    ],
)
def test_the_address_is_one_a_browser_can_open(bind: str, url: str) -> None:
    assert Address(bind, 81).url(81) == url


def test_an_address_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(OperatorError, match=r"Port 81 of .* cannot be used"):
        Address("192.0.2.1", 81).listen()
