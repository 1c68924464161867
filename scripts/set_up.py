"""Make .venv hold exactly what requirements/*.txt lock; quick and silent when it already does.

Run by every make target, with the standard library of any Python >= 3.11. A stamp in .venv
remembers what was installed from which requirement files, so that nothing is asked twice.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


class SetUpError(Exception):
    """One sentence of cause and one of cure."""


@dataclass(frozen=True)
class Driver:
    """An optional set of requirements, and what the machine must have to build it."""

    name: str
    brings: str
    missing_packages: Callable[[], list[str]]


def missing_to_build_mysqlclient() -> list[str]:
    """Debian's names of what mysqlclient, which has no wheels for Linux, is built with."""
    missing = [tool for tool in ("gcc", "pkg-config") if shutil.which(tool) is None]
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        missing.append("python3-dev")
    clients = ("libmariadb", "mariadb", "mysqlclient")
    if not any(_succeeds(["pkg-config", "--exists", client]) for client in clients):
        missing.append("libmariadb-dev")
    return missing


DRIVERS = (
    Driver("mysql", "MariaDB and MySQL", missing_to_build_mysqlclient),
    Driver("postgres", "PostgreSQL", list),
    Driver("redis", "Redis", list),
)


class Environment:
    """The virtual environment of one checkout and its stamp."""

    def __init__(
        self, root: Path, say: Callable[[str], object], drivers: Sequence[Driver] = DRIVERS
    ) -> None:
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._requirements = root / "requirements"
        self._stamp = self.folder / "popflix-set-up.json"
        self._say = say
        self._drivers = drivers

    def ensure(self, *more: str, retry_drivers: bool) -> None:
        """Raises SetUpError where the environment or a required package cannot be made."""
        if not self._works():
            self._create()
        done = self._read_stamp()
        self._ensure_required(done, "base.txt", "dev.txt")
        for file in more:
            self._ensure_required(done, file)
        for driver in self._drivers:
            self._ensure_driver(driver, done, retry=retry_drivers)
        self._stamp.write_text(json.dumps(done))

    def _install(self, *files: str) -> subprocess.CompletedProcess[str]:
        named = [part for file in files for part in ("-r", str(self._requirements / file))]
        return _run(
            [str(self.python), "-m", "pip", "install", "--quiet", "--no-input"]
            + ["--disable-pip-version-check", "--require-hashes", *named]
        )

    def _works(self) -> bool:
        check = f"import pip, sys; sys.exit(sys.version_info < {OLDEST!r})"
        return self.python.exists() and _succeeds([str(self.python), "-c", check])

    def _create(self) -> None:
        refuse_interpreter_without_venv()
        self._say(f"Creating {self.folder.name} with Python {sys.version.split()[0]} …")
        made = _run([sys.executable, "-m", "venv", "--clear", str(self.folder)])
        if made.returncode:
            raise SetUpError(f"The virtual environment cannot be created.\n{_told(made)}")

    def _ensure_required(self, done: dict[str, Any], *files: str) -> None:
        name, fingerprint = " ".join(files), self._fingerprint(*files)
        if done.get(name) == fingerprint:
            return
        self._say(f"Installing the locked packages of {name}, once …")
        tried = self._install(*files)
        if tried.returncode:
            raise SetUpError(
                f"The packages of {name} cannot be installed.\n{_told(tried)}\n"
                "Fix: check the network and the package index that pip is set to, then run "
                "the same command again."
            )
        done[name] = fingerprint

    def _ensure_driver(self, driver: Driver, done: dict[str, Any], *, retry: bool) -> None:
        """Install one optional set; what failed is tried again once its packages have changed."""
        file, fingerprint = f"{driver.name}.txt", self._fingerprint(f"{driver.name}.txt")
        if done.get(file) == fingerprint:
            return
        missing = driver.missing_packages()
        state = [fingerprint, *missing]
        if retry or done.get(file) != state:
            tried = self._install(file)
            done[file] = state if tried.returncode else fingerprint
            if tried.returncode:
                self._say(_without(driver, missing, tried))

    def _fingerprint(self, *files: str) -> str:
        read = b"".join((self._requirements / file).read_bytes() for file in files)
        return hashlib.sha256(read).hexdigest()

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}


def refuse_interpreter_without_venv() -> None:
    """Debian ships Python without `ensurepip`: name the package that brings it."""
    if not _succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetUpError(
            f"Python {version} lacks the venv module.\n"
            f"Fix: apt-get install python{version}-venv, or name another Python: "
            "make PYTHON=/path/to/python3"
        )


def _without(
    driver: Driver, missing: Sequence[str], tried: subprocess.CompletedProcess[str]
) -> str:
    if missing:
        names = " ".join(missing)
        return (
            f"Without {driver.brings}: {names} missing (apt-get install {names}, then make setup)."
        )
    reason = (_told(tried).splitlines() or ["pip gave no reason"])[-1]
    return f"Without {driver.brings}: pip failed ({reason}); try `make setup`."


def _told(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return _run(command).returncode == 0
    except FileNotFoundError:
        return False


def main(argv: Sequence[str]) -> int:
    """`--quietly`: say nothing where all is in place; names of further requirement files."""
    quietly, more = "--quietly" in argv, [part for part in argv if part != "--quietly"]
    try:
        Environment(ROOT, lambda line: sys.stderr.write(f"{line}\n")).ensure(
            *more, retry_drivers=not quietly
        )
    except SetUpError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    if not quietly:
        sys.stderr.write("Ready: .venv holds the locked packages. `make help` lists what next.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
