"""reset drops what is there and migrates, but only where that can do no harm."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.site import ROOT, Site

pytestmark = [pytest.mark.measured, pytest.mark.either]

FILL = """
from django.contrib.auth.models import User
from django.db import connection
User.objects.create(username='anna')
with connection.cursor() as cursor:
    cursor.execute('CREATE TABLE Stranger (id INTEGER PRIMARY KEY)')
    cursor.execute('CREATE VIEW strange_view AS SELECT id FROM Stranger')
"""
LOOK = """
from django.contrib.auth.models import User
from django.db import connection
print(User.objects.count(), 'Stranger' in connection.introspection.table_names())
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("embedded"), DEBUG="true")
    made.migrate()
    return made


def test_reset_drops_rows_and_strangers_and_leaves_the_current_schema(site: Site) -> None:
    site.manage("shell", "-c", FILL)
    told = site.json("reset", "--yes", DEBUG="true")
    assert told["reset"] is True
    assert "Stranger" in told["tables"]
    assert site.manage("shell", "-v0", "-c", LOOK).stdout.split() == ["0", "False"]
    site.manage("migrate", "--check")


def test_reset_is_refused_while_debug_is_off(embedded: Site) -> None:
    told = embedded.manage("reset", "--yes", expect=1, DEBUG="false").stderr
    assert "DEBUG is off" in told
    assert "DEBUG=true" in told


def test_reset_without_a_terminal_wants_yes(embedded: Site) -> None:
    assert "--yes" in embedded.manage("reset", expect=2).stderr


def test_a_dry_run_says_what_would_go_and_drops_nothing(embedded: Site) -> None:
    told = embedded.json("reset", "--dry-run")
    assert told["reset"] is False
    assert "MediaLinks" in told["tables"]
    embedded.manage("migrate", "--check")


def reset_on_a_terminal(site: Site, answer: bytes | signal.Signals) -> tuple[int, str]:
    """Run reset with a terminal as stdin and answer its question; exit code and stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "reset"],
        env=site.env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    asked = b""
    while b"Type yes:" not in asked and (part := os.read(process.stderr.fileno(), 1024)):
        asked += part
    if isinstance(answer, bytes):
        os.write(ours, answer)
    else:
        process.send_signal(answer)
    out, err = process.communicate(timeout=60)
    for end in (ours, theirs):
        os.close(end)
    return process.returncode, (asked + out + err).decode()


def test_reset_names_the_database_when_it_asks(embedded: Site) -> None:
    code, told = reset_on_a_terminal(embedded, b"yes\n")
    assert code == 0
    assert "popflix.sqlite3? Type yes:" in told
    assert "and migrated" in told


def test_any_other_answer_drops_nothing(embedded: Site) -> None:
    code, told = reset_on_a_terminal(embedded, b"y\n")
    assert code == 1
    assert "Nothing was dropped." in told


def test_ctrl_c_at_the_question_drops_nothing(embedded: Site) -> None:
    code, told = reset_on_a_terminal(embedded, signal.SIGINT)
    assert code == 130
    assert told.endswith("Nothing was dropped.\n")
