"""The sandbox as a process: `running()`, `python -m popflix.sandbox` and `manage.py sandbox`."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from popflix.sandbox import Sandbox, SandboxError, running
from popflix.sandbox.main import main
from tests.site import ROOT, Site

pytestmark = pytest.mark.measured

MODULE = [sys.executable, "-m", "popflix.sandbox"]
TOKEN = "planted-token-of-a-test"


def get(sandbox: Sandbox, path: str, token: str = TOKEN) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def command_line(pid: int) -> str:
    cmdline = Path(f"/proc/{pid}/cmdline")
    if cmdline.exists():
        return cmdline.read_text().replace("\0", " ")
    shown = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(shown, capture_output=True, text=True, check=True).stdout


@contextmanager
def started(command: list[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_sandbox_runs_for_the_length_of_the_block(tmp_path: Path) -> None:
    with running(titles=30, seed=4) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{sandbox.port}/3"
        assert get(sandbox, "/3/movie/550") == 404
        assert sandbox.report()["requests"] == 1
        sandbox.reset()
        assert sandbox.report()["requests"] == 0
        expected = sandbox.expected()
        file = sandbox.imdb_tsv(tmp_path / "title.basics.tsv")
        rows = file.read_text("utf-8").splitlines()[1:]
        assert [row.split("\t")[0] for row in rows] == list(expected)
        assert len(expected) == 30
    assert not is_listening(sandbox.port)


def test_its_child_is_gone_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), running(titles=1) as sandbox:
        raise ZeroDivisionError
    assert not is_listening(sandbox.port)


def test_its_child_is_gone_when_its_parent_is_killed() -> None:
    script = (
        "import time; from popflix.sandbox import running\n"
        "with running(titles=1) as s: print(s.port, flush=True); time.sleep(60)"
    )
    with started([sys.executable, "-c", script]) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert is_listening(port)
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 20
        while is_listening(port):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_child_that_does_not_listen_any_more_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("popflix.sandbox.client._STOP_SECONDS", 0.05)
    with running(titles=1) as sandbox:
        os.kill(sandbox.pid, signal.SIGSTOP)
        assert sandbox.stop() == -signal.SIGKILL


def test_every_option_reaches_the_child(tmp_path: Path) -> None:
    (tmp_path / "movie_7.json").write_text("{}")
    with running(
        data=tmp_path, retry_after=3, faults={"429": 1.0}, fault_limit=2, hard_limit=50,
        no_direct=True, read_token=TOKEN, api_key="k", latency_ms=1, slow_ms=1,
    ) as sandbox:  # fmt: skip
        assert [get(sandbox, "/3/movie/7") for _ in range(3)] == [429, 429, 200]
        assert get(sandbox, "/3/movie/7", token="another") == 401


def test_it_serves_films_to_crawl_and_says_what_is_right_of_them() -> None:
    with running(titles=1, movies=100, discover_cap=2, drift=0.1, export_hour=24) as sandbox:
        films, series = sandbox.expected_movies(), sandbox.expected_movies("tv")
        assert (len(films), len(series)) == (100, 20)
        live = next(number for number, film in films.items() if film["state"] == "live")
        assert get(sandbox, f"/3/movie/{live}") == 200
        assert get(sandbox, "/3/discover/movie?page=3") == 400
        today = f"{dt.datetime.now(dt.UTC):%m_%d_%Y}"
        folder = sandbox.exports_url.removeprefix(f"http://127.0.0.1:{sandbox.port}")
        assert get(sandbox, f"{folder}movie_ids_{today}.json.gz") == 403
        sandbox.set_movies(revision=2)
        assert sandbox.expected_movies() != films
        with pytest.raises(SandboxError, match="revision=N"):
            sandbox.set_movies(revision=0)
        assert sandbox.report()["by_title"][f"movie/{live}"] == 1


def test_the_keys_are_not_in_the_process_list() -> None:
    with running(titles=1, read_token=TOKEN, api_key="planted-key") as sandbox:
        assert "popflix.sandbox" in command_line(sandbox.pid)
        assert "planted" not in command_line(sandbox.pid)


def test_no_query_and_no_key_shows_in_anything_it_says() -> None:
    with running(titles=30, read_token=TOKEN, verbose=True) as sandbox:
        get(sandbox, "/3/movie/tt99000002?api_key=planted-key&append_to_response=videos")
        get(sandbox, "/3/configuration?api_key=planted-key", token="planted-other")
        assert sandbox.stop() == 0
        said = sandbox.said()
    assert "GET /3/movie/tt99000002 200" in said
    assert "GET /3/configuration 401" in said
    assert "planted" not in said
    assert "?" not in said


def test_without_verbose_it_says_only_how_it_ended() -> None:
    with running(titles=30) as sandbox:
        get(sandbox, "/3/movie/tt99000002")
        assert sandbox.stop() == 0
        assert sandbox.said() == "Stopped: 1 requests (1 x 200); worst sliding second 1.\n"
        with pytest.raises(SandboxError, match="does not answer"):
            sandbox.report()


def test_a_sandbox_that_cannot_start_says_why() -> None:
    with pytest.raises(SandboxError, match="no such fault"), running(faults="teapot=1"):
        raise AssertionError("it must not run")


def test_two_runs_of_one_seed_meet_the_same_faults() -> None:
    def statuses() -> list[int]:
        with running(titles=30, faults="429=0.3,500=0.3") as sandbox:
            return [get(sandbox, f"/3/movie/tt99{n:06d}") for n in range(1, 31)]

    first = statuses()
    assert {200, 429, 500} <= set(first)
    assert statuses() == first


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_worst_second_and_code_0(number: signal.Signals) -> None:
    with started([*MODULE, "--port=0", "--titles=3"]) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        assert address == {"url": f"http://127.0.0.1:{address['port']}/3", "port": address["port"]}
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
    assert out == ""
    assert err == "Stopped: 0 requests; worst sliding second 0.\n"


def test_a_port_in_use_is_one_sentence_and_a_cure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started([*MODULE, f"--port={port}"]) as process:
            out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith(f"Error: port {port} of 127.0.0.1 cannot be used (")
    assert err.endswith("Fix: choose another with --port, or --port 0 for any free one.\n")


BAD_USE = [
    ("--faults=429=0.1,teapot=0.2", "'teapot=0.2': no such fault; known are 429, 500"),
    ("--faults=429=lots", "'429=lots': write a share"),
    ("--latency-ms=-5", "'-5' is not a number from 0"),
    ("--latency-ms=nan", "'nan' is not a number"),
    ("--latency-ms=fast", "'fast' is not a number"),
    ("--titles=0", "'0' is not a whole number from 1"),
    ("--titles=1.5", "'1.5' is not a whole number"),
    ("--port=70000", "'70000' is not a whole number from 0 to 65535"),
    ("--retry-after=soon", "'soon' is not a whole number"),
    ("--data=no/such/folder", "'no/such/folder' is not a folder"),
]


@pytest.mark.parametrize(("argument", "told"), BAD_USE)
def test_a_bad_option_is_named_and_ends_with_code_2(
    argument: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([argument])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert argument.split("=")[0] in said
    assert told in said


def test_recordings_that_answer_nothing_are_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "genres.json").write_text("{}")
    with running(data=tmp_path) as sandbox:
        assert "Not served, their names tell no request: genres.json" in sandbox.said()


@pytest.fixture
def site_without_database(tmp_path: Path) -> Site:
    return Site(tmp_path, "mysql://nobody@127.0.0.1:9/none")


def test_the_command_serves_without_a_database(site_without_database: Site) -> None:
    with site_without_database.popen("sandbox", "--port=0", "--titles=7") as process:
        try:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(4)]
            root = told[1].split("TMDB_BASE_URL=")[1].split("/3 ")[0]
            with_token = {"Authorization": "Bearer any-word"}
            connection = http.client.HTTPConnection(root.removeprefix("http://"), timeout=10)
            connection.request("GET", "/3/configuration", headers=with_token)
            assert connection.getresponse().status == 200
            connection.close()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert told[0] == (
        f"A stand-in TMDB serves 7 invented titles (seed 1) at {root}/3 (Ctrl-C ends it).\n"
    )
    assert err == "Stopped: 1 requests (1 x 200); worst sliding second 1.\n"


def test_the_command_prints_one_json_object_when_asked(site_without_database: Site) -> None:
    with site_without_database.popen("sandbox", "--json", "--port=0") as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())
            process.terminate()
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert address["url"] == f"http://127.0.0.1:{address['port']}/3"
    assert (process.returncode, out) == (0, "")


def test_the_command_names_a_bad_option_and_ends_with_code_2(site_without_database: Site) -> None:
    ended = site_without_database.manage("sandbox", "--faults=teapot=1", expect=2)
    assert "argument --faults: 'teapot=1': no such fault" in ended.stderr


def test_the_command_says_when_its_port_is_taken(site_without_database: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = site_without_database.manage(
            "sandbox", f"--port={taken.getsockname()[1]}", expect=1
        )
    assert "cannot be used" in ended.stderr
