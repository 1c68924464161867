"""dead_letters: list, retry, discard and export, with one exit code for each way to end."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from popflix.engine.deadletters.order import UNIT
from popflix.engine.grouping import error_group
from popflix.engine.models import Run, RunStatus
from popflix.lib.models import AuditEntry
from popflix.lib.people import os_user
from tests.popflix.engine.commands.conftest import Answer, Manage

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("units"),
]


@pytest.fixture
def letters() -> list[Run]:
    """Two runs of one group, and one of another."""
    return [failed("row 1 is odd"), failed("row 2 is odd"), failed("=broke\x1b", "greet")]


def failed(error: str, unit: str = "count-up") -> Run:
    now = dt.datetime.now(dt.UTC)
    return Run.objects.create(
        unit=unit, trigger="admin", status=RunStatus.ERROR, error=error, queued_at=now,
        finished_at=now, error_group=error_group(error),
    )  # fmt: skip


def groups(answer: Answer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["groups"]
    return found


def left() -> int:
    return Run.objects.filter(status=RunStatus.ERROR, dismissed_at=None).count()


def test_the_groups_are_listed_the_largest_first(manage: Manage, letters: list[Run]) -> None:
    answer = manage("dead_letters")
    assert answer.code == 0
    heading, first, second = answer.out.splitlines()
    assert heading.split()[:4] == ["group", "letters", "source", "unit"]
    assert first.split()[1:5] == ["2", "runs", "count-up", "error"]
    assert first.endswith("row <n> is odd")
    assert "\x1b" not in second
    assert groups(manage("dead_letters", "--json"))[0]["example"] == "row 2 is odd"


def test_nothing_is_said_to_be_there_where_nothing_is(manage: Manage) -> None:
    assert manage("dead_letters").out == "No dead letters.\n"


@pytest.mark.usefixtures("letters")
def test_filters_narrow_the_list(manage: Manage) -> None:
    (found,) = groups(manage("dead_letters", "--unit", "greet", "--json"))
    assert found["count"] == 1
    assert groups(manage("dead_letters", "--kind", "lost", "--json")) == []
    assert groups(manage("dead_letters", "--source", "notifications", "--json")) == []
    (same,) = groups(manage("dead_letters", "--group", found["group"], "--json"))
    assert same == found
    unknown = manage("dead_letters", "--group", "nothing")
    assert unknown.code == 1
    assert "no group nothing" in unknown.err


def test_a_group_is_retried_here(manage: Manage, letters: list[Run]) -> None:
    found = groups(manage("dead_letters", "--unit", "count-up", "--json"))[0]
    answer = manage("dead_letters", "--group", found["group"], "--retry", "--json")
    told = answer.json()
    assert (answer.code, told["status"], told["result"]["retried"]) == (0, "completed", 2)
    run = Run.objects.get(unit=UNIT)
    assert run.params["by"] == os_user()
    assert set(Run.objects.filter(trigger="retry").values_list("retry_of", flat=True)) == {
        letters[0].pk, letters[1].pk,
    }  # fmt: skip
    assert left() == 1


def test_one_letter_is_retried(manage: Manage, letters: list[Run]) -> None:
    key = str(letters[2].pk)
    assert manage("dead_letters", "--retry", "--letter", key).code == 0
    again = manage("dead_letters", "--retry", "--letter", key)
    assert again.code == 1
    assert f"{key} is no dead letter of runs" in again.err
    assert not Run.objects.filter(unit=UNIT, status=RunStatus.ERROR).exists()  # no letter itself


def test_a_stopped_sample_needs_a_person(manage: Manage) -> None:
    for _ in range(20):
        failed("row 1 is odd", "gone")  # of a unit that nobody knows any more
    answer = manage("dead_letters", "--retry", "--sampled")
    assert answer.code == 3
    assert "0 of 20 put back" in answer.out
    assert "stopped: too few of the sample passed" in answer.out
    assert left() == 20


@pytest.mark.usefixtures("letters")
def test_a_retry_can_be_left_to_the_workers(manage: Manage) -> None:
    arguments = ("--retry", "--sampled", "--per-minute", "7", "--enqueue")
    answer = manage("dead_letters", *arguments, "--json")
    run = Run.objects.get(unit=UNIT)
    assert (answer.code, answer.json()["run"], run.status) == (0, run.pk, RunStatus.QUEUED)
    assert (run.params["mode"], run.params["per_minute"]) == ("sampled", 7)
    assert left() == 3


@pytest.mark.usefixtures("letters")
def test_discarding_is_audited_in_the_name_of_who_asked(manage: Manage) -> None:
    refused = manage("dead_letters", "--discard")
    assert refused.code == 1
    assert "reason" in refused.err
    words = ("--unit", "count-up", "--discard", "--why", "a known bug", "--by", "anna")
    assert manage("dead_letters", *words, "--json").json() == {"discarded": 2}
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.why, entry.count) == ("anna", "a known bug", 2)
    assert left() == 1


@pytest.mark.usefixtures("letters")
def test_letters_are_exported(manage: Manage, tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    answer = manage("dead_letters", "--export", str(path), "--json")
    assert answer.json() == {"exported": 3, "file": str(path)}
    with path.open(newline="") as file:
        errors = {row["error"] for row in csv.DictReader(file)}
    assert "'=broke\x1b" in errors
    lines = tmp_path / "letters.jsonl"
    manage("dead_letters", "--export", str(lines))
    assert json.loads(lines.read_text().splitlines()[0])["unit"] in ("count-up", "greet")


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    "words", [("--retry",), ("--discard", "--why", "x"), ("--export", "letters.csv"), ()]
)
def test_a_rehearsal_changes_nothing(manage: Manage, words: tuple[str, ...]) -> None:
    answer = manage("dead_letters", *words, "--dry-run", "--json")
    assert answer.code == 0
    assert answer.json()["letters"] == 3
    assert left() == 3
    assert Run.objects.count() == 3
    assert not Path("letters.csv").exists()
    assert "manage.py" not in manage("dead_letters", *words, "--dry-run").out


@pytest.mark.parametrize(
    "words",
    [
        ("--retry", "--discard", "--why", "x"),
        ("--retry", "--export", "letters.csv"),
        ("--sampled",),
        ("--enqueue",),
        ("--per-minute", "7"),
        ("--letter", "7"),
        ("--retry", "--letter", "7", "--sampled"),
        ("--export", "letters.txt"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(manage: Manage, words: tuple[str, ...]) -> None:
    assert manage("dead_letters", *words).code == 2


def test_an_unknown_source_is_told_with_the_known_ones(manage: Manage) -> None:
    answer = manage("dead_letters", "--source", "letters")
    assert answer.code == 1
    assert "notifications, runs" in answer.err
