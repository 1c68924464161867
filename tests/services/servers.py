"""Private database servers for the tests: own data folder, own port, gone afterwards.

An address in POPFLIX_TEST_MARIADB_URL, POPFLIX_TEST_POSTGRES_URL or POPFLIX_TEST_REDIS_URL wins
over a private server. Where there is neither, `Missing` says which package to install.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


class Missing(Exception):  # noqa: N818 - a reason to skip, not an error
    """The service is not on this machine; the text names the package to install."""


class Server:
    """A started process and the URL under which it answers, without a database name."""

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None, folder: Path | None):
        self.url = url.rstrip("/")
        self._process = process
        self._folder = folder

    def stop(self) -> None:
        if self._process is not None:
            if self._folder is None:  # its data are kept
                self._process.terminate()
            else:
                self._process.kill()
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_mariadb(kept: Path | None = None) -> Server:
    """`kept` is a folder for data that outlive the server."""
    _driver("MySQLdb", "mysqlclient")
    if given := os.environ.get("POPFLIX_TEST_MARIADB_URL"):
        return Server(given, None, None)
    daemon, installer = (
        _tool("mariadbd", "mariadb-server"),
        _tool("mariadb-install-db", "mariadb-server"),
    )
    folder, port = kept or _folder("mariadb"), free_port()
    user = ["--user=root"] if os.getuid() == 0 else []
    data = f"--datadir={folder / 'data'}"
    if not (folder / "data").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _quietly(
            [installer, "--no-defaults", data, *user]
            + ["--auth-root-authentication-method=normal", "--skip-test-db"]
        )
    process = _spawn(
        [daemon, "--no-defaults", data, *user, f"--port={port}", "--bind-address=127.0.0.1"]
        # Not the common folder: each server removes the others' temporary tables from there.
        + [
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            f"--tmpdir={folder.resolve()}",
        ]
        + ["--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=2"]
        # What goes with the server need not outlive a fall of the machine.
        + ([] if kept else ["--innodb-doublewrite=0", "--innodb-flush-method=nosync"])
        + ["--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"]
        + ["--local-infile=1", "--max-connections=200"]
    )
    _wait_for_port(port, process)
    return Server(f"mysql://root@127.0.0.1:{port}", process, None if kept else folder)


def start_postgres() -> Server:
    _driver("psycopg", "psycopg")
    if given := os.environ.get("POPFLIX_TEST_POSTGRES_URL"):
        return Server(given, None, None)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else "")
    if not initdb:
        raise Missing("PostgreSQL is not installed (apt-get install postgresql)")
    folder, port = _folder("postgres"), free_port()
    as_user: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = str(folder / "data")
    _quietly([*as_user, initdb, "-D", data, "-U", "popflix", "--auth=trust", "-E", "UTF8"])
    process = _spawn(
        [*as_user, str(Path(initdb).with_name("postgres")), "-D", data, "-p", str(port)]
        + ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        + ["-c", "fsync=off"]
    )
    _wait_for_port(port, process)
    _wait_until(lambda: _takes_postgres(port), process)
    return Server(f"postgres://popflix@127.0.0.1:{port}", process, folder)


def _takes_postgres(port: int) -> bool:
    """It listens before it has started, and refuses whoever comes meanwhile."""
    import psycopg

    try:
        psycopg.connect(f"postgresql://popflix@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def start_redis() -> Server:
    _driver("redis", "redis")
    if given := os.environ.get("POPFLIX_TEST_REDIS_URL"):
        return Server(given, None, None)
    daemon = _tool("redis-server", "redis-server")
    folder, port = _folder("redis"), free_port()
    process = _spawn(
        [daemon, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    )
    _wait_for_port(port, process)
    return Server(f"redis://127.0.0.1:{port}", process, folder)


STARTERS: dict[str, Callable[[], Server]] = {
    "mariadb": start_mariadb,
    "postgres": start_postgres,
    "redis": start_redis,
}


def _driver(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise Missing(f"the driver {package} is not installed (`make setup` says what it needs)")


def _tool(name: str, package: str) -> str:
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"{name} is not installed (apt-get install {package})")
    return path


def _folder(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"popflix-{name}-"))
    folder.chmod(0o755)
    return folder


def _quietly(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _wait_until(listens, process)


def _wait_until(
    is_ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 60
) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        if is_ready():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} is not ready after {seconds:g} s")
