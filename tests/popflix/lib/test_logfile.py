"""One file, many processes: no line lost, none mixed, rotation once."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from popflix.lib.logfile import SharedRotatingHandler
from tests.site import ROOT


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "", 1, message, (), None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "popflix.log"


def test_folder_and_file_are_made_with_the_first_line(path: Path) -> None:
    handler = SharedRotatingHandler(path)
    assert not path.parent.exists()
    handler.handle(record("Grüße \ud800"))
    handler.close()
    assert path.read_text() == "Grüße \\ud800\n"
    assert path.stat().st_mode & 0o007 == 0


def test_a_full_file_moves_aside_and_the_oldest_goes(path: Path) -> None:
    handler = SharedRotatingHandler(path, max_bytes=20, backups=2)
    for number in range(8):
        handler.handle(record(f"line {number}.."))
    handler.close()
    files = sorted(each.name for each in path.parent.iterdir())
    assert files == ["popflix.log", "popflix.log.1", "popflix.log.2", "popflix.log.lock"]
    kept = [Path(f"{path}{suffix}").read_text() for suffix in (".2", ".1", "")]
    assert "".join(kept).splitlines() == [f"line {number}.." for number in range(2, 8)]


def test_a_line_longer_than_the_file_may_be_is_written_all_the_same(path: Path) -> None:
    handler = SharedRotatingHandler(path, max_bytes=5)
    handler.handle(record("much longer"))
    handler.close()
    assert path.read_text() == "much longer\n"


def test_a_file_that_another_process_moved_is_followed(path: Path) -> None:
    handler = SharedRotatingHandler(path)
    handler.handle(record("before"))
    path.rename(f"{path}.1")
    handler.handle(record("after"))
    handler.close()
    assert path.read_text() == "after\n"


def test_of_two_that_find_the_file_full_one_rotates(path: Path) -> None:
    first, second = (SharedRotatingHandler(path, max_bytes=20) for _ in range(2))
    first.handle(record("0123456789"))
    first._rotate(100)
    first.handle(record("new"))
    second._rotate(10)
    first.close()
    assert path.read_text() == "new\n"


def test_a_file_that_cannot_be_written_is_told_once(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.write_text("a file where the folder should be")
    handler = SharedRotatingHandler(path)
    handler.handle(record("one"))
    handler.handle(record("two"))
    handler.close()
    told = capsys.readouterr().err
    assert told.count("cannot be written") == 1
    assert str(path) in told


def test_a_record_that_cannot_be_formatted_is_logging_s_own_affair(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = SharedRotatingHandler(path)
    handler.handle(logging.LogRecord("x", 20, "", 1, "%d", ("no number",), None))
    handler.handle(record("next"))
    handler.close()
    assert "Logging error" in capsys.readouterr().err
    assert path.read_text() == "next\n"


WRITER = """
import logging, sys
from pathlib import Path
from popflix.lib.logfile import SharedRotatingHandler
handler = SharedRotatingHandler(Path(sys.argv[1]), max_bytes=20_000, backups=50)
for number in range(1000):
    line = f"{sys.argv[2]} {number:04d} " + "x" * 60
    handler.handle(logging.LogRecord("x", 20, "", 1, line, (), None))
"""


def test_three_processes_lose_and_mix_no_line_while_the_file_rotates(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=ROOT)
        for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    files = [each for each in path.parent.iterdir() if not each.name.endswith(".lock")]
    lines = [line for each in files for line in each.read_text().splitlines()]
    expected = [f"{name} {number:04d} {'x' * 60}" for name in "abc" for number in range(1000)]
    assert sorted(lines) == expected
    assert len(files) > 5
