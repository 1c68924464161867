"""The import as a unit: parameters checked at the door, hand-overs, what is stored of it."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from popflix.engine import pauses
from popflix.engine.models import Run, RunStatus
from popflix.engine.runner import execute
from popflix.engine.slots import Busy
from popflix.engine.starting import enqueue
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.progress import SilentReporter
from sync.links.import_report import import_here
from sync.links.import_titles import BATCH_ROWS, ImportRequest
from sync.links.import_wish import UNIT, ImportWish, clean_params, read_here
from sync.links.models import MediaLinks, Title, TitleRating
from tests.sync.links.imdb import fields, movies, write, write_ratings

MEASURED = {"seconds", "rows_per_second", "way"}


# --- parameters -------------------------------------------------------------------------------


def test_parameters_have_one_stored_form(settings: Settings) -> None:
    settings.POPFLIX_TITLE_TYPES = ("movie", "short")
    stored = clean_params({"file": "/data/title.basics.tsv.gz"})
    assert stored == {
        "file": "/data/title.basics.tsv.gz",
        "types": ["movie", "short"],
        "ratings": None,
        "batch_size": BATCH_ROWS,
    }
    assert clean_params(stored) == stored
    given = {
        "file": "https://datasets.invalid/t.gz", "ratings": "/data/r", "types": "all",
        "batch_size": 5,
    }  # fmt: skip
    assert clean_params(given) == given
    assert ImportWish(**given).request() == ImportRequest(given["file"], None, "/data/r", 5)  # type: ignore[arg-type]
    assert clean_params({"file": "/t", "types": "movie, video"})["types"] == ["movie", "video"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "The parameter file is missing."),
        ({"file": "/t", "colour": 1}, "There is no parameter colour. Known are file, types,"),
        ({"file": 7}, "file is no text."),
        ({"file": "-"}, "file is standard input, which only a command has"),
        ({"file": "/t", "ratings": "-"}, "ratings is standard input"),
        ({"file": "title.basics.tsv.gz"}, "file is title.basics.tsv.gz, which leads nowhere"),
        ({"file": "https://a:planted@b/t"}, "file is an address with a password or a query"),
        ({"file": "https://b/t?key=planted"}, "file is an address with a password or a query"),
        ({"file": "https://[b/t"}, "file is an address with a password or a query"),
        ({"file": "/t", "types": "film"}, "types names no title type: film; choose all, or"),
        ({"file": "/t", "types": ["movie", 5]}, "types names no title type: 5;"),
        ({"file": "/t", "batch_size": 0}, "batch_size is 0. Give a whole number from 1 to"),
        ({"file": "/t", "batch_size": True}, "batch_size is True."),
        ({"file": "/t", "batch_size": "9"}, "batch_size is 9."),
    ],
)
def test_a_wrong_parameter_is_named_and_no_secret_told(params: dict[str, Any], told: str) -> None:
    with pytest.raises(OperatorError) as raised:
        clean_params(params)
    assert str(raised.value).startswith(told)
    assert "planted" not in str(raised.value)


def test_what_a_command_reads_itself_is_stored_without_secrets() -> None:
    address = "https://anna:planted@b.invalid/t.gz?key=planted#part"
    with read_here(address, "ratings.tsv") as places:
        stored = clean_params(places)
        assert (stored["file"], stored["ratings"]) == (
            "https://b.invalid/t.gz",
            str(Path("ratings.tsv").absolute()),
        )
        request = ImportWish(**stored).request()  # type: ignore[arg-type]
        assert (request.where, request.ratings) == (address, "ratings.tsv")
    assert ImportWish(**stored).request().where == "https://b.invalid/t.gz"  # type: ignore[arg-type]


# --- on the queue -----------------------------------------------------------------------------

on_queue = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def counted(run: Run) -> dict[str, Any]:
    """The stored result without what was measured."""
    told = {**run.result, "ratings": dict(run.result["ratings"] or {})}
    for each in (told, told["ratings"]):
        for name in MEASURED:
            each.pop(name, None)
    return told


class AfterAsking:
    """A worker that is stopped once the run has asked so often; None is never."""

    signal_number: int | None = None

    def __init__(self, times: int | None) -> None:
        self._left = times

    def __bool__(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        return self._left < 0

    def wait(self, seconds: float) -> bool:
        raise AssertionError("nothing here waits")


def queued(params: dict[str, Any], times: int | None = None) -> tuple[Run, int]:
    """Run the import on the queue to its end; how many stretches it took."""
    run = enqueue(UNIT, params, trigger="command")
    for stretch in range(1, 50):
        execute(run.pk, stop=AfterAsking(times))
        run.refresh_from_db()
        if run.status != RunStatus.WAITING:
            return run, stretch
    raise AssertionError("it never ends")


class TestOnTheQueue:
    pytestmark = on_queue

    @pytest.mark.parametrize("times", [None, 8])
    def test_every_row_is_read_once_however_often_the_run_hands_over(
        self, tmp_path: Path, times: int | None
    ) -> None:
        rows = [*movies(40), fields(41, titleType="short"), fields(42, startYear="?")]
        titles = write(tmp_path / "title.basics.tsv.gz", rows)
        votes = {f"tt{number:07d}": number for number in range(1, 31)} | {"tt0000099": 1}
        ratings = write_ratings(tmp_path / "title.ratings.tsv", votes)
        params = {"file": str(titles), "ratings": str(ratings), "batch_size": 4}
        run, stretches = queued(params, times)
        assert run.status == RunStatus.COMPLETED, run.error
        assert (stretches > 3) == (times is not None)
        counts = {"updated": 0, "unchanged": 0}
        told = counted(run)
        assert told.pop("reached")["work_added"] == 40
        assert told == {
            "file": "title.basics.tsv.gz", "rows": 42, "inserted": 40, **counts, "orphans": 0,
            "quarantined": 1, "skipped": {"short": 1}, "work_added": 40, "dry_run": False,
            "stopped": False,
            "ratings": {
                "file": "title.ratings.tsv", "rows": 31, "inserted": 30, **counts, "orphans": 1,
                "quarantined": 0, "skipped": {},
            },
        }  # fmt: skip
        assert (Title.objects.count(), TitleRating.objects.count()) == (40, 30)
        assert MediaLinks.objects.count() == 40
        assert run.done_count == run.total_count == 2  # KiB, one of each file

    def test_a_file_that_was_replaced_meanwhile_is_read_from_its_beginning(
        self, tmp_path: Path
    ) -> None:
        titles = write(tmp_path / "title.basics.tsv", movies(20))
        run = enqueue(UNIT, {"file": str(titles), "batch_size": 4}, trigger="command")
        execute(run.pk, stop=AfterAsking(4))
        write(titles, movies(10, first=101))
        execute(run.pk)
        run.refresh_from_db()
        assert (run.result["rows"], run.result["inserted"]) == (10, 10)
        assert Title.objects.filter(pk__gte="tt0000101").count() == 10

    def test_a_file_that_is_not_there_ends_the_run_with_the_cure(self, tmp_path: Path) -> None:
        run, _ = queued({"file": str(tmp_path / "nowhere.tsv")})
        assert run.status == RunStatus.ERROR
        assert "nowhere.tsv cannot be read (No such file or directory)" in run.error


# --- the command ------------------------------------------------------------------------------


class TestTheCommand:
    pytestmark = on_queue

    @staticmethod
    def imported(titles: Path) -> dict[str, Any]:
        silent = SilentReporter(io.StringIO())
        request = ImportRequest(str(titles), batch_size=4)
        report = import_here(request, stop=StopRequest(), say=print, reporter=silent)
        return dict(report.data)

    def test_each_import_is_a_run_that_says_what_came_of_it(self, tmp_path: Path) -> None:
        told = self.imported(write(tmp_path / "title.basics.tsv", movies(20)))
        run = Run.objects.get()
        assert (run.unit, run.status, run.trigger) == (UNIT, RunStatus.COMPLETED, "command")
        assert run.params["file"] == str(tmp_path / "title.basics.tsv")
        assert run.result["inserted"] == told["inserted"] == 20
        assert (told["run"], "reached" in told) == (run.pk, False)

    def test_a_second_import_waits_for_the_first(self, tmp_path: Path) -> None:
        titles = write(tmp_path / "title.basics.tsv", movies(2))
        first = enqueue(UNIT, {"file": str(titles)}, trigger="admin")
        with pytest.raises(Busy, match=f"run {first.pk} "):
            self.imported(titles)

    def test_a_paused_import_says_by_whom(self, tmp_path: Path) -> None:
        pauses.pause(UNIT, by="anna", why="moving house", now=dt.datetime.now(dt.UTC))
        with pytest.raises(OperatorError, match="by anna: moving house"):
            self.imported(write(tmp_path / "title.basics.tsv", movies(2)))
