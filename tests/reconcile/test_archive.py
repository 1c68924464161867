"""`manage.py archive_shows`: out of master, into files, and back; nothing is ever lost between."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from popflix.engine.models import Run
from popflix.engine.registry import registry
from popflix.lib.errors import OperatorError, UsageError
from popflix.lib.models import AuditEntry, FieldLock
from reconcile.shows import archive_file, archiving
from reconcile.shows.archive_wish import clean_params, days_of
from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import BEFORE, load, made
from tests.site import Site
from tests.test_project.test_commands_page import assert_told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
OLD = [show(f"{9 + n}:00", f"AUDI {n}", movie_id=f"F{n}", title=f"Film {n}") for n in range(9)]
LOCK = {"field": "title", "mode": "forever", "by": "ada", "at": BEFORE, "why": "it is right"}


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    where = tmp_path / "archive"
    settings.POPFLIX_ARCHIVE = where
    return where


def archive(*options: str, exit_code: int = 0) -> dict[str, Any]:
    out, ended = io.StringIO(), 0
    try:
        call_command("archive_shows", "--json", *options, stdout=out, stderr=io.StringIO())
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code
    return dict(json.loads(out.getvalue()))


def said(*options: str) -> list[str]:
    out = io.StringIO()
    call_command("archive_shows", *options, stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def in_master(rows: Any = OLD, **more: Any) -> list[int]:
    shows = [made(MasterShow, row, **more) for row in rows]
    for each in shows:
        each.save()
    return [each.pk for each in shows]


def contents() -> tuple[list[Any], list[Any]]:
    shows = list(MasterShow.objects.order_by("pk").values())
    return shows, list(FieldLock.objects.order_by("row", "field").values(*LOCK, "row", "until"))


# --- out and back --------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
instants = st.datetimes(
    dt.datetime(2020, 1, 1), dt.datetime(2026, 1, 1), timezones=st.just(dt.UTC)
)
shows = st.builds(
    show,
    st.sampled_from(["09:00", "23:59"]),
    st.sampled_from(["AUDI 1", "Saal Ä", "screen\n2"]),
    day=st.integers(-400, 0),
    cinema_id=st.integers(1, 3),
    movie_id=st.sampled_from(["F1", "é"]),
    title=texts,
    rating=st.none() | texts,
    length=st.none() | st.integers(0, 500),
    image_url=st.none() | texts,
    missing_since=st.none() | instants,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(shows, min_size=1, max_size=12, unique_by=lambda row: row.key), st.data())
def test_what_is_archived_and_restored_is_as_it_was(
    folder: Path, rows: list[Any], data: st.DataObject
) -> None:
    MasterShow.objects.all().delete()
    FieldLock.objects.all().delete()
    for row in rows:
        [pk] = in_master([row], missing_since=row.missing_since)
        if data.draw(st.booleans()):
            until = data.draw(st.none() | instants)
            FieldLock.objects.create(
                table="reconcile.mastershow",
                row=str(pk),
                until=until,
                feed_value=row.title,
                **LOCK,
            )
    before = contents()
    told = archive("--older-than", "30d")
    assert contents() == ([], [])
    assert told["archived"] == len(rows)
    [path] = told["files"]
    assert archive("--restore", path)["restored"] == len(rows)
    assert contents() == before
    assert archive("--restore", path)["skipped"] == {"in master already": len(rows)}


def test_it_says_what_it_did_and_the_audit_trail_too(folder: Path) -> None:
    in_master()
    lines = said()
    [path] = folder.iterdir()
    assert lines == ["Archived 9 shows older than 90 days.", f"  {path}"]
    assert said("--restore", str(path)) == [f"Restored 9 of 9 shows from {path.name}."]
    told = AuditEntry.objects.order_by("pk").values_list("action", "target", "count")
    assert list(told) == [("archive shows", path.name, 9), ("restore shows", path.name, 9)]
    assert Run.objects.get().unit == "archive-shows"


def test_young_shows_and_those_that_a_feed_still_lists_stay() -> None:
    load(OLD[:2])
    young = show("10:00", show_time=dt.datetime.now(dt.UTC) - dt.timedelta(days=80))
    in_master([*OLD, young])
    assert archive()["archived"] == 7
    assert MasterShow.objects.count() == 3
    SyncShow.objects.all().delete()
    assert archive("--older-than", "11w")["archived"] == 3
    assert archive()["files"] == []


def test_a_dry_run_counts_and_writes_nothing(folder: Path) -> None:
    in_master()
    assert archive("--dry-run")["archived"] == 9
    assert said("--dry-run")[0] == "9 shows are older than 90 days and in no feed."
    assert not folder.exists()
    path = archive()["files"][0]
    assert archive("--restore", path, "--dry-run")["restored"] == 9
    assert not MasterShow.objects.exists()


# --- what comes between --------------------------------------------------------------------------


def test_a_show_that_is_edited_meanwhile_stays_and_is_told(monkeypatch: Any) -> None:
    ids = in_master()

    def edited(path: Path) -> int:
        MasterShow.objects.filter(pk=ids[0]).update(title="Edited")
        FieldLock.objects.create(table="reconcile.mastershow", row=str(ids[1]), **LOCK)
        load(OLD[2:3])
        return archive_file.check(path)

    monkeypatch.setattr(archiving, "check", edited)
    told = archive()
    assert (told["archived"], told["stayed"]) == (6, 3)
    assert list(MasterShow.objects.order_by("pk").values_list("pk", flat=True)) == ids[:3]
    assert FieldLock.objects.count() == 1


class Killed(BaseException):
    """Like a kill: nothing of ours catches it."""


def killing(after: int, act: Callable[..., Any]) -> Callable[..., Any]:
    calls = [0]

    def call(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] > after:
            raise Killed
        return act(*given)

    return call


@pytest.mark.parametrize(
    ("where", "after"), [("lines_of", 2), ("check", 0), ("forget", 0), ("forget", 2), ("move", 0)]
)
def test_killed_anywhere_nothing_is_lost_and_a_rerun_finishes(
    monkeypatch: pytest.MonkeyPatch, folder: Path, where: str, after: int
) -> None:
    ids = in_master()
    before = contents()
    monkeypatch.setattr(archiving, "ROWS", 2)
    monkeypatch.setattr("reconcile.shows.archive_choice.ROWS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(archiving, where, killing(after, getattr(archiving, where)))
        with pytest.raises(Killed):
            archive()
    (folder / "shows-before-2025-01-01.x.jsonl.gz.deleting.part").write_text("of a killed one")
    Run.objects.filter(status="running").update(status="lost", active_key=None)
    archive()
    files = sorted(folder.iterdir())
    assert [path.name.endswith(".jsonl.gz") for path in files] == [True]
    assert not MasterShow.objects.exists()
    assert archive("--restore", str(files[0]))["restored"] == len(ids)
    assert contents() == before
    assert AuditEntry.objects.filter(action="archive shows").count() == 1


def test_many_shows_become_several_files(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    in_master()
    monkeypatch.setattr("reconcile.shows.archive_choice.ROWS", 2)
    monkeypatch.setattr(archiving, "_CHUNKS", 2)
    assert len(archive()["files"]) == len(list(folder.iterdir())) == 3


def test_a_real_kill_while_rows_are_removed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.migrate()
    rows = ", ".join(
        f"('F{n}', {n % 40}, 'AUDI {n // 40}', '2026-01-{1 + n % 28:02} 10:00:00', 'T')"
        for n in range(6000)
    )
    columns = "movieID, cinemaId, screenName, showTime, title"
    site.sql(f"INSERT INTO MasterShow ({columns}) VALUES {rows}")
    left = "SELECT COUNT(*) FROM MasterShow"
    process = site.popen("archive_shows")
    while process.poll() is None and site.sql(left) == [(6000,)]:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    site.manage("archive_shows")
    assert site.sql(left) == [(0,)]


# --- files that are refused ----------------------------------------------------------------------


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _unpacked(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(lines))))


def _html(path: Path) -> None:
    path.write_text("<html></html>")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": _cut,
    "cut at a line": lambda path: _unpacked(path, lambda lines: lines[:-1]),
    "a row is lacking": lambda path: _unpacked(path, lambda lines: [*lines[:3], *lines[4:]]),
    "a row is another": lambda path: _unpacked(
        path, lambda lines: [line.replace(b"Film 3", b"Film 9") for line in lines]
    ),
    "no header": lambda path: _unpacked(path, lambda lines: lines[1:]),
    "packed html": lambda path: path.write_bytes(gzip.compress(b"<html></html>\n")),
    "html": _html,
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_whole(damage: Callable[[Path], object]) -> None:
    in_master()
    path = archive()["files"][0]
    damage(Path(path))
    with pytest.raises(OperatorError, match="is no whole archive of shows: ") as raised:
        said("--restore", path)
    assert raised.value.cure == "Give another copy of it; nothing was changed for it."
    assert not MasterShow.objects.exists()


def test_numbers_and_places_that_are_taken_are_told() -> None:
    ids = in_master()
    path = archive()["files"][0]
    other = made(MasterShow, show("09:00", "another"))
    other.pk = ids[0]
    other.save(force_insert=True)
    in_master(OLD[1:2])
    assert archive("--restore", path)["skipped"] == {
        "number is another show's by now": 1,
        "place is another show's by now": 1,
    }
    assert MasterShow.objects.count() == 9


# --- what may be asked ---------------------------------------------------------------------------


def test_ages_are_days_and_weeks() -> None:
    assert (days_of("90d"), days_of("12w")) == (90, 84)


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "3m", "1d2w", "999999d", "٣d"])
def test_another_age_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--older-than is "):
        said(f"--older-than={text}")


def test_options_that_do_not_go_together_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--restore goes with neither"):
        said("--restore", "x", "--older-than", "9d")
    with pytest.raises(OperatorError, match="There is no file"):
        said("--restore", str(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    in_master()
    with pytest.raises(OperatorError, match="cannot be made"):
        said("--to", str(tmp_path / "file" / "below"))
    assert said("--to", str(tmp_path / "mine"))[1].startswith(f"  {tmp_path}/mine/shows-before-")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"older_than_days": 0}, "older_than_days is 0."),
        ({"older_than_days": "90"}, "older_than_days is 90."),
        ({"to": "/tmp"}, "There is no parameter to."),
    ],
)
def test_the_unit_takes_days_alone(params: dict[str, Any], told: str) -> None:
    with pytest.raises(OperatorError) as raised:
        clean_params(params)
    assert raised.value.cause == told
    assert clean_params({})["older_than_days"] == 90


def test_shows_are_an_approvers_to_archive() -> None:
    permission = registry.get("archive-shows").permission
    assert permission({"older_than_days": 90}) == permission({}) == "reconcile.approve_change"


def test_every_key_that_is_printed_is_told_in_the_docs() -> None:
    in_master()
    told = archive()
    assert_told("archive_shows", told)
    assert_told("archive_shows", archive("--restore", told["files"][0]))
