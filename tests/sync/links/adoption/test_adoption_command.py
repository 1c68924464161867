"""`manage.py adopt` tells what it sees, touches nothing under --check, and migrates else."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.site import Site
from tests.sync.links.adoption.scratch import TITLE_BASICS, TITLES, Scratch

MISFIT = "CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY, title_type TEXT)"
FIT = "CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY, titleType TEXT)"


def adopt(database: Scratch, *options: str) -> tuple[str, str, int]:
    """Return stdout, stderr and the exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("adopt", *options, database=database.alias, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return out.getvalue(), err.getvalue(), code


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_check_tells_what_would_be_added_and_touches_nothing(sqlite: Scratch, option: str) -> None:
    sqlite.run(FIT)
    before = sqlite.everything()
    out, _, code = adopt(sqlite, option)
    assert code == 0
    assert "TitleBasics: fits, will get the columns it lacks: primaryTitle, " in out
    assert 'ALTER TABLE "TitleBasics" ADD COLUMN "endYear" smallint NULL;' in out
    assert "MediaLinks: absent, will be created" in out
    assert sqlite.everything() == before


def test_check_of_a_misfit_prints_the_sql_and_ends_3(sqlite: Scratch) -> None:
    sqlite.run(MISFIT)
    out, _, code = adopt(sqlite, "--check")
    assert code == 3
    assert "TitleBasics: there, but does not fit" in out
    assert "it has title_type in place of titleType. Mend it first, with:" in out
    assert 'ALTER TABLE "TitleBasics" RENAME COLUMN "title_type" TO "titleType";' in out


def test_a_misfit_is_not_migrated(sqlite: Scratch) -> None:
    sqlite.run(MISFIT)
    before = sqlite.everything()
    out, _, code = adopt(sqlite)
    assert code == 3
    assert out.endswith("Nothing was touched. Run the SQL above, then this command again.\n")
    assert sqlite.everything() == before


def test_what_fits_is_adopted_and_then_fits_with_nothing_to_do(sqlite: Scratch) -> None:
    sqlite.run(FIT)
    assert adopt(sqlite, "-v0")[2] == 0
    assert {"MediaLinks", "sync_enrichment", "auth_user"} <= sqlite.tables()
    fits = {f"{name}: fits" for name in ("TitleBasics", "MediaLinks", "SyncShow", "MasterShow")}
    assert set(adopt(sqlite, "--check")[0].splitlines()) == fits


def test_json_is_one_object_and_human_lines_go_to_stderr(sqlite: Scratch) -> None:
    sqlite.run(MISFIT)
    out, err, code = adopt(sqlite, "--json")
    told: dict[str, Any] = json.loads(out)
    assert (told["fits"], told["migrated"], code) == (False, False, 3)
    tables = {each["table"]: each for each in told["tables"]}
    titles, links = tables["TitleBasics"], tables["MediaLinks"]
    assert titles["state"] == "does not fit"
    assert titles["misfits"][0]["sql"] == [
        'ALTER TABLE "TitleBasics" RENAME COLUMN "title_type" TO "titleType"'
    ]
    assert links == {"table": "MediaLinks", "state": "absent", "adds": [], "misfits": [],
                     "advice": []}  # fmt: skip
    assert "TitleBasics: there, but does not fit" in err


def test_json_of_an_adoption_keeps_stdout_clean(sqlite: Scratch) -> None:
    sqlite.run(FIT)
    out, err, _ = adopt(sqlite, "--json")
    told = json.loads(out)
    states = {each["table"]: each["state"] for each in told["tables"]}
    assert (told["migrated"], states["TitleBasics"]) == (True, "lacks columns")
    assert "Applying sync.0001_initial" in err


@pytest.mark.mariadb
def test_advice_is_printed_and_does_not_end_3(maria: Scratch) -> None:
    maria.run(TITLE_BASICS + " CHARACTER SET latin1", TITLES)
    out, _, code = adopt(maria, "--check")
    assert code == 0
    assert (
        "  tconst is varchar(10), enough until IMDb's ids outgrow 10 characters. "
        "Before that matters, run:\n"
        "    ALTER TABLE `TitleBasics` MODIFY `tconst` varchar(16) "
        "CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL;\n"
    ) in out
    assert "  primaryTitle is latin1 and cannot hold CJK or emoji" in out


def test_from_the_shell_a_misfit_is_one_cause_and_one_cure(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    with closing(sqlite3.connect(tmp_path / "var" / "popflix.sqlite3")) as database:
        database.execute(MISFIT)
    site = Site(tmp_path)
    assert site.manage("migrate", expect=1).stderr == (
        "Error: The existing table TitleBasics does not fit, because it has title_type in place "
        "of titleType (left untouched).\n"
        'Fix: Run `ALTER TABLE "TitleBasics" RENAME COLUMN "title_type" TO "titleType";` and then '
        "`python manage.py migrate` again.\n"
    )
    assert "does not fit" in site.manage("adopt", "--check", expect=3).stdout


def test_sqlmigrate_shows_what_would_run_and_runs_nothing(sqlite: Scratch) -> None:
    sqlite.run(FIT)
    before = sqlite.everything()
    out = io.StringIO()
    call_command("sqlmigrate", "sync", "0001", database=sqlite.alias, stdout=out, no_color=True)
    assert 'ALTER TABLE "TitleBasics" ADD COLUMN "genres" varchar(255) NULL;' in out.getvalue()
    assert sqlite.everything() == before
