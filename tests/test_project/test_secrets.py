"""A planted key and token are in no log, output, error chain, row, page or process list."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from popflix import sandbox
from tests.site import Site
from tests.test_project.broken_server import broken_server

# Of the forms that TMDB gives out, and of nobody.
KEY = "5ec4e7f00dfacade5ec4e7f00dfacade"
TOKEN = f"eyJhbGciOiJIUzI1NiJ9.{'PlantedToken0' * 8}.c2lnbmF0dXJl-planted_1"
LEAKED = "1eaced5ec4e7f00d"  # another: the other test, beside it, sees all processes

LOOK_AT_EVERY_PAGE = """
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
browser = Client(SERVER_NAME='localhost')
browser.force_login(User.objects.create_superuser('root', password='for-this-test'))
pages = [reverse('admin:index')]
for model in admin.site._registry:
    name = f'admin:{model._meta.app_label}_{model._meta.model_name}'
    pages.append(reverse(f'{name}_changelist'))
    pages += [reverse(f'{name}_change', args=[row.pk]) for row in model._default_manager.all()[:5]]
for page in pages:
    answer = browser.get(page)
    print(page, answer.status_code, answer.content.decode())
"""
EVERY_COLUMN = """
from django.db import connection
with connection.cursor() as cursor:
    for table in connection.introspection.table_names():
        cursor.execute(f'SELECT * FROM {connection.ops.quote_name(table)}')
        for row in cursor.fetchall():
            print(table, row)
"""


class ProcessList(threading.Thread):
    """Collects what `ps` would show while a block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen = bytearray()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.02):
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen += entry.read_bytes()
                except OSError:
                    continue

    def __enter__(self) -> ProcessList:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


class Evidence:
    """Everything a run leaves behind, as bytes by name."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._found: dict[str, bytes] = {}

    def run(self, name: str, *arguments: str, **variables: str) -> None:
        with ProcessList() as listed:
            done = self._site.manage(*arguments, expect=None, timeout=120, **variables)
        self._found[f"{name}: stdout"] = done.stdout.encode()
        self._found[f"{name}: stderr"] = done.stderr.encode()
        self._found[f"{name}: ps"] = bytes(listed.seen)

    def collect(self) -> dict[str, bytes]:
        self.run("pages", "shell", "-c", LOOK_AT_EVERY_PAGE)
        self.run("rows", "shell", "-c", EVERY_COLUMN)
        for path in self._site.folder.rglob("*"):
            if path.is_file():
                self._found[str(path)] = path.read_bytes()
        return self._found

    def names_holding(self, secret: str) -> list[str]:
        parts = {secret, secret[:24], secret[-24:]}  # also when it was cut or wrapped
        return [
            name
            for name, content in self._found.items()
            if any(part.encode() in content for part in parts)
        ]


@contextmanager
def titles(site: Site) -> Iterator[sandbox.Sandbox]:
    """A sandbox that accepts the planted secrets alone, its titles loaded into the site."""
    with sandbox.running(titles=12, seed=3, api_key=KEY, read_token=TOKEN) as stand_in:
        file = stand_in.imdb_tsv(site.folder / "titles.tsv")
        site.manage("import_imdb", str(file))
        yield stand_in


@pytest.mark.parametrize(
    ("variable", "secret", "database_url"),
    [
        ("TMDB_API_KEY", KEY, "sqlite"),
        pytest.param(
            "TMDB_READ_TOKEN", TOKEN, "mariadb", marks=[pytest.mark.mariadb, pytest.mark.soak]
        ),
    ],
    indirect=["database_url"],
)
def test_a_planted_secret_is_found_nowhere(site: Site, variable: str, secret: str) -> None:
    site.env |= {
        variable: secret,
        "LOG_LEVEL": "DEBUG",
        "TMDB_RETRIES": "1",
        "POPFLIX_MAX_ATTEMPTS": "1",
        "TMDB_RATE_PER_SECOND": "200",
    }
    wrong = f"{secret[:-1]}x"
    evidence = Evidence(site)
    with titles(site) as stand_in:
        site.env["TMDB_BASE_URL"] = stand_in.url
        evidence.run("refused", "sync_tmdb", "--traceback", **{variable: wrong})
        evidence.run("accepted", "sync_tmdb", "--traceback", "--limit", "2")
    with broken_server() as url:
        evidence.run("broken", "sync_tmdb", "--traceback", TMDB_BASE_URL=url)
    found = evidence.collect()
    assert b"Traceback" in found["refused: stderr"]
    assert b"Success: 2" in found["accepted: stdout"]
    assert b"/admin/" in found["pages: stdout"]
    assert b"TMDB answered 422" in found["rows: stdout"]  # with what was repeated to us, masked
    assert evidence.names_holding(secret) == []
    assert evidence.names_holding(wrong) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_search_would_find_a_secret_that_leaks(site: Site) -> None:
    evidence = Evidence(site)
    (site.folder / "leak.log").write_text(f"GET /3/movie?api_key={LEAKED}")
    leak = f"from django.contrib.auth.models import Group; Group.objects.create(name='{LEAKED}')"
    evidence.run("leak", "shell", "-c", leak)
    evidence.collect()
    leaky = evidence.names_holding(LEAKED)
    assert {"leak: ps", "rows: stdout", "pages: stdout"} <= set(leaky)
    assert str(site.folder / "leak.log") in leaky
