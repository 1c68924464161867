"""The demo works in its own folder, again and again, and never with the operator's settings."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from popflix.console.demo import DemoSite, DemoStepError, demo_environment
from popflix.lib.command import StopRequest
from tests.popflix.console.serving import SECONDS, processes_of, serving, wait_for
from tests.site import Site
from tests.test_project.test_commands_page import assert_told
from tests.test_project.test_configuration import variables_of_the_example

pytestmark = pytest.mark.measured

HARMLESS = {"ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "TIME_ZONE", "LOG_LEVEL"}
NO_SERVER = "mysql://root@127.0.0.1:1/operators_own"


def test_no_setting_of_the_operator_reaches_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables_of_the_example():
        monkeypatch.setenv(name, "the operator's")
    made = demo_environment(tmp_path, "http://127.0.0.1:1/3")
    assert {name for name, value in made.items() if value == "the operator's"} <= HARMLESS
    assert made["POPFLIX_DOTENV"] == os.devnull
    assert made["PATH"] == os.environ["PATH"]


def test_a_step_that_fails_is_named(tmp_path: Path) -> None:
    site = DemoSite(tmp_path, tmp_path, os.environ)  # a folder without manage.py
    with pytest.raises(DemoStepError, match="`import_imdb` ended with 2"):
        site.run("import_imdb", stop=StopRequest())


def test_a_dry_run_names_the_steps_and_makes_nothing(tmp_path: Path) -> None:
    told = Site(tmp_path).json("demo", "--dry-run")
    assert [step.split()[0] for step in told["steps"]] == [
        "reset", "import_imdb", "sync_tmdb", "crawl_movies", "check_availability",
        "load_shows", "reconcile_shows", "load_shows", "reconcile_shows", "demo",
    ]  # fmt: skip
    assert not (tmp_path / "var" / "demo").exists()


def test_there_is_nothing_to_serve_before_the_demo_ran(tmp_path: Path) -> None:
    assert "make demo" in Site(tmp_path).manage("serve", "--demo", expect=1).stderr


def test_the_demo_shows_enriched_titles_also_after_it_was_interrupted(tmp_path: Path) -> None:
    site = Site(tmp_path, NO_SERVER)
    interrupted = site.popen("demo")
    wait_for(lambda: any("reset" in command for _, command in processes_of(tmp_path)))
    interrupted.send_signal(signal.SIGINT)
    _, told = interrupted.communicate(timeout=SECONDS)
    assert interrupted.returncode == 130
    assert "Traceback" not in told
    assert list(processes_of(tmp_path)) == []

    done = site.manage("demo", "--json")
    shown = json.loads(done.stdout)
    assert shown["totals"]["success"] + shown["totals"]["failed"] == 60
    assert shown["totals"]["pending"] == 0
    assert_told("demo", shown)
    assert_told("import_imdb", shown["imported"])
    assert_told("sync_tmdb", shown["totals"])
    assert_told("crawl_movies", shown["movies"])
    assert (shown["movies"]["state"], shown["movies"]["percent"]) == ("done", 100.0)
    assert_told("check_availability", shown["availability"])
    assert f"{shown['availability']['checked']} checks, " in done.stderr
    assert shown["availability"]["checked"] >= 2 * shown["movies"]["fetched"]
    (titles,) = (each for each in shown["tables"] if each["title"] == "Some of the titles")
    assert any("ambiguous" in row[2] and row[4] for row in titles["rows"])
    assert "https://www.youtube.com/embed/" in done.stderr
    require_programme(shown, done.stderr)
    assert "make serve DEMO=1" in done.stderr.splitlines()[-1]

    with serving(site, "--demo") as served:
        served.read_until("Log in as operator")
        assert served.end(signal.SIGINT)[0] == 130
    assert list(processes_of(tmp_path)) == []


def require_programme(shown: dict[str, Any], said: str) -> None:
    """The feed was loaded twice, and what came of its changes is told with what waits and why."""
    first, second = shown["shows"]["reconciled"]
    assert_told("reconcile_shows", second)
    assert (first["inserted"], first["held"]) == (first["staged"], 0)
    assert second["inserted"] > 0
    assert second["held"] + second["missing_held"] > 0
    assert shown["shows"]["loaded"][1]["feeds"][0]["quarantined"] == 5
    assert "Changes of the programme, change set 2" in said
    assert re.search(r"normally|no shows|has none", said)
