"""What `make test` runs: SQLite, then MariaDB and a browser; skips listed last.

    SQLite    everything but the soak tier, side by side
    Rate      the tests marked `paced`: they count requests per second, so they run alone
    MariaDB   the tests marked `both_databases` again, with MariaDB as the default database
    Browser   the tests marked `browser`: a served site in headless Chromium

`make coverage` runs the first two measured, which makes them take more than twice as long
(2.5 times, of a part of them), and then asks for the floors: 95 % of all, and 100 % of the pure
modules. MariaDB's pass would add hardly a line.

All of them share one MariaDB server, and one migrated database of each kind to copy from. What
they write lies in memory where the machine has room there, for disks are slow to wait for. While
the server starts, the tests are compiled: else each process would do that for itself.

With arguments (`make test ARGS="-k words"`) one SQLite pass runs, on what they select.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.servers import Missing, start_mariadb

ROOT = Path(__file__).resolve().parent.parent
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_COVERAGE = ("--cov", "--cov-report=", "--cov-fail-under=0")  # the floor is for all together
_SQLITE = "not soak and not paced and not browser"
_RATE = "paced and not soak"
_MARIADB = "both_databases and not soak and not paced"
MEASURED, SOAK = "--measured", "--soak"
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 3 * 1024**3  # several times what a whole run writes


@dataclass(frozen=True)
class Pass:
    name: str
    exit_code: int
    summary: str  # pytest's last line
    skipped: list[str]


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_pass(name: str, arguments: Sequence[str], **variables: str) -> Pass:
    """Run pytest, its output as it comes; keep the lines that the end repeats."""
    shown = [each for each in arguments if not each.endswith(".py")]
    say(f"== {name}: pytest {' '.join(shown)}")
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, *colour],
        cwd=ROOT,
        env=_environment(variables),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    written = bytearray()
    while part := os.read(process.stdout.fileno(), 65536):
        written += part
        sys.stdout.buffer.write(part)
        sys.stdout.flush()
    lines = _COLOURS.sub("", written.decode(errors="replace")).splitlines()
    return Pass(
        name,
        process.wait(),
        next((line for line in reversed(lines) if line.startswith("==")), "no summary"),
        [line for line in lines if line.startswith("SKIPPED")],
    )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Compiled modules are kept: compiling all of them takes a process longer than its start."""
    kept = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    return kept | dict(variables)


@contextmanager
def compiling(variables: Mapping[str, str]) -> Iterator[None]:
    """The tests are compiled beside what the block does; what is wrong with them a pass tells."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq"],
        cwd=ROOT,
        env=_environment(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.wait()


@contextmanager
def workshop() -> Iterator[dict[str, str]]:
    """The variables that lead all passes to one folder for what they write, gone afterwards."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    with tempfile.TemporaryDirectory(
        prefix="popflix-tests-", dir=_MEMORY if has_room else None, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        shared = folder / "shared"
        shared.mkdir()
        yield {"TMPDIR": name, "POPFLIX_TEST_SHARED": str(shared)}


@contextmanager
def one_mariadb(folder: str) -> Iterator[tuple[dict[str, str], str]]:
    """The variables that lead to one server for all passes; else none, and the reason."""
    if importlib.util.find_spec("MySQLdb") is None:
        yield {}, "the driver mysqlclient is not installed (`make setup` says what it needs)"
        return
    tempfile.tempdir = folder
    try:
        server = start_mariadb()
    except Missing as missing:
        yield {}, str(missing)
        return
    try:
        yield {"POPFLIX_TEST_MARIADB_URL": server.url}, ""
    finally:
        server.stop()


@contextmanager
def one_server(variables: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """As `one_mariadb`; the tests are compiled meanwhile."""
    with ExitStack() as stack:
        with compiling(variables):
            told = stack.enter_context(one_mariadb(variables["TMPDIR"]))
        yield told


def pure_modules(pyproject: Path = ROOT / "pyproject.toml") -> list[str]:
    """The files that the import contract calls pure: one list for both rules."""
    contracts = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]["contracts"]
    named = [
        module
        for contract in contracts
        if contract["name"].startswith("Pure modules")
        for module in contract["source_modules"]
    ]
    patterns = [f"{module.replace('.', '/')}.py" for module in named]
    return [file for pattern in patterns for file in _files(pattern)]


def _files(pattern: str) -> list[str]:
    """Those of a room whose every module is pure, `room.*`; else the one that is named."""
    if "*" not in pattern:
        return [pattern]
    found = (path.relative_to(ROOT) for path in sorted(ROOT.glob(pattern)))
    return [str(path) for path in found if path.name != "__init__.py"]


def report_coverage() -> int:
    """Print both figures, and what falls short of a floor; 0 when nothing does."""
    whole = _judged("Coverage on SQLite")
    include = f"--include={','.join(pure_modules())}"
    pure = _judged(
        f"Coverage of the {len(pure_modules())} pure modules", include, "--fail-under=100"
    )
    return max(whole, pure)


def _judged(what: str, *arguments: str) -> int:
    report = [sys.executable, "-m", "coverage", "report", *arguments]
    total = _output([*report, "--format=total", "--precision=1"])
    told = _output(report)
    say(f"{what}: {total.stdout.strip()} %")
    if told.returncode:
        say(f"{told.stdout.strip()}\n{told.stderr.strip()}")
    return 1 if told.returncode else 0


def _output(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def run_all(*, is_measured: bool = False) -> int:
    """Every pass; measured, those that count for coverage, and then the floors."""
    with workshop() as variables, one_server(variables) as (server, without):
        passes = _on_sqlite({**variables, **server}, _COVERAGE if is_measured else ())
        if not is_measured:
            passes += _others({**variables, **server}, has_mariadb=not without)
    worst = max(each.exit_code for each in passes)
    if is_measured:
        worst = worst or report_coverage()
    if without and os.environ.get("POPFLIX_REQUIRE_SERVICES") == "1":
        say(f"Error: the MariaDB pass is required and cannot run: {without}")
        worst = worst or 1
    _tell(passes, without)
    return worst


def _beside() -> list[str]:
    """One more than cores: many tests wait for processes of their own."""
    return ["-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "worksteal"]


def _on_sqlite(variables: Mapping[str, str], measured: Sequence[str]) -> list[Pass]:
    paced = [*_files_with("paced"), "-m", _RATE]
    added = [*measured, "--cov-append"] if measured else []
    return [
        run_pass("SQLite", ["-m", _SQLITE, *measured, *_beside()], **variables),
        run_pass("Rate", [*paced, *added], **variables),
    ]


def _others(variables: Mapping[str, str], *, has_mariadb: bool) -> list[Pass]:
    passes = []
    if has_mariadb:
        on_mariadb = {**variables, "POPFLIX_TEST_DATABASE": "mariadb"}
        marked = [*_files_with("both_databases"), "-m", _MARIADB]
        passes.append(run_pass("MariaDB", [*marked, *_beside()], **on_mariadb))
    # A served site and a Chromium keep a core busy.
    in_groups = ["-n", str(min(os.cpu_count() or 1, 2) + 1), "--dist", "loadgroup"]
    browser = ["tests/browser", "-m", "browser and not soak", *in_groups]
    return [*passes, run_pass("Browser", browser, **variables)]


def _files_with(marker: str) -> list[str]:
    """Files of tests that write `mark.<marker>`: a pass need not import the others."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path.relative_to(ROOT)) for path in found if f"mark.{marker}" in path.read_text()]


def _tell(passes: Sequence[Pass], without: str) -> None:
    skipped = [f"{each.name}: {line}" for each in passes for line in each.skipped]
    if without:
        skipped.append(f"The MariaDB pass: {without}")
    if skipped:
        say("Skipped, and why:\n" + "\n".join(f"  {line}" for line in skipped))
    for each in passes:
        say(f"{each.name}: {each.summary}")


def run_soak(arguments: Sequence[str]) -> int:
    """The long campaigns, and the browser's apart: what it needs is in the way of the others."""
    if arguments:
        return run_pass("Soak", ["-m", "soak", *arguments]).exit_code
    passes = [
        run_pass("Soak", ["-m", "soak and not browser"]),
        run_pass("Browser", ["tests/browser", "-m", "soak and browser"]),
    ]
    _tell(passes, "")
    return max(each.exit_code for each in passes)


def main(arguments: Sequence[str]) -> int:
    try:
        if arguments and arguments[0] == SOAK:
            return run_soak(arguments[1:])
        if list(arguments) == [MEASURED]:
            return run_all(is_measured=True)
        if arguments:
            return run_pass("SQLite", ["-m", "not soak", *arguments]).exit_code
        return run_all()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
