"""The two files that start everything: Makefile and .ci/run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.site import ROOT

TARGETS = {
    "setup", "demo", "test", "coverage", "soak", "bench", "check", "screenshots", "serve", "reset",
    "help",
}  # fmt: skip


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | variables
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    lines = [line.split(maxsplit=2) for line in make().stdout.splitlines()]
    assert {line[1] for line in lines} == TARGETS
    assert all(len(line) == 3 for line in lines)


@pytest.mark.parametrize("target", sorted(TARGETS - {"help"}))
def test_every_target_does_its_own_set_up_first(target: str) -> None:
    first = make("-n", target, PYTHON="some-python").stdout.splitlines()[0]
    assert "some-python scripts/set_up.py" in first


def test_a_machine_without_a_new_enough_python_is_told_what_to_install(tmp_path: Path) -> None:
    for tool in ("make", "sh"):
        found = next(Path(part, tool) for part in os.get_exec_path() if Path(part, tool).exists())
        (tmp_path / tool).symlink_to(found)
    done = make("demo", PATH=str(tmp_path))
    assert done.returncode == 2
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_serve_passes_address_and_demo_on() -> None:
    command = make("-n", "serve", "PORT=81", "BIND=0.0.0.0", "DEMO=1", PYTHON="python").stdout
    assert "--port 81 --bind 0.0.0.0" in command
    assert "--demo" in command


def test_ci_runs_the_commands_of_the_readme_with_every_service() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert "\nmake check\nPOPFLIX_REQUIRE_SERVICES=1 make test\n" in text
    subprocess.run(["bash", "-n", str(script)], check=True)
