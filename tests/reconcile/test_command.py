"""`manage.py reconcile_shows`: its lines, its exit codes, its options."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from popflix.engine.models import Run
from popflix.engine.registry import registry
from popflix.lib.errors import ConfigurationError, OperatorError, UsageError
from reconcile.changes.judging.wish import auto_kinds, clean_params
from reconcile.changes.models import ChangeSet
from reconcile.changes.types import ChangeKind
from reconcile.shows.models import MasterShow
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import in_master, learn, load
from tests.test_project.test_commands_page import assert_told

pytestmark = pytest.mark.django_db(transaction=True)
DAY = [show(f"{10 + n}:00", f"AUDI {n}", movie_id=f"F{n}", title=f"Film {n}") for n in range(12)]
NOW = ("--now", "2026-01-01T00:00:00Z")


def run(*options: str, exit_code: int = 0) -> list[str]:
    """The lines of the command on stdout."""
    out = io.StringIO()
    try:
        call_command("reconcile_shows", *NOW, *options, stdout=out, stderr=io.StringIO())
        ended = 0
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code, out.getvalue()
    return out.getvalue().splitlines()


def as_json(*options: str, exit_code: int = 0) -> dict[str, Any]:
    return dict(json.loads(run("--json", *options, exit_code=exit_code)[-1]))


def test_it_says_what_was_promised_word_for_word() -> None:
    in_master(DAY[:8])
    load([replace(DAY[0], title="New"), *DAY[1:]])
    assert run() == [
        "Reconciling SyncShow → MasterShow...",
        "Done. Inserted: 4, Updated: 1, Unchanged: 7",
        "Moved: 0, Missing: 0, Revived: 0, Held: 0, Stale: 0, Locked: 0, Rejected: 0, "
        "Quarantined: 0",
    ]


def test_what_is_held_is_told_with_its_reason_and_ends_three() -> None:
    in_master(DAY)
    load([replace(row, title="X") for row in DAY])
    lines = run(exit_code=3)
    assert lines[2].startswith("Moved: 0, Missing: 0, Revived: 0, Held: 12,")
    assert lines[3] == (
        "Waits for a person: 12 of Cinema 3, Saturday: 12 of 12 shows on Saturday would change "
        "or move, 100 %; up to 50 % pass while only 0 of 5 loads are known."
    )
    assert lines[4] == "The admin shows each change, to approve or to reject."


def test_removals_that_are_held_end_three_too() -> None:
    in_master(DAY)
    load([replace(DAY[0], cinema_id=4)])
    learn("city", [3], {})
    assert "Held: 0" in run(exit_code=3)[2]
    assert as_json(exit_code=3)["missing_held"] == 12


def test_a_dry_run_counts_the_same_and_writes_nothing() -> None:
    in_master(DAY[:8])
    load([replace(DAY[0], title="New"), *DAY[1:]])
    with CaptureQueriesContext(connection) as queries:
        tried = run("--dry-run")
    writing = ("INSERT", "UPDATE", "DELETE", "BEGIN", "SAVEPOINT")
    assert not [each["sql"] for each in queries if each["sql"].startswith(writing)]
    assert tried[-1] == "Dry run: nothing was written."
    assert not ChangeSet.objects.exists()
    assert not Run.objects.exists()
    assert tried[:-1] == run()


def test_every_key_that_is_printed_is_told_in_the_docs() -> None:
    in_master(DAY)
    load([replace(row, title="X") for row in DAY])
    told = as_json(exit_code=3)
    assert_told("reconcile_shows", told)
    assert_told("reconcile_shows", told["holds"][0])
    assert_told("reconcile_shows", told["sources"]["city"])


def test_review_and_force_are_options() -> None:
    in_master(DAY)
    load([replace(row, title="X") for row in DAY])
    assert as_json("--review", exit_code=3)["held"] == 12
    told = as_json("--force", "--why", "they were renamed")
    assert (told["updated"], told["held"], told["holds"]) == (12, 0, [])


def test_source_and_cinema_narrow_it() -> None:
    load(DAY)
    load([replace(row, cinema_id=4) for row in DAY[:2]])
    load([replace(row, cinema_id=9) for row in DAY[:3]], source="other")
    assert as_json("--source", "other")["inserted"] == 3
    assert as_json("--cinema", "4", "--cinema", "9")["inserted"] == 2
    assert as_json("--batch-size", "1")["unchanged"] == 5
    assert MasterShow.objects.count() == 5


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"force": True}, "--force has no reason."),
        ({"why": "so"}, "--why goes with --force."),
        ({"now": "yesterday"}, "--now is yesterday."),
        ({"batch_size": 0}, "--batch-size is 0."),
        ({"batch_size": True}, "--batch-size is True."),
        ({"sources": ["nowhere"]}, "No feed nowhere is loaded. Loaded are: none."),
        ({"cinemas": [77]}, "No feed knows a cinema 77."),
        ({"cinemas": ["x"]}, "cinemas names x."),
        ({"review": "yes"}, "review is yes."),
        ({"colour": 1}, "There is no parameter colour. Known are review, sources,"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, Any], told: str) -> None:
    with pytest.raises(OperatorError) as raised:
        clean_params(params)
    assert str(raised.value).startswith(told)


def test_parameters_have_one_stored_form() -> None:
    load(DAY)
    stored = clean_params({"now": "2026-01-28T10:00:00+05:30", "sources": "city", "cinemas": 3})
    assert (stored["now"], stored["sources"], stored["cinemas"]) == (
        "2026-01-28T04:30:00+00:00", ["city"], [3],
    )  # fmt: skip
    assert clean_params(stored) == stored
    with pytest.raises(UsageError):
        clean_params({**stored, "force": True})


def test_the_setting_of_kinds_is_checked(settings: Settings) -> None:
    assert auto_kinds(["none"]) == frozenset()
    assert auto_kinds(["insert", "move"]) == {ChangeKind.INSERT, ChangeKind.MOVE}
    settings.POPFLIX_AUTO_APPLY = ("insert", "upsert")
    load(DAY)
    with pytest.raises(ConfigurationError, match="POPFLIX_AUTO_APPLY names upsert"):
        run("--dry-run")


def test_load_and_reconcile_are_one_process() -> None:
    process = registry.get("shows")
    assert list(process.workers) == ["load-shows", "reconcile-shows", "check-programme"]
    assert process.mode == "sequential"
    assert process.timetable is not None
    assert process.timetable.every_seconds == 1800
    assert process.ready() == "POPFLIX_FEEDS names no feed."
