"""A whole popflix site in a folder of its own, driven through its command line.

For what only separate processes can show: kills, several commands at once, exit codes, logs.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class Site:
    """`database_url` may be empty: the embedded SQLite under `folder`."""

    def __init__(self, folder: Path, database_url: str = "", **variables: str) -> None:
        self.folder = folder
        keep = ["PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "PYTHONWARNINGS"]
        if not database_url:  # its twin on SQLite is measured, where anything is
            keep += ["COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"]
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env |= {"POPFLIX_DOTENV": os.devnull, "POPFLIX_VAR": str(folder / "var")}
        if database_url:
            self.env |= {"DATABASE_URL": database_url, "SECRET_KEY": "only-for-tests"}
        self.env |= variables

    def popen(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.env | variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def popen_apart(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        """A process that leads a session of its own and speaks to nobody: a worker, a cluster."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.env | variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def manage(
        self, *arguments: str, expect: int | None = 0, timeout: float = 120, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; `expect` is the exit code, None accepts any."""
        process = self.popen(*arguments, **variables)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        if expect is not None and process.returncode != expect:
            raise AssertionError(
                f"manage.py {' '.join(arguments)} ended {process.returncode}:\n{out}\n{err}"
            )
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """Run one command with --json and return its object."""
        out = self.manage(*arguments, "--json", **options).stdout
        parsed = json.loads(out)
        assert isinstance(parsed, dict)
        return parsed

    def migrate(self) -> None:
        """Migrate the empty database: for the first site of all, which the others copy."""
        kind = self.env.get("DATABASE_URL", "").rpartition("/")[0]
        if kind not in _migrated:
            _migrated[kind] = shared(f"migrated {kind}", lambda: self._new_template(kind))
        if kind:
            copy_mysql(_migrated[kind], self.env["DATABASE_URL"])
            return
        copy_sqlite(_migrated[kind], self.database_file)

    def _new_template(self, kind: str) -> str:
        folder = Path(tempfile.mkdtemp(prefix="popflix-migrated-", dir=SHARED or None))
        if not SHARED:
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        made = Site(folder, create_mysql_database(kind) if kind else "")
        made.manage("migrate", "-v0")
        return made.env.get("DATABASE_URL") or str(folder / "var" / "popflix.sqlite3")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute one statement over a connection of its own, commit, and return its rows."""
        url = self.env.get("DATABASE_URL", "")
        opened = _mysql(url) if url else self._sqlite()
        with closing(opened) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            rows = list(cursor.fetchall())
            connection.commit()
        return rows

    @property
    def database_file(self) -> Path:
        """The embedded database; it is there once something was written to it."""
        return Path(self.env["POPFLIX_VAR"]) / "popflix.sqlite3"

    def _sqlite(self) -> Any:
        return sqlite3.connect(self.database_file, timeout=20)


_migrated: dict[str, str] = {}  # by server: where the template is
# A folder that all processes of one `make test` share; tests/run.py makes and removes it.
SHARED = os.environ.get("POPFLIX_TEST_SHARED", "")


def shared(name: str, make: Callable[[], str]) -> str:
    """What `make` returns, made once for all processes of one `make test`."""
    if not SHARED:
        return make()
    kept = Path(SHARED, hashlib.sha256(name.encode()).hexdigest()[:16])
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(make())
        return kept.read_text()


def copy_sqlite(source: Path | str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def copy_mysql(template_url: str, url: str) -> None:
    """All tables with their keys and rows; names are put in by the server itself."""
    template = template_url.rpartition("/")[2]
    with closing(_mysql(template_url)) as source, closing(_mysql(url)) as target:
        reading, writing = source.cursor(), target.cursor()
        writing.execute("SET foreign_key_checks = 0")
        reading.execute("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        for table, _ in reading.fetchall():
            reading.execute(f"SHOW CREATE TABLE `{table}`")
            writing.execute(reading.fetchone()[1])
            writing.execute(f"INSERT INTO `{table}` SELECT * FROM `{template}`.`{table}`")
        target.commit()


def _mysql(url: str) -> Any:
    import MySQLdb

    parts = urlsplit(url)
    return MySQLdb.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=parts.username or "root",
        passwd=parts.password or "",
        db=parts.path.strip("/"),
        charset="utf8mb4",
    )


def create_mysql_database(server_url: str) -> str:
    """Create an empty database on the server and return its URL."""
    return ensure_mysql_database(server_url, f"site_{uuid.uuid4().hex[:12]}", anew=True)


def ensure_mysql_database(server_url: str, name: str, *, anew: bool) -> str:
    """The URL of a database of this name, which is there now; `anew`: and empty."""
    with closing(_mysql(server_url)) as connection:
        cursor = connection.cursor()
        if anew:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return f"{server_url}/{name}"
