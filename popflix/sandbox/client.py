"""Start a sandbox in a child process and talk to it: what tests, the demo and benchmarks use."""

from __future__ import annotations

import http.client
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from popflix.sandbox.options import API_KEY_VARIABLE, READ_TOKEN_VARIABLE
from popflix.sandbox.provider_client import ProviderClient

_ROOT = Path(__file__).resolve().parent.parent.parent
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class SandboxError(Exception):
    """The sandbox did not start or does not answer; the text holds what it said."""


class Sandbox:
    """A running sandbox. `url` is what TMDB_BASE_URL takes: http://127.0.0.1:PORT/3."""

    def __init__(self, url: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url = url
        self.port = port
        self.pid = process.pid
        self._process = process
        self._log = log

    def report(self) -> dict[str, Any]:
        """Counts so far: requests, worst_second, most_connections, by_status, by_title,
        answered_by_title (true answers alone, late ones too) and faults."""
        return dict(json.loads(self._ask("GET", "report")))

    def expected(self) -> dict[str, dict[str, Any]]:
        """By tconst: status, kind, media_type, tmdb_id, poster_url, trailer_embed_url, …"""
        return dict(json.loads(self._ask("GET", "expected")))

    def imdb_tsv(self, path: Path) -> Path:
        """Write title.basics.tsv of its titles to `path` and return it."""
        path.write_bytes(self._ask("GET", "title.basics.tsv"))
        return path

    @property
    def shows_url(self) -> str:
        """The feed of shows; `?edition=2&faults=html` asks for another one than is set."""
        return f"http://127.0.0.1:{self.port}/shows.json"

    def set_shows(self, *, edition: int | None = None, faults: str | None = None) -> None:
        """What the feed of shows gives from now on where its address does not say."""
        given = {"edition": edition, "faults": faults}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        told = json.loads(self._ask("POST", f"shows?{query}"))
        if "edition" not in told:
            raise SandboxError(str(told.get("message", told)))

    @property
    def exports_url(self) -> str:
        """The folder of the daily files of ids: movie_ids_MM_DD_YYYY.json.gz and others."""
        return f"http://127.0.0.1:{self.port}/p/exports/"

    def expected_movies(self, media_type: str = "movie") -> dict[int, dict[str, Any]]:
        """By TMDB's id: state (live, unlisted, gone, merged, broken), in_export, in_discover,
        merged_into, title, date ("" or None where unknown), imdb_id, cast_ids, …"""
        lines = self._ask("GET", f"movies?media_type={media_type}").splitlines()
        return {film["id"]: film for film in map(json.loads, lines)}

    def set_movies(self, *, revision: int) -> None:
        """Change one film in forty with each revision; today's changes tell which."""
        told = json.loads(self._ask("POST", f"movies?revision={revision}"))
        if "revision" not in told:
            raise SandboxError(told["status_message"])

    @property
    def provider(self) -> ProviderClient:
        """The provider at /embed/: where it is, how it behaves, what it has."""
        return ProviderClient(f"http://127.0.0.1:{self.port}", self._ask)

    def reset(self) -> None:
        """Clear the counts and begin the faults anew."""
        self._ask("POST", "reset")

    def said(self) -> str:
        """What it has written to stderr so far."""
        return self._log.read_text("utf-8", "replace")

    def stop(self) -> int:
        """End it as Ctrl-C would and return its exit code; harmless when it has ended."""
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _ask(self, method: str, name: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, f"/__sandbox__/{name}")
            return connection.getresponse().read()
        except OSError as error:
            raise SandboxError(f"The sandbox does not answer ({error}). {self.said()}") from None
        finally:
            connection.close()


@contextmanager
def running(
    *,
    port: int = 0,
    titles: int = 300,
    seed: int = 1,
    no_direct: bool = False,
    data: Path | None = None,
    latency_ms: float = 0,
    faults: str | Mapping[str, float] = "",
    fault_limit: int = 3,
    slow_ms: float = 3000,
    retry_after: int | None = None,
    hard_limit: int = 0,
    cinemas: int = 8,
    shows: int = 500,
    edition: int = 1,
    show_faults: str = "",
    movies: int = 0,
    discover_cap: int = 500,
    drift: float = 0,
    export_hour: int = 0,
    broken_movies: int = 0,
    provider: str = "honest",
    provider_latency_ms: float = 0,
    api_key: str = "",
    read_token: str = "",
    verbose: bool = False,
) -> Iterator[Sandbox]:
    """A sandbox for the length of a `with` block; it ends with the block, or with its parent.

    `faults` is "429=0.05,slow=0.01" or the same as a mapping; the other options are those of
    `python -m popflix.sandbox --help`. The keys travel in the environment, unseen by `ps`.
    Raises SandboxError with what the sandbox said when it does not start.
    """
    spec = faults if isinstance(faults, str) else ",".join(f"{k}={v}" for k, v in faults.items())
    command = [
        sys.executable, "-m", "popflix.sandbox", "--until-stdin-closes",
        f"--port={port}", f"--titles={titles}", f"--seed={seed}",
        f"--latency-ms={latency_ms}", f"--slow-ms={slow_ms}", f"--faults={spec}",
        f"--fault-limit={fault_limit}", f"--hard-limit={hard_limit}",
        f"--cinemas={cinemas}", f"--shows={shows}", f"--edition={edition}",
        f"--show-faults={show_faults}",
        f"--movies={movies}", f"--discover-cap={discover_cap}", f"--drift={drift}",
        f"--export-hour={export_hour}", f"--broken-movies={broken_movies}",
        f"--provider={provider}", f"--provider-latency-ms={provider_latency_ms}",
        *_optional(no_direct, verbose, data, retry_after),
    ]  # fmt: skip
    with _child(command, {API_KEY_VARIABLE: api_key, READ_TOKEN_VARIABLE: read_token}) as sandbox:
        yield sandbox


def _optional(
    no_direct: bool, verbose: bool, data: Path | None, retry_after: int | None
) -> list[str]:
    """The options that are given only where they say something."""
    flags = [("--no-direct", no_direct), ("--verbose", verbose)]
    values = [("--data", data), ("--retry-after", retry_after)]
    return [name for name, is_set in flags if is_set] + [
        f"{name}={value}" for name, value in values if value is not None
    ]


@contextmanager
def _child(command: list[str], keys: Mapping[str, str]) -> Iterator[Sandbox]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | keys | {"PYTHONPATH": path}
    with (
        tempfile.NamedTemporaryFile(prefix="sandbox-", suffix=".log") as log,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        sandbox: Sandbox | None = None
        try:
            sandbox = _wait_for_address(process, Path(log.name))
            yield sandbox
        finally:
            if sandbox:
                sandbox.stop()
            else:
                process.kill()


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> Sandbox:
    out: IO[bytes] | None = process.stdout
    assert out is not None  # stdout=PIPE
    ready, _, _ = select.select([out], [], [], _START_SECONDS)
    line = out.readline() if ready else b""
    if not line:
        raise SandboxError(f"The sandbox did not start. {log.read_text('utf-8', 'replace')}")
    address = json.loads(line)
    return Sandbox(address["url"], address["port"], process, log)
